"""A vandal: robs, holds and jams doors, pulls plugs, replays what was on the wire, guesses codes."""

import asyncio
import random
from collections.abc import Callable, Iterable

from simulator.events import CoilPulsed, DoorMoved, SimulatorEvent, WireBytes
from simulator.week.people import People
from simulator.week.stand import Stand
from simulator.week.witness import Witness

TOLD_WITHIN_S = 15.0
"""So soon the journal tells that a door opened which nobody was to open, if nothing else is wrong."""
OPENED_WIDE_S = 1.0
GUESSES_MOST_S = 600.0
GARBAGE_MOST = 40


class Vandal:
    """Does harm with hands, a screwdriver and a wire; `is_calm` tells whether nothing else is wrong."""

    def __init__(
        self, stand: Stand, witness: Witness, people: Callable[[], People], is_calm: Callable[[], bool]
    ) -> None:
        self._stand, self._witness, self._people, self._is_calm = stand, witness, people, is_calm
        self._said: dict[str, bytes] = {}
        self._orders: dict[str, tuple[str, bytes]] = {}
        self._line_of = {
            box.label: next(board.line for board in stand.plan.boards if board.id == box.board)
            for box in stand.plan.compartments
        }
        stand.automat.subscribe(self._heard)

    async def rob(self, dice: random.Random) -> None:
        """Break a door open and take what lies inside; push it shut, or leave it."""
        front, label = self._people().front, self._some_door(dice)
        began_s = self._now_s()
        was_shut = front.automat.door(label).shut
        front.automat.force(label)
        await front.opens(label)
        await asyncio.sleep(OPENED_WIDE_S)
        stolen = front.take(label)
        await asyncio.sleep(dice.uniform(1.0, TOLD_WITHIN_S))
        if dice.random() < 0.5:
            await front.shut(label)
        self._stand.trace.add("vandal", f"took {stolen} out of {label}")
        if was_shut:
            await self._is_told(label, began_s)

    async def replay(self, dice: random.Random) -> None:
        """Say again on a line what opened a door before, or rubbish where nothing was heard yet."""
        line = dice.choice([line.id for line in self._stand.plan.lines])
        began_s = self._now_s()
        label, order = self._orders.get(line, (None, b""))
        if label is None:
            order = dice.randbytes(dice.randrange(1, GARBAGE_MOST))
        else:
            self._witness.ordered_by_a_stranger(label)
        opened = self._moves(label)
        was_shut = label is not None and self._stand.automat.door(label).shut
        self._stand.automat.inject(line, order)
        await asyncio.sleep(2.0)
        if label is not None and was_shut and opened():
            await self._is_told(label, began_s)

    async def guess(self, dice: random.Random) -> None:
        """Let a robot type one code after another, as fast as it can."""
        people = self._people()

        async def type_codes() -> None:
            ends_s = self._now_s() + dice.uniform(60.0, GUESSES_MOST_S)
            while self._now_s() < ends_s:
                await people.try_code(f"{dice.randrange(10**6):06d}", within_s=1.0)

        await people.visit("a robot", type_codes)

    def hold(self, dice: random.Random) -> Callable[[], None]:
        """Lean on some doors, so that they stay as they are; return what ends that."""
        automat, labels = self._stand.automat, self._some_doors(dice)
        for label in labels:
            automat.hold(label)
        return lambda: _each(automat.let_go, labels)

    def jam(self, dice: random.Random) -> Callable[[], None]:
        """Jam some doors; return what frees them."""
        automat, labels = self._stand.automat, self._some_doors(dice)
        for label in labels:
            automat.jam(label)
        return lambda: _each(automat.unjam, labels)

    def unplug(self, dice: random.Random) -> Callable[[], None]:
        """Pull some plugs at once; return what puts them in again."""
        automat, ports = self._stand.automat, list(self._stand.plan.ports())
        pulled = dice.sample(ports, dice.randrange(2, len(ports) + 1))
        for port in pulled:
            automat.unplug(port)
        return lambda: _each(automat.replug, pulled)

    async def _is_told(self, label: str, since_s: float) -> None:
        """See that the journal tells of a door that no pulse of ours opened."""
        calm = self._is_calm()
        ends_s = since_s + TOLD_WITHIN_S + 2.0
        while self._now_s() < ends_s:
            await asyncio.sleep(1.0)
            calm = calm and self._is_calm()
        if calm and not self._witness.told_since(label, since_s):
            self._witness.blame(f"door {label} was opened by a stranger, and the journal tells nothing of it")

    def _moves(self, label: str | None) -> Callable[[], bool]:
        """Return what tells whether a door has opened since now."""
        seen = False

        def saw(event: SimulatorEvent) -> None:
            nonlocal seen
            seen = seen or (isinstance(event, DoorMoved) and event.label == label and event.state == "ajar")

        forget = self._stand.automat.subscribe(saw)

        def opened() -> bool:
            forget()
            return seen

        return opened

    def _heard(self, event: SimulatorEvent) -> None:
        match event:
            case WireBytes(port, "from-host", data):
                self._said[port] = data
            case CoilPulsed(label):
                line = self._line_of[label]
                if line in self._said:
                    self._orders[line] = (label, self._said[line])

    def _some_door(self, dice: random.Random) -> str:
        return dice.choice([box.label for box in self._stand.plan.compartments])

    def _some_doors(self, dice: random.Random) -> list[str]:
        labels = [box.label for box in self._stand.plan.compartments]
        return dice.sample(labels, dice.randrange(1, min(5, len(labels)) + 1))

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()


def _each(act: Callable[[str], None], targets: Iterable[str]) -> None:
    for target in targets:
        act(target)
