"""Has a warm process (warm.py) run tests in forks of itself: what takes a second is read in once."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tests.sabotage.copies import ROOT

WARM = Path(__file__).with_name("warm.py")
LONGEST_START_S = 120.0


class Starter:
    """Does one run at a time; begins its process when it is first needed, and anew when that has ended."""

    def __init__(self) -> None:
        """Begin with none."""
        self._process: subprocess.Popen[bytes] | None = None

    def run(
        self,
        tree: Path,
        environment: Mapping[str, str],
        arguments: Sequence[str],
        told: Path,
        longest_s: float,
    ) -> int | None:
        """Run pytest in a copy, with what it says in a file; return its exit code, None after too long.

        Nothing that it left running is left.
        """
        wanted = {
            "tree": str(tree),
            "environment": dict(environment),
            "arguments": list(arguments),
            "told": str(told),
        }
        running = self._warm()
        running.stdin.write(json.dumps(wanted).encode() + b"\n")  # type: ignore[union-attr]  # it is a pipe
        running.stdin.flush()  # type: ignore[union-attr]  # it is a pipe
        begun = self._answer(LONGEST_START_S)
        if begun is None:
            self.close()
            raise TimeoutError("the warm process does not answer")
        try:
            ended = self._answer(longest_s)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(begun["process"], signal.SIGKILL)  # with all that a failed test left behind
        if ended is None:
            self._answer(LONGEST_START_S)
            return None
        return int(ended["exit"])

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Self:
        """Have it for a block; its process begins to read at once."""
        self._warm()
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.close()

    def _warm(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(WARM)],
                cwd=ROOT,
                env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
        return self._process

    def _answer(self, longest_s: float) -> dict[str, Any] | None:
        """Return one line of the process; None if it does not come in time."""
        if self._process is None or self._process.stdout is None:
            return None
        output = self._process.stdout
        until_s, line = time.monotonic() + longest_s, b""
        while not line.endswith(b"\n"):
            left_s = until_s - time.monotonic()
            if left_s <= 0 or not select.select([output], [], [], left_s)[0]:
                return None
            byte = os.read(output.fileno(), 1)
            if not byte:
                self.close()
                raise ConnectionError("the warm process has ended")
            line += byte
        answer: dict[str, Any] = json.loads(line)
        return answer
