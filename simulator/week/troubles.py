"""What goes wrong in a week, and when: a plan drawn from the seed before anything happens."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from locker.domain.times import Trust
from simulator.faults import FaultValue, declared
from simulator.week.disk import HARDLY_ANY_BYTES, PLENTY_BYTES, Failure
from simulator.week.people import People
from simulator.week.stand import Stand
from simulator.week.vandal import Vandal
from simulator.week.witness import Witness

Kind = Literal[
    "cut-later", "cut-at-entry", "stop", "unplug", "hang", "fault-board", "fault-line", "fault-door",
    "fault-keypad", "clock", "broker-down", "broker-forgets", "broker-bad", "link-cut", "office-deaf",
    "disk", "force", "lying-contact", "office-restored", "offline", "flapping",
    "disk-full", "disk-starved", "disk-fails-once", "disk-fails", "disk-flaky",
    "rob", "replay", "robot", "hold", "jams", "plugs-pulled",
]  # fmt: skip
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]  # what typing keeps of a Literal

ENTRIES = (
    "lock.pulse-intended", "door.opened", "door.closed", "parcel.stored", "parcel.handed-over",
    "code.accepted", "code.missed", "command.applied", "courier.signed-in", "parcel.dropped-off",
    "parcel.removed", "incident.raised", "compartment.to-inspect", "started",
)  # fmt: skip
NOISY = frozenset({"fault-line", "fault-keypad"})
NOISY_MOST_S = 300.0
FLAKY = 0.1
"""How many of the transactions fail on a disk that fails now and then."""


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong, from a time on, for so long; `draw` says the rest."""

    at_s: float
    kind: Kind
    for_s: float
    draw: int

    def __str__(self) -> str:
        """As the report names it."""
        return f"{self.kind} at {self.at_s:.0f} s for {self.for_s:.0f} s ({self.draw})"


def plan_troubles(dice: random.Random, days: float, how_many: int) -> list[Trouble]:
    """Draw what goes wrong within so many days."""
    most_s = days * 86_400
    troubles = []
    for _ in range(how_many):
        for_s = min(dice.lognormvariate(6.0, 1.6), most_s / 4)
        kind = dice.choice(KINDS)
        if kind == "offline":  # up to the whole week
            for_s = dice.uniform(0.1, 1.0) * most_s
        if kind in NOISY:  # every reading is made meanwhile
            for_s = min(for_s, NOISY_MOST_S)
        at_s = dice.uniform(60.0, most_s)
        troubles.append(Trouble(at_s, kind, for_s, dice.getrandbits(32)))
    return sorted(troubles, key=lambda trouble: trouble.at_s)


def plan_cuts(dice: random.Random, days: float, a_day: float) -> list[Trouble]:
    """Draw power cuts at entries, each over before anybody has gone home."""
    times = [dice.uniform(60.0, days * 86_400) for _ in range(round(a_day * days))]
    return [
        Trouble(at_s, "cut-at-entry", dice.uniform(1, 600), dice.getrandbits(32)) for at_s in sorted(times)
    ]


