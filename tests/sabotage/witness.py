"""A pytest plugin that writes down how a run in a copy went: what failed, where, why, and what was imported.

It is told by the environment which tree must be imported and where the account goes.
"""

import json
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.sabotage.copies import PACKAGES

TREE = "SABOTAGE_TREE"
ACCOUNT = "SABOTAGE_ACCOUNT"

KIND = pytest.StashKey[str]()


class Witness:
    """Takes note of failures."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.passed = 0
        self.failures: list[dict[str, object]] = []
        self.not_collected: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how each phase of a test ended."""
        report = yield
        if report.passed and report.when == "call":
            self.passed += 1
        if report.failed and call.excinfo is not None:
            self.failures.append(
                {
                    "test": item.nodeid,
                    "phase": str(report.when),
                    "kind": call.excinfo.typename,
                    "seconds": round(call.duration, 2),
                    "says": (str(call.excinfo.value).splitlines() or [""])[0][:300],
                }
            )
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected."""
        if report.failed:
            self.not_collected.append(f"{report.nodeid}: {(report.longreprtext.splitlines() or [''])[-1]}")

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the account."""
        account: dict[str, Any] = {
            "exit": int(exitstatus),
            "passed": self.passed,
            "failures": self.failures,
            "not_collected": self.not_collected,
            "strangers": strangers(Path(os.environ[TREE])),
        }
        Path(os.environ[ACCOUNT]).write_text(json.dumps(account), encoding="utf-8")


def strangers(tree: Path) -> list[str]:
    """Name the modules of the product and its tests that were not imported from a tree."""
    found, whole = [], tree.resolve()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.split(".")[0] in PACKAGES and file and not Path(file).resolve().is_relative_to(whole):
            found.append(f"{name} from {file}")
    return found


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch, in a run that asks for it."""
    if ACCOUNT in os.environ:
        config.pluginmanager.register(Witness(), "sabotage-witness")
