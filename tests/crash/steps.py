"""Where a process may end itself: the named steps of every decision, of the start and of the link.

A step is a kind and a point. The kind is that of a journal entry; a decision that writes something and
records nothing has the name of its event, `~PulseSent`; the parts of a start are `~start ...`, of the link
`~link ...`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Point(StrEnum):
    """How far one decision, or one other deed, has come."""

    BEFORE_COMMIT = "before its commit"
    IN_COMMIT = "written, before COMMIT"
    COMMITTED = "committed, before anything starts"
    INTENDED = "an intent has started"
    SENT = "the unlock frame has left"
    TOLD = "the watchers were told"
    SHOWN = "50 ms later"
    BEFORE = "before it"
    AFTER = "after it"


LETTERS = dict(zip("abcdefghi", Point, strict=True))
"""Each point in one letter, for the file of steps."""
OF_EVERY_ENTRY = (Point.BEFORE_COMMIT, Point.IN_COMMIT, Point.COMMITTED, Point.TOLD, Point.SHOWN)
"""Points that no entry of the journal can come by without."""
SHOWN_AFTER_S = 0.05


@dataclass(frozen=True, order=True)
class Step:
    """A kind and a point."""

    kind: str
    point: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.point}"

    @staticmethod
    def read(text: str) -> "Step":
        """Read what `str` wrote; ValueError if it is no step."""
        kind, colon, point = text.partition(": ")
        if not colon:
            raise ValueError(f"{text!r} is no step: write it as 'parcel.stored: before its commit'")
        return Step(kind, Point(point))


@dataclass(frozen=True)
class Doom:
    """Die at a step when it is reached for the `nth` time in one life."""

    step: Step
    nth: int = 1

    def to_json(self) -> dict[str, Any]:
        """As it goes to the process that is to die."""
        return {"step": str(self.step), "nth": self.nth}

    @staticmethod
    def from_json(told: Mapping[str, Any]) -> "Doom":
        """What `to_json` made."""
        return Doom(Step.read(told["step"]), int(told["nth"]))


class Watch:
    """Counts the steps that are passed, and dies at the one that is doomed."""

    def __init__(
        self,
        doom: Doom | None,
        die: Callable[[], None],
        passed: Callable[[Step], None] | None,
        armed: Callable[[], bool],
    ) -> None:
        """Nothing counts as long as it is not `armed`."""
        self._doom = doom
        self._die = die
        self._passed = passed
        self._armed = armed
        self._left = 0 if doom is None else doom.nth

    def reach(self, kinds: Iterable[str], point: Point) -> None:
        """Pass a step of each kind; one of several that are alike counts once."""
        if not self._armed():
            return
        for kind in dict.fromkeys(kinds):
            step = Step(kind, point)
            if self._passed is not None:
                self._passed(step)
            if self._doom is not None and step == self._doom.step:
                self._left -= 1
                if self._left == 0:
                    self._die()
