"""Has the state machine of tests/properties find a rule of the core that was broken in a copy."""

import subprocess
import sys
import time
from pathlib import Path

from tests.sabotage.copies import apply, copy_of, environment
from tests.sabotage.trial import Trial, Verdict
from tests.sabotage.twin import Twin

LONGEST_S = 900


def play(twin: Twin, examples: int, seeds: int) -> Trial:
    """Play with a twin's rule broken until something is found, at most so many seeds; DoesNotApply."""
    began_s = time.monotonic()
    verdict, by, says = Verdict.SURVIVED, "", f"{seeds} seeds of {examples} examples found nothing"
    with copy_of() as tree:
        apply(twin, tree)
        for seed in range(seeds):
            found = _play(tree, examples, seed)
            if found is not None:
                verdict, by, says = found
                break
    return Trial(twin, verdict, by, says, time.monotonic() - began_s)


def sound_machine(examples: int, seed: int) -> str | None:
    """Play with nothing broken; return what was found all the same."""
    with copy_of() as tree:
        found = _play(tree, examples, seed)
    return None if found is None else f"seed {seed}: {found[2]}"


def _play(tree: Path, examples: int, seed: int) -> tuple[Verdict, str, str] | None:
    command = [sys.executable, "-m", "tests.properties.play", str(examples), str(seed)]
    done = subprocess.run(
        command,
        cwd=tree,
        env=environment(tree),
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    if done.returncode == 0:
        return None
    if done.returncode != 1:
        return Verdict.UNPROVEN, "", f"the machine could not be played: {done.stderr[-300:]}"
    says = done.stdout.strip().splitlines()[-1]
    return Verdict.CAUGHT, f"the machine, seed {seed}: {says}", says
