"""Which tests run which lines of a module: a mutant is tried by those that reach it, and by no others."""

import json
import sys
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest


class Tracing:
    """A pytest plugin that writes down, in a file, which tests reached each line of a module."""

    def __init__(self, module_file: str, account: Path) -> None:
        """Watch the code of one file."""
        self._file = module_file
        self._account = account
        self._reached: set[int] = set()
        self.tests_of_line: dict[int, list[str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Trace one test with its fixtures."""
        self._reached.clear()
        sys.settrace(self._enter)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            for line in self._reached:
                self.tests_of_line.setdefault(line, []).append(item.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write it down."""
        self._account.write_text(json.dumps(self.tests_of_line), encoding="utf-8")

    def _enter(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        return self._step if frame.f_code.co_filename == self._file else None

    def _step(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self._reached.add(frame.f_lineno)
        return self._step
