"""The people of a week: they collect, bring, send, look, guess and forget; each visit is one coroutine.

They know what stands on the display and what they see; none of them knows what the automat thinks.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Literal

from simulator.backoffice.office import BackOffice
from simulator.people import Person
from simulator.week.front import Front, door_in

MODES: tuple[Literal["normal", "drain", "evacuate", "frozen"], ...] = (
    "drain", "evacuate", "frozen",
)  # fmt: skip
DOORS_MOST = 6
OPENED_IN_A_ROW = 9
"""After three within ten minutes somebody on the spot is asked (domain.md, section 7)."""
SOMEBODY_ELSE_S = ("Wrong number", "Not announced", "Scan label")
"""What stands there when somebody has gone without signing out: press C until it is gone."""
TO_RECIPIENTS = (
    "shut door", "recognised", "Press lightly", "did not open", "Thank you", "ended", "in use", "Too many",
    "locked", "not paid", "out of", "left in", *SOMEBODY_ELSE_S,
)  # fmt: skip
FETCHING = (
    "take", "nothing to collect", "Still to take", "did not open", "Press lightly", "OK taken", "out of",
)  # fmt: skip
FETCHED = ("nothing", "Parcels taken", "out of")
LOOKING = (
    "Look inside", "Still to look", "look into:", "No compartment needs", "did not open", "Press lightly",
    "out of",
)  # fmt: skip
LOOKED = ("No compartment", "Thank you", "out of")
TO_COURIERS = (
    "Put the parcel", "No free", "did not open", "Not announced", "in use", "Scan label", "being",
    "is in compartment", "withdrawn", "No parcels", "Press lightly", "out of", "used here", "Wrong number",
)  # fmt: skip


@dataclass
class Habits:
    """How people are this week; shares of 1."""

    forgets_to_shut: float = 0.04
    takes_nothing: float = 0.03
    dawdles: float = 0.05
    mistypes: float = 0.08
    leaves_without_a_word: float = 0.04
    owes: float = 0.08
    comes_back: float = 0.08
    cannot_take: float = 0.05


@dataclass
class Truth:
    """What people know who have hands, and the automat has not."""

    lied: set[str] = field(default_factory=set)
    """Parcels of which somebody said, or made believe, what is not so."""
    dirty: set[str] = field(default_factory=set)
    """Compartments in which something lies that nobody should count on."""


class People:
    """Everybody who comes in front of the automat."""

    def __init__(
        self,
        front: Front,
        office: Callable[[], BackOffice],
        dice: random.Random,
        note: Callable[[str], None],
    ) -> None:
        self.front, self._office, self.dice, self._note = front, office, dice, note
        self.habits = Habits()
        self.truth = Truth()
        self.courier = Person("courier", "courier-1", "730164")
        self.technician = Person("technician", "technician-1", "918273")
        self.expected: dict[str, Person] = {}
        """Recipients whose parcel was announced and has not been brought."""
        self.waiting: dict[str, Person] = {}
        """Recipients whose parcel was brought, as far as its courier knows."""
        self.withdrawn: set[str] = set()
        """Parcels that the back office has asked to be given back, whether it was heard yet or not."""
        self.letters: dict[str, list[tuple[str, Person]]] = {}
        """Each parcel's recipient with every code that was written, and the command that brings it."""
        self.owing: list[str] = []
        """Parcels that are opened only when they are paid."""
        self.senders: list[Person] = []

    @property
    def office(self) -> BackOffice:
        """The back office, which may be another after a restoration."""
        return self._office()

    async def begin(self) -> None:
        """Let the back office authorise who comes with a code of their own."""
        await self.office.authorise_courier(self.courier.name, code=self.courier.code)
        await self.office.authorise_technician(self.technician.name, code=self.technician.code)

    async def visit(self, who: str, what: Callable[[], Awaitable[None]]) -> None:
        """Stand in front of the automat, alone, and do something."""
        async with self.front.place:
            self._note(f"{who} comes")
            self.front.forget()
            await what()
            self._note(f"{who} goes")

    def behave(self) -> None:
        """Let everybody do from now on what they should."""
        self.habits = Habits(*[0.0] * len(fields(Habits)))

    # -- the back office

    async def announce(self, size: str) -> None:
        """Announce a parcel to somebody."""
        person = self.front.somebody()
        tracking_id = _id(person)
        owes = self._does(self.habits.owes)
        services = ("cash-on-delivery",) if owes else ()
        command_id = await self.office.announce(tracking_id, size, code=person.code, services=services)
        self.owing += [tracking_id] * owes
        self.letters[tracking_id] = [(command_id, person)]
        self.expected[tracking_id] = person

    async def expect_sender(self, size: str) -> None:
        """Give somebody a code to send a parcel with."""
        person = self.front.somebody()
        await self.office.expect_drop_off(_id(person), size, code=person.code)
        self.senders.append(person)

    async def change_some(self) -> None:
        """Withdraw a parcel, or write somebody a new code."""
        known = list((self.expected | self.waiting).items())
        if not known:
            return
        tracking_id, person = self.dice.choice(known)
        if self._does(0.5):
            self.withdrawn.add(tracking_id)
            await self.office.withdraw(tracking_id, "changed their mind")
            self.expected.pop(tracking_id, None)
        else:
            code = self.front.new_code()
            command_id = await self.office.replace_code(tracking_id, code=code)
            changed = replace(person, code=code)
            self.letters[tracking_id].append((command_id, changed))
            for people in (self.expected, self.waiting):
                if tracking_id in people:
                    people[tracking_id] = changed

    async def be_paid(self) -> None:
        """Have one be paid for that was sent so, brought or not."""
        if self.owing:
            await self.office.release(self.dice.choice(self.owing))

    async def open_some(self) -> None:
        """Open a door from afar; of so many that somebody on the spot has to agree."""
        labels = list(self.front.automat.doors())
        many = 1 if self._does(0.7) else OPENED_IN_A_ROW
        for number in range(many):
            if number > 0:
                await asyncio.sleep(self.dice.uniform(20, 60))
                await self.visit("a passer-by", self.pass_by)
            label = self.dice.choice(labels)
            await self.office.open_compartment(label, operator="operator-1", reason="a customer asked")
        if many > 1:
            await self.visit("a passer-by", self._agree)

    async def _agree(self) -> None:
        await asyncio.sleep(self.dice.uniform(1, 30))
        if "OK opens door" in self.front.text():
            await self.front.type(self.dice.choice(["OK", "OK", "C"]))

    async def change_mode(self) -> None:
        """Let the automat do less for a while."""
        await self.office.set_mode(
            self.dice.choice(MODES), operator="operator-1", reason="works in the street"
        )
        await asyncio.sleep(self.dice.uniform(60, 3600))
        await self.office.set_mode("normal", operator="operator-1", reason="the works are over")

    async def _leave(self) -> None:
        """Go, signed out, with every door shut; in the middle of something C leads to the next door."""
        for _ in range(DOORS_MOST):
            await self.front.type("C")
            if await self.front.read("signed out", within_s=2.0) is not None:
                break
            for label in self.front.open_doors():
                if self.expected.keys() & set(self.front.holds(label)):
                    self.front.take(label)  # C was to take it out again
                await self.front.shut(label)

    async def release_keypads(self) -> None:
        """Let whoever was shut out try again, as customer service does in the morning."""
        for keypad in self.front.automat.plan.keypads:
            await self.office.release_guard(keypad.id, "operator-1")

    def rightful(self, tracking_id: str, applied: Sequence[str]) -> Person | None:
        """Return the recipient with the code that the automat took last; None if it took none."""
        brought = dict(self.letters[tracking_id])
        return next((brought[each] for each in reversed(applied) if each in brought), None)

    # -- recipients

    async def collect_some(self) -> None:
        """Let one of those whose parcel waits collect it, or one whose parcel does not."""
        people = list((self.waiting or self.expected).values())
        if people:
            await self.collect(self.dice.choice(people))

    async def collect(self, person: Person) -> None:
        """Type the code, take what lies behind each door that opens, shut it."""
        front = self.front
        code = person.code
        if self._does(self.habits.mistypes):
            code = f"{(int(code) + 1) % 1_000_000:06d}"
        await front.type(f"C {code} OK")
        for _ in range(DOORS_MOST):
            text = await front.read(*TO_RECIPIENTS, within_s=25.0)
            if text is not None and any(each in text for each in SOMEBODY_ELSE_S):
                await front.type(f"C C {code} OK")
                continue
            label = None if text is None else door_in(text)
            if text is None or label is None:
                break
            if "Press lightly" in text:
                front.automat.press_door(label)
            elif "shut door" in text:
                await self._take_out(person, label)
            elif "did not open" in text:
                break
        for label in front.open_doors():  # whatever stands on the display, and if nothing does
            if _id(person) in front.holds(label):
                await self._take_out(person, label)

    async def _take_out(self, person: Person, label: str) -> None:
        front = self.front
        if not await front.opens(label):
            return
        await asyncio.sleep(self.dice.uniform(1, 6))
        if self._does(self.habits.takes_nothing):
            self.truth.lied.update(front.holds(label))
        else:
            taken = front.take(label)
            if _id(person) in taken:
                self.waiting.pop(_id(person), None)
            self.truth.lied.update(each for each in taken if each != _id(person))
        if self._does(self.habits.dawdles):
            await asyncio.sleep(self.dice.uniform(20, 120))
        if self._does(self.habits.forgets_to_shut):
            self._note(f"nobody shuts door {label}")
            return
        await asyncio.sleep(self.dice.uniform(0.5, 3))
        await front.shut(label)
        if self._does(self.habits.comes_back):
            await self._look_again(person, label)

    async def _look_again(self, person: Person, label: str) -> None:
        """Type the code once more, for a glove that was left there."""
        await asyncio.sleep(self.dice.uniform(1, 60))
        await self.front.type(f"C {person.code} OK")
        if await self.front.opens(label):
            await asyncio.sleep(self.dice.uniform(1, 6))
            await self.front.shut(label)

    # -- couriers

    async def bring(self) -> None:
        """Sign in and put in every parcel that was announced and fits."""
        front = self.front
        await front.type(f"C {self.courier.code} OK")
        if await front.read("Scan label") is None:
            return
        for tracking_id, person in list(self.expected.items())[:8]:
            if not await self._put_in(tracking_id):
                break
            if any(tracking_id in front.holds(label) for label in front.automat.doors()):
                self.expected.pop(tracking_id)
                self.waiting[tracking_id] = person
        await self._leave()

    async def _put_in(self, tracking_id: str) -> bool:
        front = self.front
        if front.has_scanner and self._does(0.5):
            front.scan(tracking_id)
        else:
            await front.type(f"{tracking_id[-8:]} OK")
        for _ in range(DOORS_MOST):
            text = await front.read(*TO_COURIERS, within_s=25.0)
            label = None if text is None else door_in(text)
            if text is None or label is None or "did not open" in text:
                return text is not None and "out of" not in text
            if "Press lightly" in text:
                front.automat.press_door(label)
                continue
            if not await front.opens(label):
                return False
            await asyncio.sleep(self.dice.uniform(1, 4))
            if front.holds(label) and front.holds(label) != (tracking_id,):
                await front.type("2")
                await front.shut(label)
                continue
            inside = front.put(label, tracking_id) or tracking_id in front.holds(label)
            await asyncio.sleep(self.dice.uniform(0.5, 3))
            await front.shut(label)
            return await self._confirm_deposit(tracking_id, label, inside=inside)
        return True

    async def _confirm_deposit(self, tracking_id: str, label: str, *, inside: bool) -> bool:
        front = self.front
        if await front.read("OK = parcel inside") is None:
            return False
        if self._does(self.habits.leaves_without_a_word):
            self._note(f"the courier goes without a word on {tracking_id} in {label}")
            return False
        if not inside:
            await front.type("C")
            await front.opens(label)
            await front.shut(label)
            return True
        await front.type("OK")
        return await front.read("is in compartment", "could not", within_s=8.0) is not None

    async def fetch(self) -> None:
        """Sign in and take away what is overdue, withdrawn or was sent."""
        front = self.front
        await front.type(f"C {self.courier.code} OK")
        if await front.read("Scan label") is None:
            return
        await front.type("1 OK")
        await self._go_round(FETCHING, FETCHED, 20, "", self._fetch_from)

    async def _fetch_from(self, label: str) -> None:
        front = self.front
        await asyncio.sleep(self.dice.uniform(1, 4))
        stuck = bool(front.holds(label)) and self._does(self.habits.cannot_take)
        taken = [] if stuck else front.take(label)
        await front.shut(label)
        if await front.read("OK taken") is None:
            self.truth.lied.update(taken)
            return
        await front.type("2" if stuck else "OK" if taken else "1")

    async def look(self, role: str = "courier") -> None:
        """Sign in and look into every compartment of which nobody is sure."""
        front = self.front
        if role == "courier":
            await front.type(f"C {self.courier.code} OK")
            if await front.read("Scan label") is None:
                return
            await front.type("2 OK")
        else:
            await front.type(f"C {self.technician.code} OK")
            if await front.read("1Open") is None:
                return
            await front.type("5")
        await self._go_round(LOOKING, LOOKED, 30, "Look inside", self._judge)

    async def _go_round(
        self,
        wanted: tuple[str, ...],
        ends: tuple[str, ...],
        most: int,
        asks: str,
        at_door: Callable[[str], Awaitable[None]],
    ) -> None:
        """Do what is asked at each door that opens, until one of the texts that end a round; sign out."""
        front = self.front
        for _ in range(most):
            text = await front.read(*wanted, within_s=30.0)
            if text is None or any(each in text for each in ends):
                break
            label = door_in(text)
            if label is None:
                continue
            if "Press lightly" in text:
                front.automat.press_door(label)
            elif asks in text and await front.opens(label):
                await at_door(label)
        await self._leave()

    async def _judge(self, label: str) -> None:
        front = self.front
        await asyncio.sleep(self.dice.uniform(1, 4))
        lies = front.holds(label)
        if self.truth.lied.intersection(lies):  # somebody left it: it goes back with the courier
            front.take(label)
            lies = ()
        await front.shut(label)
        text = await front.read("1 empty")
        if text is None:
            return
        if not lies:
            await front.type("1")
        elif "Should be here" in text and text.split("Should be here: ")[-1][:8] == lies[0][-8:]:
            await front.type("2")
        else:
            await front.type("2")
            if front.has_scanner and await front.read("Scan the label", within_s=4.0) is not None:
                front.scan(lies[0])
                await asyncio.sleep(2.0)

    # -- senders

    async def send_some(self) -> None:
        """Let one of the senders come."""
        if self.senders:
            await self.send(self.dice.choice(self.senders))

    async def send(self, person: Person) -> None:
        """Type the drop-off code, put the parcel in, say so."""
        front, tracking_id = self.front, _id(person)
        await front.type(f"C {person.code} OK")
        text = await front.read("Put the parcel", "recognised", "No free", "did not open", "out of", "in use",
                                "OK = parcel", "Too many", within_s=25.0)  # fmt: skip
        label = None if text is None else door_in(text)
        if text is None or label is None or "Put the parcel" not in text or not await front.opens(label):
            return
        await asyncio.sleep(self.dice.uniform(1, 4))
        inside = front.put(label, tracking_id) or tracking_id in front.holds(label)
        await front.shut(label)
        if await front.read("OK = parcel inside") is None:
            return
        if self._does(self.habits.leaves_without_a_word):
            return
        await front.type("OK" if inside else "C")
        if inside and await front.read("Received", "registered", within_s=8.0) is not None:
            self.senders.remove(person)
        elif not inside:
            await front.opens(label)
            await front.shut(label)

    # -- everybody else

    async def pass_by(self) -> None:
        """Shut every door that stands open."""
        for label in self.front.open_doors():
            await self.front.shut(label)

    async def serve(self) -> None:
        """Let the technician look into what nobody is sure of."""
        await self.look("technician")

    async def mash(self) -> None:
        """Press anything."""
        keys = " ".join(
            self.dice.choice(["C", "OK", *"0123456789"]) for _ in range(self.dice.randrange(3, 30))
        )
        await self.front.type(keys)
        await self.front.type("C")

    async def guess(self) -> None:
        """Try codes that nobody was given."""
        for _ in range(self.dice.randrange(1, 14)):
            await self.try_code(f"{self.dice.randrange(10**6):06d}", within_s=3.0)

    async def try_code(self, code: str, *, within_s: float) -> None:
        """Type a code, and take nothing where it is somebody's: to the law that was the recipient."""
        front = self.front
        before = set(front.open_doors())
        await front.type(f"C {code} OK")
        await front.read("recognised", "Too many", "locked", "out of", within_s=within_s)
        for label in set(front.open_doors()) - before:
            self.truth.lied.update(front.holds(label))

    def _does(self, share: float) -> bool:
        return self.dice.random() < share


def _id(person: Person) -> str:
    if person.tracking_id is None:
        raise ValueError(f"{person.name} has no parcel")
    return person.tracking_id