class Troublemaker:
    """Lets troubles happen and end; power comes back after every cut."""

    def __init__(
        self,
        stand: Stand,
        witness: Witness,
        note: Callable[[str], None],
        people: Callable[[], People],
    ) -> None:
        self._stand, self._witness, self._note = stand, witness, note
        self._under_way = 0
        self._down = 0
        self._vandal = Vandal(stand, witness, people, lambda: self._under_way == 1 and stand.is_served)
        self.caused: dict[str, int] = {}
        stand.before_start, stand.on_served = self._before_start, self._served
        self._armed: tuple[str, float] | None = None
        self._back: asyncio.Task[None] | None = None
        self._noisy = 0

    async def cause(self, trouble: Trouble) -> None:
        """Let one trouble happen, and end after its time."""
        self._note(f"trouble: {trouble}")
        self.caused[trouble.kind] = self.caused.get(trouble.kind, 0) + 1
        self._under_way += 1
        try:
            await self._cause(trouble, random.Random(trouble.draw))
        finally:
            self._under_way -= 1
        self._note(f"over: {trouble.kind}")

    async def _cause(self, trouble: Trouble, dice: random.Random) -> None:
        match trouble.kind:
            case "cut-later":
                self.cut(trouble.for_s)
            case "cut-at-entry":
                self._armed = (dice.choice(ENTRIES), trouble.for_s)
            case "stop":
                await self._stop_politely()
            case "link-cut":
                self._stand.broker.cut()
            case "broker-forgets":
                self._stand.broker.crash(forgets=True)
            case "force":
                self._stand.automat.force(dice.choice(self._labels()))
            case "office-restored":
                backup = self._stand.back_up_office()
                await asyncio.sleep(trouble.for_s)
                await self._stand.restore_office(backup)
            case "flapping":
                await self._flap(trouble.for_s, dice)
            case "rob":
                await self._vandal.rob(dice)
            case "replay":
                await self._vandal.replay(dice)
            case "robot":
                await self._vandal.guess(dice)
            case _:
                undo = self._begin(trouble.kind, dice)
                await asyncio.sleep(trouble.for_s)
                undo()

    async def _flap(self, for_s: float, dice: random.Random) -> None:
        ends_s = asyncio.get_running_loop().time() + for_s
        while asyncio.get_running_loop().time() < ends_s:
            await asyncio.sleep(dice.uniform(1.0, 120.0))
            self._stand.broker.cut()

    def saw(self, kind: str) -> None:
        """An entry was committed; the power may be planned to go at just this."""
        if self._armed is not None and self._armed[0] == kind:
            (_, for_s), self._armed = self._armed, None
            self.cut(for_s)

    def cut(self, for_s: float) -> None:
        """Cut the power now, and give it back later."""
        if not self._stand.is_on:
            return
        self._stand.power_cut()
        self._witness.power_off()
        self._back = asyncio.create_task(self._give_back(max(1.0, for_s)))

    async def restored(self) -> None:
        """Wait until the power is back."""
        self._armed = None
        while self._back is not None:
            back, self._back = self._back, None
            await back

    async def _give_back(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await self.power_on()

    async def power_on(self) -> None:
        """Start the daemon and look whether all is as it was."""
        self._witness.power_on()
        await self._stand.power_on()

    def _before_start(self) -> None:
        """What the daemon wrote last, nobody may have been told of: read it in its file, before it starts."""
        self._witness.came_to_light(self._stand.committed_after(*max(self._witness.entries, default=(0, 0))))
        self._witness.begins_anew()

    def _served(self) -> None:
        self._witness.started_again(self._stand.state)

    async def _stop_politely(self) -> None:
        if self._stand.is_served:
            await self._stand.stop()
            self._witness.power_off()
            await asyncio.sleep(3.0)
            await self.power_on()

    def _begin(self, kind: Kind, dice: random.Random) -> Callable[[], None]:
        """Break something; return what mends it."""
        stand = self._stand
        match kind:
            case "unplug":
                port = dice.choice(stand.plan.ports())
                stand.automat.unplug(port)
                return partial(stand.automat.replug, port)
            case "clock":
                stand.truth.change(*dice.choice(CLOCKS))
                return lambda: stand.truth.change(0.0, Trust.TRUSTED)
            case "disk" | "disk-full" | "disk-starved" | "disk-fails-once" | "disk-fails" | "disk-flaky":
                return self._begin_disk(kind, dice)
            case "broker-down" | "broker-bad" | "office-deaf" | "offline":
                return self._begin_outside(kind, dice)
            case "hold":
                return self._vandal.hold(dice)
            case "jams":
                return self._vandal.jam(dice)
            case "plugs-pulled":
                return self._vandal.unplug(dice)
            case _:
                return self._begin_fault(kind, dice)

    def _begin_disk(self, kind: Kind, dice: random.Random) -> Callable[[], None]:
        disk = self._stand.disk
        match kind:
            case "disk":
                disk.free_bytes = HARDLY_ANY_BYTES
                return lambda: setattr(disk, "free_bytes", PLENTY_BYTES)
            case "disk-full" | "disk-starved":
                disk.fill(with_reserve=kind == "disk-full")
                return disk.empty
        failure: Failure = dice.choice(("before", "after"))
        left = {"disk-fails-once": 1}.get(kind, 10**9)
        share = FLAKY if kind == "disk-flaky" else 1.0

        def strikes() -> Failure | None:
            nonlocal left
            if left == 0 or dice.random() >= share:
                return None
            left -= 1
            return failure

        disk.fail(strikes)
        return disk.heal

    def _begin_outside(self, kind: Kind, dice: random.Random) -> Callable[[], None]:
        stand, conduct = self._stand, self._stand.broker.conduct
        if kind == "office-deaf":
            stand.office.conduct.deaf = True
            return lambda: setattr(stand.office.conduct, "deaf", False)
        if kind in ("broker-down", "offline"):
            self._down += 1
            conduct.down = True
            stand.broker.cut()
            return self._up_again
        conduct.lost, conduct.doubled, conduct.delayed_s = dice.choice(BAD_BROKERS)
        return self._good_broker

    def _begin_fault(self, kind: Kind, dice: random.Random) -> Callable[[], None]:
        plan = self._stand.plan
        targets = {
            "board": [board.id for board in plan.boards],
            "line": [line.id for line in plan.lines],
            "keypad": [keypad.id for keypad in plan.keypads],
            "door": [box.label for box in plan.compartments],
            "port": list(plan.ports()),
        }
        name, value = dice.choice(FAULTS[kind])
        target = dice.choice(targets[declared(name).target])
        if kind == "lying-contact":
            self._witness.blind.add(target)
        if name == "contact-bounces":
            self._witness.bouncing.add(target)
        automat, noisy = self._stand.automat, kind in NOISY
        automat.set_fault(name, target, value)
        self._noise(+noisy)

        def heal() -> None:
            automat.set_fault(name, target, None)
            if kind == "lying-contact":
                self._witness.sees_again(target)
            self._noise(-noisy)

        return heal

    def _up_again(self) -> None:
        self._down -= 1
        self._stand.broker.conduct.down = self._down > 0

    def _noise(self, change: int) -> None:
        self._noisy += change
        self._stand.wires.noisy = self._noisy > 0

    def _good_broker(self) -> None:
        conduct = self._stand.broker.conduct
        conduct.lost = conduct.doubled = conduct.delayed_s = 0.0

    def _labels(self) -> list[str]:
        return [box.label for box in self._stand.plan.compartments]


YEAR_S = 365 * 86_400.0
FAULTS: Mapping[str, tuple[tuple[str, FaultValue], ...]] = {
    "hang": (("hung-port", True),),
    "fault-board": (
        ("dead-board", True), ("no-answer", 3), ("no-unlock-answer", 3), ("answer-after-pulse", True),
        ("echo-request", 5), ("garbage-in-front", 3), ("wrong-checksum", 5), ("wrong-address", 5),
        ("late-answer", 0.4), ("fragmented-replies", 0.02), ("stale-answer-in-front", 5), ("busy", True),
        ("duty-cycle", 4.0),
    ),
    "fault-line": (("noise", 0.002), ("loss", 0.002), ("echo", True), ("cut", True)),
    "fault-door": (
        ("jam", "stuck"), ("jam", "late"), ("jam", "press"), ("jam", "ice"), ("weak-coil", 0.7),
        ("worn-latch", True), ("contact-bounces", 0.3),
    ),
    "lying-contact": (
        ("contact-stuck-closed", True), ("contact-stuck-open", True), ("contact-inverted", True),
    ),
    "fault-keypad": (
        ("stuck-key", "5"), ("bouncing-key", 3), ("ghost-bytes", 0.5), ("dead-keypad", True),
    ),
}  # fmt: skip
CLOCKS = (
    (-10 * YEAR_S, Trust.UNTRUSTED), (10 * YEAR_S, Trust.UNTRUSTED), (10 * YEAR_S, Trust.TRUSTED),
    (3000.0, Trust.TRUSTED), (-3000.0, Trust.TRUSTED), (0.0, Trust.HOLDOVER), (0.0, Trust.UNTRUSTED),
    (-56 * YEAR_S, Trust.UNTRUSTED), (30 * 86_400.0, Trust.TRUSTED),
)  # fmt: skip
BAD_BROKERS = ((0.3, 0.0, 0.0), (0.0, 0.5, 0.0), (0.0, 0.0, 30.0), (0.2, 0.2, 5.0))
