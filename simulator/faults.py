"""The declared catalogue of all that simulated hardware may do wrong, and the set active on one part."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Target = Literal["board", "line", "keypad", "scanner", "display", "door", "port"]
Kind = Literal["switch", "count", "seconds", "number", "text"]
FaultValue = bool | int | float | str


MOST_SECONDS = 3600
MOST_OF_ANYTHING = 1000


class UnknownFaultError(ValueError):
    """The catalogue has no such fault, or the fault does not take such a value."""


@dataclass(frozen=True)
class Fault:
    """One entry; a `count` fault takes true (on) or the number of occasions on which it strikes."""

    name: str
    target: Target
    kind: Kind
    meaning: str


_ALL = (
    Fault("dead-board", "board", "switch", "the board neither acts nor answers"),
    Fault("no-answer", "board", "count", "acts on a request but sends no answer"),
    Fault("no-unlock-answer", "board", "count", "pulses the lock but never acknowledges the unlock"),
    Fault("answer-after-pulse", "board", "switch", "acknowledges an unlock only after the pulse ended"),
    Fault("echo-request", "board", "count", "repeats the request in front of its answer"),
    Fault("garbage-in-front", "board", "number", "sends that many stray bytes before each answer"),
    Fault("wrong-checksum", "board", "count", "damages the checksum of its answer"),
    Fault("wrong-address", "board", "count", "answers under the address of another board"),
    Fault("wrong-channel", "board", "count", "answers for the neighbouring channel"),
    Fault("late-answer", "board", "seconds", "answers that much later than it should"),
    Fault("reversed-byte-order", "board", "switch", "sends the state byte of channels 1-8 first"),
    Fault("inverted-block", "board", "switch", "block reads have the opposite polarity of single reads"),
    Fault("duty-cycle", "board", "seconds", "refuses a second pulse of a channel within that time"),
    Fault("busy", "board", "switch", "after an unlock ignores further unlocks until it is read"),
    Fault("fragmented-replies", "board", "seconds", "splits each answer with that gap in the middle"),
    Fault("unsolicited-reports", "board", "number", "reports door changes unasked under that head byte"),
    Fault("stale-answer-in-front", "board", "count", "glues its answer to a copy of the one before"),
    Fault("report-within-answer", "board", "count", "breaks into its own answer with a door report"),
    Fault("alternate-function", "board", "count", "answers under another function code than its manual says"),
    Fault("noise", "line", "number", "probability that a byte arrives with one bit flipped"),
    Fault("loss", "line", "number", "probability that a byte never arrives"),
    Fault("echo", "line", "switch", "the host hears its own bytes"),
    Fault("cut", "line", "switch", "nothing passes, in neither direction"),
    Fault("stuck-key", "keypad", "text", "that key repeats by itself ten times a second"),
    Fault("bouncing-key", "keypad", "number", "each press sends its byte that many times"),
    Fault("ghost-bytes", "keypad", "number", "that many arbitrary bytes a second that nobody typed"),
    Fault("dead-keypad", "keypad", "switch", "presses send nothing, commands are ignored"),
    Fault("acknowledgement-in-front", "scanner", "count", "acknowledges a command in front of the label"),
    Fault("no-terminator", "scanner", "count", "sends a label without its suffix"),
    Fault("fragmented-label", "scanner", "seconds", "splits each label with that gap in the middle"),
    Fault("double-read", "scanner", "count", "sends the label twice"),
    Fault("stray-bytes", "scanner", "number", "sends that many bytes that are no text before each label"),
    Fault("dead-scanner", "scanner", "switch", "reads nothing, commands are ignored"),
    Fault("dead-display", "display", "switch", "ignores every byte and stays as it is"),
    Fault("jam", "door", "text", "stuck, late, press or ice: how the door refuses to open"),
    Fault("weak-coil", "door", "number", "fraction of its pull that the coil still has"),
    Fault("worn-latch", "door", "switch", "the latch does not catch the door any more"),
    Fault("contact-stuck-closed", "door", "switch", "the door contact reads closed for ever"),
    Fault("contact-stuck-open", "door", "switch", "the door contact reads open for ever"),
    Fault("contact-missing", "door", "switch", "nothing is wired: the input reads open for ever"),
    Fault("contact-inverted", "door", "switch", "the contact reads the opposite of what it should"),
    Fault("contact-bounces", "door", "seconds", "the contact chatters that long after each change"),
    Fault("goods-stuck-on", "door", "switch", "the goods sensor always sees something"),
    Fault("goods-stuck-off", "door", "switch", "the goods sensor never sees anything"),
    Fault("hung-port", "port", "switch", "the port is there but takes and gives no byte"),
)  # fmt: skip

CATALOGUE: Mapping[str, Fault] = MappingProxyType({fault.name: fault for fault in _ALL})


def declared(name: str) -> Fault:
    """The catalogue's entry of that name; UnknownFaultError names the nearest ones."""
    fault = CATALOGUE.get(name)
    if fault is None:
        near = difflib.get_close_matches(name, CATALOGUE, n=3) or sorted(CATALOGUE)
        raise UnknownFaultError(f"no fault is called {name!r}; did you mean {', '.join(near)}?")
    return fault


def checked(name: str, value: FaultValue) -> FaultValue:
    """The value as the fault's kind wants it, or UnknownFaultError."""
    fault = declared(name)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "switch": isinstance(value, bool),
        "count": isinstance(value, bool) or (isinstance(value, int) and value >= 0),
        "seconds": number and 0 <= float(value) <= MOST_SECONDS,
        "number": number and 0 <= float(value) <= MOST_OF_ANYTHING,
        "text": isinstance(value, str),
    }[fault.kind]
    if not fits:
        raise UnknownFaultError(f"fault {name!r} takes a {fault.kind}, not {value!r}: {fault.meaning}")
    return value


class FaultSet:
    """The faults active on one part; only those declared for its kind of part can be set."""

    def __init__(self, target: Target, active: Iterable[tuple[str, FaultValue]] = ()) -> None:
        self._target = target
        self._active: dict[str, FaultValue] = {}
        for name, value in active:
            self.set(name, value)

    def set(self, name: str, value: FaultValue | None) -> None:
        """Activate a fault; None, false or 0 heals it."""
        if declared(name).target != self._target:
            raise UnknownFaultError(
                f"fault {name!r} belongs to a {declared(name).target}, not to a {self._target}"
            )
        if value is None or value is False or checked(name, value) in (0, ""):
            self._active.pop(name, None)
        else:
            self._active[name] = value

    def __bool__(self) -> bool:
        """True while any fault is active."""
        return bool(self._active)

    def has(self, name: str) -> bool:
        """True while the fault is active; spends nothing."""
        return name in self._active

    def number(self, name: str) -> float:
        """The fault's number, 0.0 while it is not active."""
        if not self._active:
            return 0.0
        value = self._active.get(name, 0.0)
        return 0.0 if isinstance(value, str) else float(value)

    def text(self, name: str) -> str | None:
        """The fault's text, None while it is not active."""
        if not self._active:
            return None
        value = self._active.get(name)
        return value if isinstance(value, str) else None

    def spend(self, name: str) -> bool:
        """True if the fault strikes this time; a counted fault ends after its last occasion."""
        value = self._active.get(name)
        if value is None:
            return False
        if isinstance(value, int) and not isinstance(value, bool):
            self.set(name, value - 1)
        return True

    def active(self) -> dict[str, FaultValue]:
        """A copy of what is wrong just now."""
        return dict(self._active)
