"""Two lines, a keypad and a scanner with nothing behind them but their records."""

import asyncio
from datetime import UTC, datetime

from drivers.wirelog import Direction, WireLog
from locker.domain.times import Now, Trust
from locker.hardware.wire import HardwareWires
from locker.hardware.wiring import BoardSpec, DoorSpec, KeypadSpec, PortSpec, ScannerSpec, Wiring

WALL_AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
PORT = PortSpec("/dev/null", 9600)
ASK = bytes.fromhex("80010033B2")
SHUT = bytes.fromhex("8A0105119F")


class Records:
    """The records of an automat, written by hand; the wall clock stands still."""

    def __init__(self) -> None:
        """Make them in a running loop."""
        wiring = Wiring(
            lines={"left": PORT, "right": PORT},
            boards=[
                BoardSpec("A", "left", "xor-bcc", {}),
                BoardSpec("B", "right", "xor-bcc", {}),
                BoardSpec("C", "right", "kerong-cu16", {}),
            ],
            doors=[DoorSpec("1", "A", 1), DoorSpec("2", "C", 2), DoorSpec("front", "A", 3)],
            keypads=[KeypadSpec("front", PORT, "serial-ascii", None)],
            displays=[],
            scanners=[ScannerSpec("side", PORT, "text", "front")],
        )
        self.logs = {
            "left": WireLog(),
            "right": WireLog(),
            "keypad front": WireLog(redact=True),
            "scanner side": WireLog(redact=True),
        }
        self.wires = HardwareWires(wiring, self.logs, now=lambda: Now(WALL_AT, Trust.TRUSTED, 1.0))

    def sent(self, line: str, data: bytes, ago_s: float = 0.0) -> None:
        """Let bytes have left so long ago."""
        self.logs[line].record(Direction.SENT, data, asyncio.get_running_loop().time() - ago_s)

    def received(self, line: str, data: bytes, ago_s: float = 0.0) -> None:
        """Let bytes have come so long ago."""
        self.logs[line].record(Direction.RECEIVED, data, asyncio.get_running_loop().time() - ago_s)

    def noted(self, line: str, remark: str) -> None:
        """Let something have been remarked now."""
        self.logs[line].note(remark, asyncio.get_running_loop().time())
