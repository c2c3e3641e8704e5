"""A day on the test stand, written down: each event with its time, and the state that it meets."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from locker.domain.automat import Automat, Decision, Forgotten, Pruned
from locker.domain.codes import Code
from locker.domain.commands import (
    BlockCompartment,
    Cause,
    Mode,
    OpenCompartment,
    ReplaceCode,
    SetMode,
    WithdrawParcel,
)
from locker.domain.events import (
    Event,
    ForkReported,
    JournalAcknowledged,
    MaintenanceAsked,
    PartLost,
    PartRestored,
    Stopping,
    StorageChanged,
)
from locker.domain.intents import TryLock, Unlock
from locker.domain.maintenance import BeginAudit, Maintainer, OpenDoor, SayFound, Verdict
from locker.domain.rules import Rules
from locker.domain.times import Now
from tests.unit.domain.stand import CODE_KEY, Stand

RULES = Rules(retention_days=1, heartbeat_s=86_400.0)
TECHNICIAN = Maintainer("root (0)", "t-7")


@dataclass(frozen=True, slots=True)
class Scene:
    """One event, what was decided on it, and the state before."""

    automat: Automat
    event: Event
    now: Now
    decision: Decision

    @property
    def kind(self) -> tuple[object, ...]:
        """What its transaction is made of, and whether a lock waits for it."""
        decision = self.decision
        return (
            frozenset(type(change).__name__ for change in decision.changes),
            frozenset(change.what.__name__ for change in decision.changes if isinstance(change, Forgotten)),
            any(isinstance(change, Pruned) for change in decision.changes),
            tuple(str(entry.kind) for entry in decision.entries),
            any(isinstance(intent, Unlock | TryLock) for intent in decision.intents),
        )

    @property
    def name(self) -> str:
        """A word for it: the event and the last entry."""
        told = self.decision.entries[-1].kind if self.decision.entries else "no-entry"
        return f"{type(self.event).__name__.lower()}-{told}"


class Script(Stand):
    """Everything that people, doors and the back office do to an automat, one of each at least."""

    def __init__(self) -> None:
        """Play the day."""
        self.scenes: list[Scene] = []
        super().__init__(RULES)
        self.automat = replace(self.automat, epoch=1)
        self._day()

    def do(self, event: Event) -> Decision:
        """Decide, and write it down."""
        before = self.automat
        decision = super().do(event)
        self.scenes.append(Scene(before, event, self.now, decision))
        return decision

    def critical(self) -> Iterator[int]:
        """Give the place of the first scene of each kind of transaction."""
        known = set()
        for place, scene in enumerate(self.scenes):
            if scene.decision.durable and scene.kind not in known:
                known.add(scene.kind)
                yield place

    def _day(self) -> None:
        first = "JJFI65432110000000001"
        self.deliver(first, "024204")
        self.command(ReplaceCode(first, CODE_KEY.tag(Code("200001"))))
        self.press("C 9999 OK C 200001 OK")
        self.opens_and_shuts()
        self.press("C 200001 OK")  # something was forgotten inside
        self.opens_and_shuts()
        self.wait(600)
        self.drop_off()
        self.deliver("JJFI65432110000000002", "024205")
        self.press("C 024205 OK")
        self.wait(30)  # the door never moves
        self.deliver("JJFI65432110000000003", "024206")
        self.press("C 024206 OK")
        self.opens()
        self.wait(90)  # and is left open
        self.door(self.unlocks[-1].compartment, self.doors["1"])
        self.command(WithdrawParcel("JJFI65432110000000002", Cause.CANCEL, "recalled"))
        self.command(OpenCompartment("4", "office", "to look"))
        self.wait(300)
        self.command(BlockCompartment("6", "office", "wet"))
        self.do(MaintenanceAsked(TECHNICIAN, BeginAudit(afresh=False)))
        self.do(MaintenanceAsked(TECHNICIAN, OpenDoor("5", "to look")))
        self.opens_and_shuts()
        self.do(MaintenanceAsked(TECHNICIAN, SayFound("5", Verdict.EMPTY, None)))
        self.do(PartLost("board A", "silent"))
        self.wait(120)
        self.do(PartRestored("board A"))
        self.do(StorageChanged(low=True))
        self.do(StorageChanged(low=False))
        for _ in range(11):
            self.press("C 999999 OK")
        self.command(SetMode(Mode.DRAIN, "office", "full"))
        self.do(ForkReported(1, 3))
        self._acknowledge()
        self.wait(timedelta(days=3).total_seconds())
        self._acknowledge()
        self.wait(timedelta(days=1).total_seconds())
        self._acknowledge((len(self.entries), "unreadable"))
        self.do(Stopping())

    def _acknowledge(self, *refused: tuple[int, str]) -> None:
        self.do(JournalAcknowledged(1, len(self.entries), refused))
