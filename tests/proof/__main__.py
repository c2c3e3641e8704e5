"""`python -m tests.proof`: runs every part of the proof and writes its page.

Exits 0 when every part ran to its end and found nothing and every row of the catalogue is shown, else 1.
"""

import argparse
import asyncio
import math
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.catalogue import rows
from tests.proof.parts import PARTS
from tests.proof.report import Facts, commit_of, page, verdict
from tests.proof.running import Sitting, Verdict, run_all, tell
from tests.references import ROOT


def main(arguments: list[str] | None = None) -> int:
    """Run the parts and write the page; return the exit code."""
    options = _options(arguments)
    parts = [part for name, part in PARTS.items() if not options.only or name in options.only]
    began_at, began_s = datetime.now(UTC), time.monotonic()
    cores = len(os.sched_getaffinity(0))
    options.directory.mkdir(parents=True, exist_ok=True)
    directory = options.directory.resolve()
    until_s = began_s + options.minutes * 60
    sitting = Sitting(directory, commit_of(ROOT), options.seed, options.long, options.resume, until_s)
    outcomes = asyncio.run(run_all(parts, sitting, cores=cores))
    facts = Facts.of_this_machine(
        began_at=began_at, seconds=time.monotonic() - began_s, seed=options.seed, long=options.long
    )
    catalogue = rows()
    options.page.parent.mkdir(parents=True, exist_ok=True)
    options.page.write_text(page(facts, outcomes, catalogue), encoding="utf-8")
    tell(f"{verdict(outcomes, catalogue)} See {options.page}")
    sound = all(each.verdict is Verdict.HELD for each in outcomes) and not any(
        row.missing for row in catalogue
    )
    return 0 if sound else 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--long", action="store_true", help="the sizes on demand instead of those for CI")
    parser.add_argument(
        "--resume", action="store_true", help="keep what held in an earlier sitting; the page says so"
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=math.inf,
        help="begin no piece after so many; with --resume and 0 the page of what is kept (no limit)",
    )
    parser.add_argument("--seed", type=int, default=1, help="what every part draws from (1)")
    parser.add_argument("--only", action="append", choices=PARTS, help="one part; may be repeated")
    parser.add_argument(
        "--page", type=Path, default=ROOT / "build" / "proof.md", help="what is written (build/proof.md)"
    )
    parser.add_argument(
        "--directory", type=Path, default=ROOT / "build" / "proof", help="for what each part says and counts"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
