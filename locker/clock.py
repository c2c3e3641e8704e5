"""Both clocks of the automat: wall time with its trust, and powered time that survives restarts.

Powered time goes on from what the database last saw. What was added since then is known from the
kernel's boot clock: the anchor file beside the database keeps where that clock stood. So a restart of the
daemon counts the time in between, a new boot counts the time since power came, and nothing counts the
time without power.
"""

import ctypes
import json
import math
import os
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from locker.domain.times import Now, Trust
from locker.errors import Fault, WrongConfiguration

HOLDOVER_S = 7 * 86_400.0
SYSTEM_RECHECK_S = 1.0
STEERED_RECHECK_S = 0.05
STEERING = struct.Struct("<ddq")
"""Seconds added to the wall clock, seconds added to powered time, trust (docs/steered-clock.md)."""

TRUST_OF_NUMBER = (Trust.UNTRUSTED, Trust.TRUSTED, Trust.HOLDOVER)
BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")
LARGEST_FILE_BYTES = 4096

ADJTIMEX_ERROR = 5  # TIME_ERROR of <sys/timex.h>: the clock is not synchronised
TIMEX_BYTES = 512  # struct timex has 208 here; `modes`, its first member, is 0: only read


class AnchoredClock(Protocol):
    """A `locker.ports.Clock` whose powered time can be written down."""

    @property
    def recheck_s(self) -> float:
        """How often to look whether a clock has jumped, in seconds."""

    def now(self) -> Now:
        """Read both clocks."""

    def anchor(self) -> None:
        """Write down where powered time stands; at each heartbeat. Blocks for an fsync, never raises."""


