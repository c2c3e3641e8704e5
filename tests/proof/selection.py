"""`python -m tests.proof.selection NAME --json FILE PATH...`: tests of the suite as a part of the proof."""

import argparse
import json
import sys
import time
from pathlib import Path

import pytest


class Count:
    """A plugin of pytest: which tests ran, which of them failed or were left out."""

    def __init__(self) -> None:
        """Nothing ran yet."""
        self.passed = 0
        self.failed: list[str] = []
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what one test came to."""
        if report.failed:
            self.failed.append(report.nodeid)
        elif report.skipped:
            self.skipped.append(report.nodeid)
        elif report.when == "call":
            self.passed += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count a file that cannot even be read as failed."""
        if report.failed:
            self.failed.append(report.nodeid)


def main(arguments: list[str] | None = None) -> int:
    """Run the tests and write what they came to; 1 when any failed or was left out."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.selection", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args(arguments)
    began_s, count = time.monotonic(), Count()
    code = int(
        pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *options.paths], plugins=[count])
    )
    findings = [
        {"seed": None, "what": f"{nodeid} {how}", "replay": f"python -m pytest '{nodeid}'"}
        for how, nodeids in (("failed", count.failed), ("was left out", count.skipped))
        for nodeid in dict.fromkeys(nodeids)
    ]
    written = {
        "name": options.name,
        "ran": {"tests": count.passed},
        "seconds": round(time.monotonic() - began_s, 1),
        "seed": None,
        "findings": findings,
    }
    options.json.write_text(json.dumps(written), encoding="utf-8")
    return 1 if findings else code


if __name__ == "__main__":
    sys.exit(main())
