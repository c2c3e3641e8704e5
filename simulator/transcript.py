"""What happened, in order: keys, display, wire bytes, doors, hands, entries, and what a story expects."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from simulator.demo import ClockMoved, DaemonEnded, DaemonStarted, DemoEvent, EntryArrived
from simulator.events import (
    Beeped,
    CoilPulsed,
    DisplayChanged,
    DoorMoved,
    FaultChanged,
    KeyPressed,
    LabelScanned,
    ParcelPut,
    ParcelTaken,
    PortPlugged,
    PortUnplugged,
    SimulatorEvent,
    WireBytes,
)

Kind = Literal[
    "story", "say", "key", "scan", "display", "beep", "wire", "coil", "door", "hand", "port", "fault",
    "entry", "lockerd", "broker", "clock", "seen", "failed", "result",
]  # fmt: skip

_ARROWS = {"from-host": "->", "to-host": "<-"}
_HEX_BYTES_SHOWN = 24


@dataclass(frozen=True)
class Line:
    """One line: seconds since the beginning, what it is about, words for people, data for programs."""

    at_s: float
    kind: Kind
    text: str
    data: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> str:
        """One JSON object."""
        head = {"at_s": round(self.at_s, 4), "kind": self.kind, "text": self.text}
        return json.dumps({**head, **self.data}, ensure_ascii=False)

    def as_text(self) -> str:
        """One line for people."""
        return f"{self.at_s:8.3f}  {self.kind:<8}{self.text}"


class Transcript:
    """Turns events into lines and hands each on at once."""

    def __init__(self, clock: Callable[[], float], emit: Callable[[Line], None]) -> None:
        """`clock` gives seconds; the transcript begins with 0 now."""
        self._clock = clock
        self._emit = emit
        self._began_s = clock()

    def add(self, kind: Kind, text: str, **data: Any) -> None:
        """Add a line."""
        self._emit(Line(self._clock() - self._began_s, kind, text, data))

    def hardware(self, event: SimulatorEvent) -> None:
        """Take note of what the simulated hardware did."""
        match event:
            case WireBytes(port, direction, data):
                self.add(
                    "wire",
                    f"{port} {_ARROWS[direction]} {_hex(data)}",
                    port=port,
                    direction=direction,
                    hex=data.hex(),
                )
            case KeyPressed() | LabelScanned() | ParcelPut() | ParcelTaken():
                self._person(event)
            case DisplayChanged(display, lines):
                shown = " | ".join(line.rstrip() for line in lines)
                self.add("display", f"[{shown}]", display=display, lines=list(lines))
            case Beeped(display, count):
                self.add("beep", f"x{count}", display=display, count=count)
            case CoilPulsed(label, seconds):
                self.add("coil", f"lock {label} pulsed for {seconds:g} s", compartment=label, seconds=seconds)
            case DoorMoved(label, state):
                self.add("door", f"{label} {state}", compartment=label, state=state)
            case PortUnplugged(port):
                self.add("port", f"{port} unplugged", port=port, plugged=False)
            case PortPlugged(port):
                self.add("port", f"{port} plugged in", port=port, plugged=True)
            case FaultChanged(name, target, value):
                self.add("fault", f"{name} of {target}: {value}", **asdict(event))

    def demo(self, event: DemoEvent) -> None:
        """Take note of what happened around the hardware."""
        match event:
            case DaemonStarted(pid):
                self.add("lockerd", f"process {pid} is ready", pid=pid, running=True)
            case DaemonEnded(pid, code):
                how = f"killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
                self.add("lockerd", f"process {pid} {how}", pid=pid, running=False, code=code)
            case EntryArrived(entry):
                about = f" {entry.subject}" if entry.subject else ""
                self.add(
                    "entry",
                    f"{entry.epoch}-{entry.sequence} {entry.type}{about} {_brief(entry.data)}".rstrip(),
                    epoch=entry.epoch,
                    sequence=entry.sequence,
                    type=entry.type,
                    subject=entry.subject,
                    data=entry.data,
                )
            case ClockMoved(seconds):
                self.add("clock", f"moved forward by {duration(seconds)}", seconds=seconds)

    def _person(self, event: KeyPressed | LabelScanned | ParcelPut | ParcelTaken) -> None:
        match event:
            case KeyPressed(keypad, key):
                self.add("key", key, keypad=keypad, key=key)
            case LabelScanned(scanner, text):
                self.add("scan", text, scanner=scanner, label=text)
            case ParcelPut(label, parcel):
                self.add("hand", f"puts {parcel} into {label}", compartment=label, put=parcel)
            case ParcelTaken(label, parcels):
                what = ", ".join(parcels) or "nothing"
                self.add("hand", f"takes {what} out of {label}", compartment=label, taken=list(parcels))


class TextPrinter:
    """Prints lines for people; an exchange on a line of boards that repeats unchanged is only counted."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._last: dict[str, tuple[str, str]] = {}
        self._skipped: dict[str, list[Line]] = {}

    def __call__(self, line: Line) -> None:
        """Print one line, or count it."""
        if line.kind != "wire" or line.data["port"].startswith(("keypad-", "display-", "scanner-")):
            self._write(line.as_text())
            return
        port, direction, sent = line.data["port"], line.data["direction"], line.data["hex"]
        same_s = f"{port} {direction}"
        if self._last.get(same_s) == (direction, sent):
            self._skipped.setdefault(port, []).append(line)
            return
        self._last[same_s] = (direction, sent)
        self._catch_up(port, line.at_s)
        self._write(line.as_text())

    def _catch_up(self, port: str, at_s: float) -> None:
        skipped = self._skipped.pop(port, [])
        # The question belongs to the answer that is new.
        question = skipped.pop() if skipped and skipped[-1].data["direction"] == "from-host" else None
        if skipped:
            exchanges = max(1, sum(line.data["direction"] == "from-host" for line in skipped))
            times = "once" if exchanges == 1 else f"{exchanges} times"
            self._write(Line(at_s, "wire", f"{port}    the same {times} more").as_text())
        if question is not None:
            self._write(replace(question, at_s=at_s).as_text())


class JsonPrinter:
    """Prints every line as one JSON object."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def __call__(self, line: Line) -> None:
        """Print one line."""
        self._write(line.as_json())


def duration(seconds: float) -> str:
    """A length of time in words: "8 d", "3 min", "20 s"."""
    for unit_s, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit_s and seconds % unit_s == 0:
            return f"{seconds / unit_s:g} {unit}"
    return f"{seconds:g} s"


def _hex(data: bytes) -> str:
    shown = data[:_HEX_BYTES_SHOWN].hex(" ")
    return shown if len(data) <= _HEX_BYTES_SHOWN else f"{shown} .. ({len(data)} bytes)"


def _brief(data: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in data.items())
