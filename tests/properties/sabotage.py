"""Break one rule of the core on purpose, each in a copy of the tree, and see that the machine finds it.

    python -m tests.properties.sabotage [--only WORD] [--examples N] [--seeds N] [--jobs N]

The tree itself is never touched. Exit code 0 if every sabotage is found; 1 if not, survivors are named;
2 if the core fails as it is.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.properties.sabotages import SABOTAGES, Sabotage
from tests.properties.sabotages_at_socket import AT_SOCKET

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("locker", "tests", "pyproject.toml")
LONGEST_S = 900
CONTROL = Sabotage("nothing is broken", "decide.py", "def decide(", "def decide(")
"""What a sabotage is found by must not be found without it."""


def main() -> int:
    """Try every sabotage; say which were found, and by what."""
    parser = argparse.ArgumentParser(description="Break the core on purpose and see that it is found.")
    parser.add_argument("--only", default="", help="those whose name contains this")
    parser.add_argument("--examples", type=int, default=150, help="examples of each machine and seed")
    parser.add_argument("--seeds", type=int, default=3, help="seeds to try before it is a survivor")
    parser.add_argument("--jobs", type=int, default=2, help="how many to try at a time")
    arguments = parser.parse_args()
    chosen = [each for each in (*SABOTAGES, *AT_SOCKET) if arguments.only in each.name]
    survivors = []
    sound = attempt(CONTROL, arguments.examples, arguments.seeds)
    if sound is not None:
        say(f"the core as it is does not pass, so nothing can be learnt from breaking it: {sound}")
        return 2

    def judge(sabotage: Sabotage) -> None:
        began_s = time.monotonic()
        found = attempt(sabotage, arguments.examples, arguments.seeds)
        if found is None:
            survivors.append(sabotage.name)
        say(f"{time.monotonic() - began_s:6.1f} s  {sabotage.name}: {found or 'SURVIVED'}")

    with ThreadPoolExecutor(arguments.jobs) as pool:
        for done in [pool.submit(judge, sabotage) for sabotage in chosen]:
            done.result()
    say(
        f"{len(chosen) - len(survivors)} of {len(chosen)} found"
        + "".join(f"\n  {each}" for each in survivors)
    )
    return 1 if survivors or not chosen else 0


def attempt(sabotage: Sabotage, examples: int, seeds: int) -> str | None:
    """Return what the machine said of a sabotage, None if nothing; RuntimeError if it does not apply."""
    with tempfile.TemporaryDirectory(prefix="sabotage-") as directory:
        tree = Path(directory)
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, tree / name)
        target = tree / "locker" / "domain" / sabotage.file
        source = target.read_text(encoding="utf-8")
        if source.count(sabotage.before) != 1:
            raise RuntimeError(
                f"{sabotage.name}: {sabotage.file} has {source.count(sabotage.before)} places like "
                f"{sabotage.before!r}, one is needed; bring the sabotage up to date"
            )
        target.write_text(source.replace(sabotage.before, sabotage.after), encoding="utf-8")
        for seed in range(seeds):
            found = _play(tree, examples, seed)
            if found is not None:
                return found
    return None


def say(text: str) -> None:
    """Write one line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _play(tree: Path, examples: int, seed: int) -> str | None:
    """Run both machines in a copy of the tree; return the error they ended with."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "tests.properties.play", str(examples), str(seed)]
    done = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    if done.returncode == 0:
        return None
    if done.returncode != 1:
        raise RuntimeError(f"the machine could not be played: {done.stderr[-2_000:]}")
    return done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main())
