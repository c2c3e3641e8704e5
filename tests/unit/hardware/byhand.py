"""Lines without hardware, written by hand."""

from collections.abc import Sequence
from dataclasses import replace

from locker.lines import BoardOfLine, LineOfBoards, LineOfPeripheral

WORKS = BoardOfLine("A", "xor-bcc", 1, 500, 498, {"no-answer": 2}, False, None, 0.12)
LOST = BoardOfLine("B", "kerong-cu16", 2, 40, 0, {"no-answer": 40}, True, None, None)
OTHER = BoardOfLine("C", "wkly", 3, 9, 9, {"refused": 1}, False, "it has 12 channels, not 24", 75.0)
LEFT = LineOfBoards(
    "left",
    "/dev/serial/by-id/left",
    9600,
    True,
    None,
    12.34,
    24.56,
    700,
    640,
    {"garbled": 3, "no-answer": 57},
    tuple(float(trip_ms) for trip_ms in range(1, 61)),
    (WORKS, LOST),
)
RIGHT = LineOfBoards(
    "right",
    "tcp://10.0.0.7:4001",
    19200,
    False,
    "tcp://10.0.0.7:4001: nobody listens there",
    0.0,
    0.0,
    0,
    0,
    {"port-missing": 5},
    (),
    (OTHER,),
)


class LinesByHand:
    """What `locker.lines.Lines` says, as a test writes it."""

    def __init__(self) -> None:
        self.lines = [LEFT, RIGHT]
        self.ports = [
            LineOfPeripheral("keypad", "front", "serial-ascii", "/dev/keypad", True, None),
            LineOfPeripheral("display", "front", "cd5220", "/dev/display", False, "/dev/display: no device"),
        ]

    def boards(self) -> Sequence[LineOfBoards]:
        """Those of lock boards."""
        return self.lines

    def peripherals(self) -> Sequence[LineOfPeripheral]:
        """Those of keypads, displays and scanners."""
        return self.ports

    def send(self, count: int) -> None:
        """Let so many more exchanges have been on the first line."""
        first = self.lines[0]
        self.lines[0] = replace(first, sent=first.sent + count, answered=first.answered + count)
