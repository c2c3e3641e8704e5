"""Steers the daemon's clock through the file described in docs/steered-clock.md."""

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

Trust = Literal["untrusted", "trusted", "holdover"]

_LAYOUT = struct.Struct("<ddq")
_TRUSTS: tuple[Trust, ...] = ("untrusted", "trusted", "holdover")


class Steering:
    """The offsets of both clocks and the trust in the wall clock, written whole at each change."""

    def __init__(self, file: Path) -> None:
        """Begin with the machine's own time, trusted."""
        self._file = file
        self.wall_s = 0.0
        self.powered_s = 0.0
        self.trust: Trust = "trusted"
        self._write()

    def move(self, seconds: float) -> None:
        """Let time pass for an automat with power; only forward, ValueError otherwise."""
        if seconds < 0:
            raise ValueError("time passes forward only; a false clock is set with `set_wall`")
        self.wall_s += seconds
        self.powered_s += seconds
        self._write()

    def set_wall(self, offset_s: float) -> None:
        """Put the wall clock so many seconds off the machine's."""
        self.wall_s = offset_s
        self._write()

    def set_trust(self, trust: Trust) -> None:
        """Say what the automat knows of its wall clock."""
        self.trust = trust
        self._write()

    def now(self) -> datetime:
        """The steered wall clock."""
        return datetime.now(UTC) + timedelta(seconds=self.wall_s)

    def _write(self) -> None:
        fresh = self._file.with_name(f".{self._file.name}.new")
        fresh.write_bytes(_LAYOUT.pack(self.wall_s, self.powered_s, _TRUSTS.index(self.trust)))
        fresh.replace(self._file)
