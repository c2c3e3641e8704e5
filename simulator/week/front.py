"""Standing in front of the automat: fingers on its keypad, eyes on its display, hands at its doors."""

import asyncio
import random
import re
from collections.abc import Callable, Iterable

from simulator.automat import SimulatedAutomat
from simulator.events import DisplayChanged, SimulatorEvent
from simulator.people import Person, new_code, new_tracking_id
from simulator.week.reading import reader
from simulator.world import HandRefusedError

SPACES = re.compile(r"\s+")
DOOR = re.compile(r"[Dd]oor (\w+)")


class Front:
    """One keypad with its display; one person at a time, unless somebody pushes in."""

    def __init__(self, automat: SimulatedAutomat, dice: random.Random, language: str = "en") -> None:
        self.automat = automat
        self._read = reader(language)
        self.dice = dice
        self.place = asyncio.Lock()
        self.people: list[Person] = []
        self._keypad = automat.plan.keypads[0].id
        self._display = automat.plan.displays[0].id
        self._shown: list[str] = []
        automat.subscribe(self._saw)

    # -- fingers and eyes

    async def type(self, keys: str) -> None:
        """Press keys, at a person's pace; what was shown before the last one is forgotten."""
        pressed = [one for key in keys.split() for one in ([key] if key in ("C", "OK") else key)]
        for key in pressed:
            await asyncio.sleep(self.dice.uniform(0.1, 0.5))
            self._shown.clear()
            await self.automat.type(self._keypad, key)

    @property
    def has_scanner(self) -> bool:
        """Whether labels can be scanned here."""
        return bool(self.automat.plan.scanners)

    def scan(self, label: str) -> None:
        """Hold a label before the scanner."""
        self._shown.clear()
        self.automat.scan(self.automat.plan.scanners[0].id, label)

    def forget(self) -> None:
        """Read only what is shown from now on."""
        self._shown.clear()

    async def read(self, *wanted: str, within_s: float = 12.0) -> str | None:
        """Return the first text since the last key that contains one of these; None if none comes."""

        def found() -> str | None:
            return next((text for text in self._shown if any(each in text for each in wanted)), None)

        await self._until(lambda: found() is not None, within_s)
        text = found()
        if text is not None:
            del self._shown[: self._shown.index(text) + 1]
        return text

    def text(self) -> str:
        """What the display shows, in one line, in English."""
        return self._read(_flat(self.automat.display(self._display).lines()))

    # -- hands

    async def opens(self, label: str, within_s: float = 4.0) -> bool:
        """Wait for a door to open."""
        return await self._until(lambda: self.automat.door(label).open, within_s)

    def take(self, label: str) -> list[str]:
        """Take everything that lies there; nothing if the door does not let a hand in."""
        try:
            return self.automat.take(label)
        except HandRefusedError:
            return []

    def put(self, label: str, parcel: str) -> bool:
        """Lay a parcel inside; False if the door does not let a hand in."""
        try:
            self.automat.put(label, parcel)
        except HandRefusedError:
            return False
        return True

    def holds(self, label: str) -> tuple[str, ...]:
        """What lies inside, as a person sees it."""
        return self.automat.door(label).contents

    async def shut(self, label: str) -> bool:
        """Push a door until it stays shut, three times at most."""
        for _ in range(3):
            if self.automat.door(label).shut:
                return True
            self.automat.push_shut(label)
            if await self._until(lambda: self.automat.door(label).shut, 2.0):
                return True
        return False

    def open_doors(self) -> list[str]:
        """The doors that stand open."""
        return [label for label, door in self.automat.doors().items() if door.open]

    # -- who comes

    def somebody(self) -> Person:
        """Somebody with a parcel and a code that nobody has had."""
        person = Person("recipient", "somebody", self.new_code(), new_tracking_id(self.people))
        self.people.append(person)
        return person

    def new_code(self) -> str:
        """Return a code that nobody has had."""
        return new_code(self.people, self.dice)

    async def _until(self, true: Callable[[], bool], within_s: float) -> bool:
        try:
            await self.automat.until(true, within_s, "")
        except TimeoutError:
            return False
        return True

    def _saw(self, event: SimulatorEvent) -> None:
        if isinstance(event, DisplayChanged) and event.display == self._display:
            self._shown.append(self._read(_flat(event.lines)))


def door_in(text: str) -> str | None:
    """Return the door that a text names."""
    named = DOOR.search(text)
    return None if named is None else named[1]


def _flat(lines: Iterable[str]) -> str:
    return SPACES.sub(" ", " ".join(line.strip() for line in lines)).strip()
