"""What people, the back office and time do in a life: coroutines that may be cut short anywhere."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.backoffice.orders import Mode
from simulator.people import Person, new_code, new_tracking_id
from simulator.stories.stage import Stage, StoryFailedError
from tests.crash.codes import ANSWER_LIMIT_S, OPERATOR, UNKNOWN, collect, enter, settled, try_dead_code
from tests.crash.stand import Stand

COURIER, TECHNICIAN = "courier 1", "technician 1"
SIZES = ("S", "S", "M", "L")
REFILL_S = 600
REOPEN_WINDOW_S = 180
DAY_S = 86_400
LOOKS_AT_MOST = 14
AT_MENU = "Scan label, or type last digits"


@dataclass
class Crowd:
    """Who may come to this automat, and which of their codes must be dead."""

    stand: Stand
    recipients: dict[str, Person] = field(default_factory=dict)
    senders: dict[str, Person] = field(default_factory=dict)
    courier: Person | None = None
    technician: Person | None = None
    guesses: int = 0
    besieged: int = 0
    """For so many lives of the daemon more a robot guesses codes, and no time passes beside."""

    @property
    def dice(self) -> random.Random:
        """The dice of this life."""
        return self.stand.dice

    @property
    def stage(self) -> Stage:
        """Eyes and fingers of today."""
        return self.stand.stage

    def stranger(self) -> Person:
        """Somebody with a code and a parcel, of which the automat knows nothing."""
        people = self.stand.demo.people
        person = Person("recipient", "somebody", new_code(people, self.dice), new_tracking_id(people))
        people.append(person)
        return person

    async def parcels(self, state: str) -> list[dict[str, Any]]:
        """Ask the automat which parcels are in a state."""
        parcels = (await self.stand.demo.ask("/v1/parcels?all=true"))["parcels"]
        return [one for one in parcels if one["state"] == state]


Act = Callable[[Crowd], Awaitable[None]]


async def hire(crowd: Crowd) -> None:
    """Authorise a courier and a technician, once."""
    office, people = crowd.stand.demo.backoffice, crowd.stand.demo.people
    if crowd.courier is None:
        code = new_code(people, crowd.dice)
        await _applied(crowd, await office.authorise_courier(COURIER, code=code))
        crowd.courier = Person("courier", COURIER, code)
        people.append(crowd.courier)
    if crowd.technician is None:
        code = new_code(people, crowd.dice)
        await _applied(crowd, await office.authorise_technician(TECHNICIAN, code=code))
        crowd.technician = Person("technician", TECHNICIAN, code)
        people.append(crowd.technician)


async def deliver(crowd: Crowd) -> None:
    """A courier brings one or two parcels."""
    await bring(crowd, crowd.dice.choice((1, 1, 2)))


async def bring(crowd: Crowd, count: int, sizes: Sequence[str] = SIZES) -> None:
    """A courier brings so many parcels, each of one of these sizes."""
    stage = crowd.stage
    parcels = [await _announce(crowd, sizes) for _ in range(count)]
    await _sign_in(crowd)
    for parcel in parcels:
        tracking_id = parcel.tracking_id or ""
        await stage.type(f"{tracking_id[-8:]} OK")
        label = await _put_in(crowd, tracking_id)
        await stage.see_display(f"The parcel is in compartment {label}.")
        crowd.stand.witness.promise("parcel.stored", tracking_id)
    await _sign_out(crowd)


async def pick_up(crowd: Crowd) -> None:
    """A recipient comes with a right code."""
    stored = await crowd.parcels("stored")
    known = [one for one in stored if one["tracking_id"] in crowd.recipients]
    if known:
        parcel = crowd.dice.choice(known)
        await collect(crowd.stand, crowd.recipients[parcel["tracking_id"]], str(parcel["compartment"]))


async def reopen(crowd: Crowd) -> None:
    """Somebody comes back for what was forgotten; without that, a code that is dead stays dead."""
    gone = [one for key, one in crowd.recipients.items() if crowd.stand.witness.book.handed_over(key)]
    if gone:
        await crowd.stage.type(f"C {gone[-1].code} OK")
        await asyncio.sleep(crowd.dice.uniform(0.2, 0.6))


async def come_too_late(crowd: Crowd) -> None:
    """Somebody tries a code that was used up: nothing opens, today or after a kill."""
    gone = [one for key, one in crowd.recipients.items() if crowd.stand.witness.book.handed_over(key)]
    crowd.stand.demo.move_clock(REOPEN_WINDOW_S + REFILL_S)
    if gone:
        await try_dead_code(crowd.stand, crowd.dice.choice(gone))


async def guess(crowd: Crowd) -> None:
    """A robot types wrong codes as fast as it can."""
    witness = crowd.stand.witness
    for _ in range(crowd.dice.randint(1, 4)):
        before = witness.book.counts["code.missed"]
        used = [*crowd.recipients.values(), *crowd.senders.values()]
        text = await enter(crowd.stand, new_code([*used, *crowd.stand.demo.people], crowd.dice))
        if UNKNOWN in text:
            crowd.guesses += 1
            witness.promise("code.missed", None, before + 1)


async def send(crowd: Crowd) -> None:
    """A sender leaves a parcel."""
    office = crowd.stand.demo.backoffice
    sender = crowd.stranger()
    tracking_id = sender.tracking_id or ""
    crowd.senders[tracking_id] = sender
    await _applied(crowd, await office.expect_drop_off(tracking_id, "S", code=sender.code))
    await crowd.stage.type(f"C {sender.code} OK")
    await _put_in(crowd, tracking_id)
    await crowd.stage.see_display("egistered.")
    crowd.stand.witness.promise("parcel.dropped-off", tracking_id)


async def withdraw(crowd: Crowd) -> None:
    """The back office takes a parcel back."""
    stored = [one for one in await crowd.parcels("stored") if one["tracking_id"] in crowd.recipients]
    if stored:
        tracking_id = crowd.dice.choice(stored)["tracking_id"]
        crowd.stand.unknown_codes.add(tracking_id)
        crowd.recipients.pop(tracking_id, None)
        await _applied(crowd, await crowd.stand.demo.backoffice.withdraw(tracking_id, "sent back"))


async def take_away(crowd: Crowd) -> None:
    """A courier collects what is overdue, withdrawn or to be sent, door by door."""
    stage, automat = crowd.stage, crowd.stand.demo.automat
    await _sign_in(crowd)
    await stage.type("1 OK")
    for _ in range(LOOKS_AT_MOST):
        label = await _door_or_menu(crowd)
        if label is None:
            break
        taken = automat.take(label)
        automat.push_shut(label)
        await stage.see_display("OK taken 1 empty 2 stuck C stop")
        await stage.type("OK" if taken else "1")
    await _sign_out(crowd)


async def look(crowd: Crowd) -> None:
    """A courier looks into every compartment of which nobody is sure, and says the truth."""
    stage, automat = crowd.stage, crowd.stand.demo.automat
    await _sign_in(crowd)
    await stage.type("2 OK")
    for _ in range(LOOKS_AT_MOST):
        label = await _door_or_menu(crowd)
        if label is None:
            break
        inside = automat.door(label).contents
        automat.push_shut(label)
        text = await stage.see_display("3 dirty C leave")
        if not inside:
            await stage.type("1")
            continue
        await stage.type("2")
        if "1 empty 2 parcel" in text:
            await stage.see_display("Scan the label or")
            crowd.stand.demo.automat.scan(crowd.stand.demo.plan.scanners[0].id, inside[0])
            await asyncio.sleep(0.2)
            await stage.type("C")  # if it could not be entered: nobody knows what it is
    await _sign_out(crowd)


async def open_remotely(crowd: Crowd) -> None:
    """Customer service opens a door; whoever stands there shuts it."""
    crowd.stand.demo.move_clock(REFILL_S)
    label = crowd.dice.choice(crowd.stand.demo.plan.compartments).label
    office, automat = crowd.stand.demo.backoffice, crowd.stand.demo.automat
    await _applied(
        crowd, await office.open_compartment(label, operator=OPERATOR, reason="asked for"), or_refused=True
    )
    await crowd.stage.see_door(label, "open", 3.0)
    automat.push_shut(label)
    await crowd.stage.see_door(label, "shut")


async def change_mode(crowd: Crowd) -> None:
    """Customer service says what the automat may do, and takes it back."""
    office = crowd.stand.demo.backoffice
    modes: tuple[Mode, ...] = ("drain", "evacuate", "frozen")
    mode = crowd.dice.choice(modes)
    await office.set_mode(mode, operator=OPERATOR, reason="a test")
    await _applied(crowd, await office.set_mode("normal", operator=OPERATOR, reason="a test"))


async def block(crowd: Crowd) -> None:
    """Customer service takes a compartment out of use, and gives it back."""
    office, label = crowd.stand.demo.backoffice, crowd.dice.choice(crowd.stand.demo.plan.compartments).label
    await office.block_compartment(label, operator=OPERATOR, reason="graffiti")
    await _applied(crowd, await office.unblock_compartment(label, operator=OPERATOR))


async def wait(crowd: Crowd) -> None:
    """Time passes: minutes, or days."""
    crowd.stand.demo.move_clock(crowd.dice.choice((60, 3600, DAY_S, 4 * DAY_S)))
    await asyncio.sleep(0.2)


ACTS: tuple[tuple[Act, int], ...] = (
    (deliver, 30),
    (pick_up, 30),
    (reopen, 6),
    (come_too_late, 5),
    (guess, 10),
    (send, 12),
    (withdraw, 4),
    (take_away, 8),
    (look, 12),
    (open_remotely, 5),
    (change_mode, 3),
    (block, 2),
    (wait, 3),
)
"""Each act and how often it is chosen."""


async def _applied(crowd: Crowd, command: str, *, or_refused: bool = False) -> None:
    outcome = await settled(crowd.stand, command)
    if outcome != "applied" and not or_refused:
        raise StoryFailedError(f"command {command}: {outcome}, {crowd.stand.demo.backoffice.reason(command)}")


async def _announce(crowd: Crowd, sizes: Sequence[str]) -> Person:
    person = crowd.stranger()
    tracking_id = person.tracking_id or ""
    crowd.recipients[tracking_id] = person
    office = crowd.stand.demo.backoffice
    await _applied(crowd, await office.announce(tracking_id, crowd.dice.choice(sizes), code=person.code))
    return person


async def _sign_in(crowd: Crowd) -> None:
    if crowd.courier is None:
        raise StoryFailedError("no courier has been hired")
    await crowd.stage.type(f"C {crowd.courier.code} OK")
    await crowd.stage.see_display(AT_MENU)


async def _sign_out(crowd: Crowd) -> None:
    await crowd.stage.type("C")
    await crowd.stage.see_display("You are signed out.")


async def _put_in(crowd: Crowd, tracking_id: str) -> str:
    """Put a parcel behind the door that opens, shut it and say so; the compartment."""
    automat = crowd.stand.demo.automat
    await crowd.stage.see_display("Put the parcel in, shut door")
    await automat.until(lambda: _open_door(crowd) is not None, ANSWER_LIMIT_S, "an open door")
    label = _open_door(crowd) or ""
    automat.put(label, tracking_id)
    automat.push_shut(label)
    await crowd.stage.see_display("OK = parcel inside")
    await crowd.stage.type("OK")
    return label


async def _door_or_menu(crowd: Crowd) -> str | None:
    """Wait for the next door of a round; None: the round is over."""
    automat, view = crowd.stand.demo.automat, crowd.stand.demo.automat.display(crowd.stage.display)

    def over() -> bool:
        text = " ".join(view.text().split())
        return text.startswith(("Thank you. Still", "Parcels taken", "There is nothing", "No compartment"))

    await automat.until(lambda: _open_door(crowd) is not None or over(), ANSWER_LIMIT_S, "the next door")
    return _open_door(crowd)


def _open_door(crowd: Crowd) -> str | None:
    doors = crowd.stand.demo.automat.doors()
    return next((label for label, view in doors.items() if view.state == "open"), None)
