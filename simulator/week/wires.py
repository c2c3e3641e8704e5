"""Serial ports without an operating system: both ends of each wire in one process, in virtual time.

While nothing moves, what a board would answer is what it answered last: lines may rest until something
stirs, and a week of polling costs nothing. The reading that comes first afterwards comes when it would have.
"""

import asyncio
import math
from collections.abc import Callable
from pathlib import Path

from drivers.errors import LineDown, PortMissing
from drivers.port import BITS_PER_BYTE, OpenPort, PortSettings
from drivers.wirelog import Direction, WireLog
from locker.hardware.edges import rest_until
from locker.hardware.turns import REST_S

CALM_AFTER_S = 1.0
"""So long after the last stir a line is read as ever: what was doubted is read twice."""
REST_MOST_S = 3600.0


class NullModem:
    """One wire: the device's end of `simulator.automat.SerialPort`, and the host's ends that were opened."""

    def __init__(self, link: Path, hear: Callable[[bytes], None]) -> None:
        self.link = link
        self._hear = hear
        self._host: HostEnd | None = None
        self._hung = False
        self.plugged = False

    def plug(self, *, elsewhere: bool = False) -> None:
        """Make the port appear."""
        del elsewhere
        self.plugged = True

    def unplug(self) -> None:
        """Make it vanish; the host sees that at once."""
        self.plugged = False
        if self._host is not None:
            self._host.lose("the device is gone")

    def hang(self, *, hung: bool) -> None:
        """Let no byte pass any more, or let them pass again."""
        self._hung = hung

    def send(self, data: bytes) -> bool:
        """Send to the host; False if nobody has the port open."""
        if self._host is None or self._hung:
            return False
        self._host.receive(data)
        return True

    def take(self, data: bytes) -> None:
        """Take what the host sends."""
        if not self._hung:
            self._hear(data)

    def open(self, host: "HostEnd") -> None:
        """Give the host its end; an end that was open before is dead."""
        if not self.plugged:
            raise PortMissing(f"{self.link}: no device there; plug it in or correct the path")
        self.sever()
        self._host = host

    def sever(self) -> None:
        """The host has no power: whatever its program still does reaches nobody."""
        if self._host is not None:
            self._host.sever()
            self._host = None

    def closed(self, host: "HostEnd") -> None:
        """The host has closed its end."""
        if self._host is host:
            self._host = None


class HostEnd:
    """What `drivers.port.Port` is to a descriptor."""

    def __init__(
        self,
        modem: NullModem,
        settings: PortSettings,
        on_bytes: Callable[[bytes], None],
        on_lost: Callable[[str], None],
        wire_log: WireLog | None,
    ) -> None:
        self._modem: NullModem | None = modem
        self._settings = settings
        self._on_bytes, self._on_lost, self._wire_log = on_bytes, on_lost, wire_log
        self._loop = asyncio.get_running_loop()
        self._arrived = bytearray()
        self._quiet_at_s = 0.0
        modem.open(self)

    @property
    def quiet_at_s(self) -> float:
        """Loop time at which the last byte written has left the wire."""
        return self._quiet_at_s

    def write(self, data: bytes) -> None:
        """Send it all; LineDown if the device is gone."""
        if self._modem is None:
            raise LineDown(f"{self._settings.path}: the port is not open")
        now_s = self._loop.time()
        self._quiet_at_s = max(self._quiet_at_s, now_s) + len(data) * BITS_PER_BYTE / self._settings.baud_rate
        if self._wire_log is not None:
            self._wire_log.record(Direction.SENT, data, now_s)
        self._modem.take(data)

    def discard_output(self) -> None:
        """Do nothing: what was written is on the wire."""

    def collect_input(self) -> None:
        """Hand over what has arrived."""
        if self._arrived and self._modem is not None:
            data = bytes(self._arrived)
            self._arrived.clear()
            if self._wire_log is not None:
                self._wire_log.record(Direction.RECEIVED, data, self._loop.time())
            self._on_bytes(data)

    def close(self) -> None:
        """Give the wire back."""
        modem, self._modem = self._modem, None
        if modem is not None:
            modem.closed(self)

    def receive(self, data: bytes) -> None:
        """Take what the device sends; the host is told in its next turn."""
        if not self._arrived:
            self._loop.call_soon(self.collect_input)
        self._arrived += data

    def lose(self, reason: str) -> None:
        """The device is gone; the host is told in its next turn."""
        if self._modem is not None:
            self.close()
            self._loop.call_soon(self._on_lost, reason)

    def sever(self) -> None:
        """Become a wire that ends nowhere, silently."""
        self._modem = None


class Wires:
    """All wires of one automat; what the daemon opens, and how its lines rest."""

    def __init__(self) -> None:
        self._modems: dict[str, NullModem] = {}
        self._stirred_s = 0.0
        self._resting: list[tuple[asyncio.Event, float]] = []
        self.skips = True
        """Whether lines may rest while nothing moves; without, every reading is made."""
        self.noisy = False
        """Whether some fault damages bytes by chance: then every reading counts."""

    def plug_in(self, link: Path, hear: Callable[[bytes], None]) -> NullModem:
        """Make one wire, for the simulated automat."""
        modem = self._modems[str(link)] = NullModem(link, hear)
        return modem

    async def open(
        self,
        settings: PortSettings,
        *,
        on_bytes: Callable[[bytes], None],
        on_lost: Callable[[str], None],
        wire_log: WireLog | None,
    ) -> OpenPort:
        """Open the host's end of one; PortMissing if the device is not plugged in."""
        if settings.path not in self._modems:
            raise PortMissing(f"{settings.path}: no device there; plug it in or correct the path")
        return HostEnd(self._modems[settings.path], settings, on_bytes, on_lost, wire_log)

    def sever(self) -> None:
        """Cut the host's power."""
        for modem in self._modems.values():
            modem.sever()

    def stir(self) -> None:
        """Something moved, was unplugged or broke: read again, each line when it would have."""
        now_s = self._stirred_s = asyncio.get_running_loop().time()
        resting, self._resting = self._resting, []
        for wake, until_s in resting:
            late_s = max(0.0, now_s - until_s)
            at_s = until_s + math.ceil(late_s / REST_S) * REST_S
            asyncio.get_running_loop().call_at(at_s, wake.set)

    async def rest(self, line: str, wake: asyncio.Event, until_s: float | None) -> None:
        """Rest as ever, or longer while nothing moves."""
        if until_s is None or not self._is_calm(asyncio.get_running_loop().time()):
            await rest_until(line, wake, until_s)
        else:
            await self._rest(line, wake, until_s)

    async def linger(self, line: str, wake: asyncio.Event, read_since_s: float | None) -> bool:
        """Rest where the line is so slow, or so many doors are open, that some board is always due."""
        if read_since_s is None or not self._is_calm(read_since_s):
            return False
        await self._rest(line, wake, asyncio.get_running_loop().time())
        return wake.is_set()

    def _is_calm(self, read_s: float) -> bool:
        """Tell whether what was read at a time is what would be read now."""
        return self.skips and not self.noisy and read_s - self._stirred_s > CALM_AFTER_S

    async def _rest(self, line: str, wake: asyncio.Event, until_s: float) -> None:
        resting = (wake, until_s)
        self._resting.append(resting)
        try:
            await rest_until(line, wake, until_s + REST_MOST_S)
        finally:
            if resting in self._resting:
                self._resting.remove(resting)