def boot_clock_s() -> float:
    """Return the seconds since this boot, as far as the system can tell."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def boot_id() -> str:
    """Return a name of this boot; empty where the system has none."""
    try:
        return BOOT_ID_FILE.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def synchronisation() -> Callable[[], bool]:
    """Return a function that asks the kernel whether the wall clock is synchronised; no where it cannot."""
    ask = getattr(ctypes.CDLL(None), "adjtimex", None) if sys.platform == "linux" else None
    if ask is None:
        return lambda: False
    buffer = ctypes.create_string_buffer(TIMEX_BYTES)

    def synchronised() -> bool:
        ctypes.memset(buffer, 0, TIMEX_BYTES)
        return bool(0 <= ask(buffer) < ADJTIMEX_ERROR)

    return synchronised


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the system's times come from."""

    wall_s: Callable[[], float]
    boot_s: Callable[[], float]
    boot_id: str
    synchronised: Callable[[], bool]

    @staticmethod
    def system() -> "Sources":
        """Return those of this machine."""
        return Sources(time.time, boot_clock_s, boot_id(), synchronisation())


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where powered time stood on the clock of one boot; `synchronised_s` is when the wall clock last was."""

    boot_id: str
    boot_s: float
    powered_s: float
    synchronised_s: float | None


class SystemClock:
    """The clocks of the machine."""

    recheck_s = SYSTEM_RECHECK_S

    def __init__(self, anchor_file: Path, powered_s: float, sources: Sources | None = None) -> None:
        """Go on from the powered time that the database last saw."""
        self._file = anchor_file
        self._sources = sources or Sources.system()
        self._started_s = self._sources.boot_s()
        self._powered_s = powered_s
        self._synchronised_s: float | None = None
        anchor = _read_anchor(anchor_file)
        if anchor is not None and anchor.boot_id != self._sources.boot_id:
            self._begin_boot(max(powered_s, anchor.powered_s))
            return
        if anchor is not None and anchor.boot_s <= self._started_s:
            self._powered_s = max(powered_s, anchor.powered_s + self._started_s - anchor.boot_s)
            self._synchronised_s = anchor.synchronised_s
        self._anchored()

    def now(self) -> Now:
        """Read both clocks."""
        powered_s = self._powered_s + self._sources.boot_s() - self._started_s
        if self._sources.synchronised():
            self._synchronised_s = powered_s
            trust = Trust.TRUSTED
        elif self._synchronised_s is not None and powered_s - self._synchronised_s <= HOLDOVER_S:
            trust = Trust.HOLDOVER
        else:
            trust = Trust.UNTRUSTED
        return Now(datetime.fromtimestamp(self._sources.wall_s(), UTC), trust, powered_s)

    def anchor(self) -> None:
        """Write down where powered time stands; at each heartbeat. Blocks for an fsync, never raises."""
        # Losing it costs little and never time that was not powered: the next start adds less.
        self._anchored()

    def _begin_boot(self, powered_s: float) -> None:
        self._powered_s = powered_s + self._started_s
        if not self._anchored():
            # Unless this boot is written down, a restart within it would add its uptime again.
            self._powered_s = powered_s

    def _anchored(self) -> bool:
        boot_s = self._sources.boot_s()
        anchor = Anchor(
            self._sources.boot_id,
            boot_s,
            self._powered_s + boot_s - self._started_s,
            self._synchronised_s,
        )
        replacement = self._file.with_name(f".{self._file.name}-new")
        try:
            with replacement.open("w", encoding="ascii") as opened:
                json.dump(asdict(anchor), opened)
                opened.flush()
                os.fsync(opened.fileno())
            replacement.replace(self._file)
        except OSError:
            return False
        return True


class SteeredClock:
    """A test stand's clocks: those of the machine with what a file adds to them."""

    recheck_s = STEERED_RECHECK_S

    def __init__(self, file: Path, powered_s: float, sources: Sources | None = None) -> None:
        """Begin not before the powered time that the database last saw; WrongConfiguration without file."""
        self._file = file
        self._sources = sources or Sources.system()
        steering = _read_steering(file)
        if steering is None:
            fault = Fault(
                "[clock] file",
                f"{file} is missing, or not {STEERING.size} bytes of steering",
                'write it as docs/steered-clock.md says, or set source = "system"',
            )
            raise WrongConfiguration(file, (fault,))
        self._steering = steering
        self._behind_s = max(0.0, powered_s - self._sources.boot_s() - steering[1])
        self._powered_s = powered_s

    def now(self) -> Now:
        """Read both clocks; a file that is unreadable now leaves the last good values in force."""
        self._steering = _read_steering(self._file) or self._steering
        wall_offset_s, powered_offset_s, trust = self._steering
        self._powered_s = max(self._powered_s, self._sources.boot_s() + powered_offset_s + self._behind_s)
        return Now(_instant(self._sources.wall_s() + wall_offset_s), trust, self._powered_s)

    def anchor(self) -> None:
        """Do nothing: the file says it all."""


def _read_steering(file: Path) -> tuple[float, float, Trust] | None:
    try:
        with file.open("rb", buffering=0) as opened:
            content = opened.read(STEERING.size + 1)
    except OSError:
        return None
    if content is None or len(content) != STEERING.size:
        return None
    wall_s, powered_s, trust = STEERING.unpack(content)
    if not (math.isfinite(wall_s) and math.isfinite(powered_s) and 0 <= trust < len(TRUST_OF_NUMBER)):
        return None
    return wall_s, powered_s, TRUST_OF_NUMBER[trust]


def _instant(wall_s: float) -> datetime:
    """Return an instant; one that no calendar has becomes the first or last that this one has."""
    earliest, latest = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
    return datetime.fromtimestamp(min(max(wall_s, earliest.timestamp()), latest.timestamp()), UTC)


def _read_anchor(file: Path) -> Anchor | None:
    try:
        with file.open("rb") as opened:
            body = json.loads(opened.read(LARGEST_FILE_BYTES))
        boot, synchronised_s = body["boot_id"], body["synchronised_s"]
        boot_s, powered_s = float(body["boot_s"]), float(body["powered_s"])
        synchronised_s = None if synchronised_s is None else float(synchronised_s)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    numbers = (boot_s, powered_s, synchronised_s or 0.0)
    if not isinstance(boot, str) or not boot or not all(math.isfinite(n) and n >= 0 for n in numbers):
        return None
    return Anchor(boot, boot_s, powered_s, synchronised_s)
