"""What couriers and technicians do again and again in stories, and how they get their codes and parcels."""

import re
from datetime import timedelta
from typing import Any, Literal

from simulator.people import Person, new_code, new_tracking_id
from simulator.stories.stage import Stage, Stored, StoryFailedError

WELCOME = {"courier": "Scan label, or type last digits and OK.", "technician": "1Open 2Test"}
JUDGE = "1 empty 2 parcel 3 dirty C leave"
REMOVED = "OK taken 1 empty 2 stuck C stop"
_PUT = re.compile(r"shut door (\S+)\.")


# -- the back office


async def hire(
    stage: Stage,
    role: Literal["courier", "technician"],
    name: str | None = None,
    *,
    valid_for: timedelta | None = None,
) -> Person:
    """Let the back office authorise somebody, `valid_for` from now; returns when the automat knows."""
    people, office = stage.demo.people, stage.demo.backoffice
    person = Person(role, name or f"{role} 1", new_code(people, stage.dice))
    authorise = office.authorise_courier if role == "courier" else office.authorise_technician
    until = None if valid_for is None else stage.demo.steering.now() + valid_for
    await applied(stage, await authorise(person.name, code=person.code, valid_until=until))
    people.append(person)
    return person


async def announce(stage: Stage, size: str | None = "S", **said: Any) -> Person:
    """Let the back office announce a parcel; `said` is what else it says of it."""
    recipient = stranger(stage)
    await applied(stage, await _announce(stage, recipient, size, said))
    return recipient


async def announce_in_vain(stage: Stage, reason: str, size: str | None = "S", **said: Any) -> Person:
    """Let the back office announce what this automat may not take; expects that it says why."""
    recipient = stranger(stage)
    command = await _announce(stage, recipient, size, said)
    await stage.expect_entry("command.refused", id=command, reason=reason)
    return recipient


def stranger(stage: Stage, tracking_id: str | None = None) -> Person:
    """Return somebody with a code and a parcel, of which the automat knows nothing."""
    people = stage.demo.people
    person = Person(
        "recipient", "somebody", new_code(people, stage.dice), tracking_id or new_tracking_id(people)
    )
    people.append(person)
    return person


async def applied(stage: Stage, command: str) -> None:
    """Expect that the automat obeys a command."""
    await stage.expect_entry("command.applied", id=command)


def parcel_of(person: Person) -> str:
    """Return the tracking id of somebody's parcel."""
    if person.tracking_id is None:
        raise ValueError(f"{person.name} has no parcel")
    return person.tracking_id


def digits_of(person: Person) -> str:
    """Return the digits by which a display names somebody's parcel."""
    return parcel_of(person)[-8:]


# -- at the keypad


async def sign_in(stage: Stage, person: Person) -> None:
    """Type a courier's or technician's code; expects the menu."""
    await stage.type(f"C {person.code} OK")
    await stage.see_display(WELCOME[person.role])


async def sign_out(stage: Stage) -> None:
    """Press C in the menu."""
    await stage.type("C")
    await stage.see_display("You are signed out.")


async def put_in(stage: Stage, recipient: Person, *, typed: bool = False) -> Stored:
    """Scan a parcel or type its digits, put it in, shut the door, confirm; for a courier who is signed in."""
    label = await open_for(stage, recipient, typed=typed)
    stage.hand.put(label, parcel_of(recipient))
    return await confirm(stage, recipient, label)


async def open_for(stage: Stage, recipient: Person, *, typed: bool = False) -> str:
    """Scan a parcel's label or type its digits; the compartment that opens.

    A label that was scanned less than a second ago is taken for the same scan: type it then.
    """
    if typed:
        await stage.type(f"{digits_of(recipient)} OK")
    else:
        stage.scan(parcel_of(recipient))
    return await see_open(stage)


async def see_open(stage: Stage) -> str:
    """Expect that a compartment opens for a parcel; which one the display says."""
    text = await stage.see_display("Put the parcel in, shut door")
    named = _PUT.search(text)
    if named is None:
        raise StoryFailedError(f"the display names no door: {text!r}")
    await stage.see_door(named[1], "open")
    return named[1]


async def confirm(stage: Stage, recipient: Person, label: str, **data: Any) -> Stored:
    """Shut the door and press OK; expects the deposit, with `data` in its entry."""
    await shut(stage, label, "OK = parcel inside")
    await stage.type("OK")
    await stage.see_display(f"The parcel is in compartment {label}.")
    await stage.expect_entry("parcel.stored", subject=parcel_of(recipient), compartment=label, **data)
    return Stored(parcel_of(recipient), recipient.code, label)


async def shut(stage: Stage, label: str, then: str) -> None:
    """Push a door shut; expects what the display says then."""
    stage.hand.push_shut(label)
    await stage.see_display(then)


async def bring(stage: Stage, courier: Person, *recipients: Person) -> list[Stored]:
    """Sign in, put every parcel in, sign out."""
    stage.say(f"{courier.name} brings {len(recipients)} parcels")
    await sign_in(stage, courier)
    stored = [await put_in(stage, recipient) for recipient in recipients]
    await sign_out(stage)
    return stored


# -- collecting and looking into compartments


async def take_away(stage: Stage, parcel: Stored, *, why: str) -> None:
    """Take the next parcel of a round out and say so; expects the removal, grade A."""
    await see_next(stage, parcel)
    taken = stage.hand.take(parcel.compartment)
    stage.check(parcel.tracking_id in taken, f"the hand holds parcel {parcel.tracking_id}")
    await shut(stage, parcel.compartment, REMOVED)
    await stage.type("OK")
    await stage.expect_entry("parcel.removed", subject=parcel.tracking_id, why=why, grade="A")


async def see_next(stage: Stage, parcel: Stored) -> None:
    """Expect that a round comes to this parcel, and that its door opens."""
    await stage.see_display(f"Door {parcel.compartment}: take {parcel.tracking_id[-8:]}")
    await stage.see_door(parcel.compartment, "open")


async def look_into(stage: Stage, label: str, question: str = JUDGE) -> None:
    """Shut a door that opened for somebody to look inside; expects the question what lies there."""
    await stage.see_display(f"Look inside and shut door {label}.")
    await stage.see_door(label, "open")
    await shut(stage, label, question)


async def is_free(stage: Stage, label: str) -> bool:
    """Tell whether the automat would offer a compartment now."""
    boxes = (await stage.demo.ask("/v1/compartments"))["compartments"]
    return next(bool(box["free"]) for box in boxes if box["label"] == label)


async def _announce(stage: Stage, recipient: Person, size: str | None, said: dict[str, Any]) -> str:
    tracking_id = parcel_of(recipient)
    return await stage.demo.backoffice.announce(tracking_id, size, code=recipient.code, **said)
