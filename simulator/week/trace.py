"""What happened in a simulated week, line by line; equal seeds give equal traces, to the last bit."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator

KEPT_LINES = 2000


class Trace:
    """Every line goes into the hash; the newest are kept to be read."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._hash = hashlib.blake2b(digest_size=16)
        self._newest: deque[str] = deque(maxlen=KEPT_LINES)
        self.lines = 0

    def add(self, who: str, what: str) -> None:
        """Note what somebody did or saw, at this moment of virtual time."""
        line = f"{_clock(self._now_s())} {who:8} {what}"
        self._hash.update(line.encode() + b"\n")
        self._newest.append(line)
        self.lines += 1

    @property
    def hash(self) -> str:
        """The hash of every line so far."""
        return self._hash.hexdigest()

    def newest(self, most: int) -> Iterator[str]:
        """Give the last lines, oldest first."""
        skipped = max(0, len(self._newest) - most)
        return (line for number, line in enumerate(self._newest) if number >= skipped)


def _clock(seconds: float) -> str:
    days, rest_s = divmod(seconds, 86_400)
    hours, rest_s = divmod(rest_s, 3600)
    minutes, rest_s = divmod(rest_s, 60)
    return f"{days:.0f}d{hours:02.0f}:{minutes:02.0f}:{rest_s:06.3f}"
