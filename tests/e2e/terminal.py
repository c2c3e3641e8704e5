"""A real terminal for one program: tmux with a server of its own, keys in, the screen as text out."""

import os
import select
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

LIMIT_S = 30.0


class Terminal:
    """Runs a program in a pane; everything that it writes wakes whoever waits for a text."""

    def __init__(self, directory: Path, command: Sequence[str], *, columns: int, rows: int) -> None:
        """Describe it; entering runs it. `directory` holds tmux's socket and what the program writes."""
        self._server = directory / "tmux.sock"
        self._written = directory / "written"
        # The pane has a size of its own; that of whoever runs the tests is not it.
        self._command = shlex.join(["env", "-u", "COLUMNS", "-u", "LINES", *command])
        self._size = ("-x", str(columns), "-y", str(rows))
        self._output: int | None = None

    @staticmethod
    def is_installed() -> bool:
        """Whether there is a tmux."""
        return shutil.which("tmux") is not None

    def __enter__(self) -> Self:
        """Run the program."""
        os.mkfifo(self._written)
        # Open for both: neither does this wait for tmux, nor does the pipe end when tmux ends.
        self._output = os.open(self._written, os.O_RDWR | os.O_NONBLOCK)
        self._tmux("-f", os.devnull, "new-session", "-d", *self._size, self._command)
        self._tmux("pipe-pane", f"exec cat > {shlex.quote(str(self._written))}")
        return self

    def __exit__(self, *_: object) -> None:
        """End the program, whatever it does."""
        subprocess.run(self._line("kill-server"), capture_output=True, check=False)
        if self._output is not None:
            os.close(self._output)

    def text(self) -> str:
        """The whole screen."""
        return self._tmux("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        """Press keys, as tmux names them."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self._tmux("send-keys", "-l", text)

    def shows(self, *texts: str, limit_s: float = LIMIT_S) -> str:
        """Wait until all these texts stand on the screen; the whole of it."""
        return self._until(lambda text: all(wanted in text for wanted in texts), repr(texts), limit_s)

    def hides(self, unwanted: str, limit_s: float = LIMIT_S) -> str:
        """Wait until a text is gone; the whole screen."""
        return self._until(lambda text: unwanted not in text, f"the end of {unwanted!r}", limit_s)

    def _until(self, is_there: Callable[[str], bool], what: str, limit_s: float) -> str:
        """Look whenever the program has written something."""
        last_at = time.monotonic() + limit_s
        while not is_there(text := self.text()):
            left_s = last_at - time.monotonic()
            if left_s <= 0:
                raise AssertionError(f"never seen: {what}\n{text}")
            self._await_output(left_s)
        return text

    def _await_output(self, limit_s: float) -> None:
        if self._output is None:
            raise RuntimeError("enter the terminal before waiting")
        if select.select([self._output], [], [], limit_s)[0]:
            os.read(self._output, 1 << 16)

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(self._line(*arguments), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"tmux {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def _line(self, *arguments: str) -> list[str]:
        return ["tmux", "-S", str(self._server), *arguments]
