"""Asking the person at the terminal: questions go to stderr, answers come from stdin, q leaves."""

import asyncio
import os
import sys


class Person:
    """Whoever sits at the terminal."""

    def __init__(self) -> None:
        """Nothing is typed yet."""
        self._typed = b""

    async def ask(self, question: str) -> str:
        """Ask; EOFError if nobody answers any more, or for q."""
        print(question, end="", file=sys.stderr, flush=True)  # noqa: T201 - speech goes to stderr
        answer = (await self._line()).strip()
        if answer == "q":
            raise EOFError
        return answer

    async def _line(self) -> str:
        """Return a line of stdin; waits in the event loop, because a thread that reads outlives Ctrl-C."""
        loop, stdin = asyncio.get_running_loop(), sys.stdin.fileno()
        while b"\n" not in self._typed:
            readable = asyncio.Event()
            try:
                loop.add_reader(stdin, readable.set)
            except PermissionError:
                readable.set()  # a plain file never lets anybody wait
            try:
                await readable.wait()
            finally:
                loop.remove_reader(stdin)
            more = os.read(stdin, 1024)
            if not more:
                raise EOFError
            self._typed += more
        line, _, self._typed = self._typed.partition(b"\n")
        return line.decode(errors="replace")
