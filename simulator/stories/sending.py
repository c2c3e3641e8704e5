"""Stories of people who send parcels."""

from datetime import datetime, timedelta
from typing import Any

from simulator.people import Person, new_code, new_tracking_id
from simulator.stories.collection import COLLECT
from simulator.stories.crew import (
    announce,
    applied,
    bring,
    hire,
    is_free,
    parcel_of,
    see_open,
    shut,
    sign_in,
    sign_out,
    take_away,
)
from simulator.stories.stage import Stage, Stored

HOUR_S = 3600
CONFIRM_WAIT_S = 60
REOPEN_WINDOW_S = 180
CONFIRM = "OK = parcel inside"


async def send(stage: Stage) -> None:
    """A sender leaves a parcel; the back office registers it at once, and the display says so."""
    sender = await expect_sender(stage)
    parcel = await drop_off(stage, sender)
    await see_registered(stage, parcel)
    stage.say("the code has done what it was for")
    await stage.type(f"C {sender.code} OK")
    await stage.see_display("Code not recognised.")


async def send_offline(stage: Stage) -> None:
    """Without a broker a parcel is received and not yet registered; the journal keeps both moments."""
    sender = await expect_sender(stage)
    stage.say("the broker goes down")
    await stage.demo.broker.stop()
    parcel = await drop_off(stage, sender, receipt=False)
    stage.expect_no_entry("parcel.dropped-off")
    stage.move_clock(HOUR_S, "nobody hears of it")
    stage.say("the broker comes back")
    await stage.demo.broker.restart()
    await stage.expect_entry("parcel.dropped-off", subject=parcel.tracking_id, grade="A")
    await see_registered(stage, parcel, at_least_s=HOUR_S)


async def send_return(stage: Stage) -> None:
    """A return goes back to its shop: its buyer leaves it, a courier takes it away in the next round."""
    sender = await expect_sender(
        stage, None, product="posti-palautus", dimensions_mm=(300, 200, 100), weight_g=900
    )
    parcel = await drop_off(stage, sender)
    await see_registered(stage, parcel)
    courier = await hire(stage, "courier")
    stage.say("the courier makes a round")
    await sign_in(stage, courier)
    await stage.type(COLLECT)
    await take_away(stage, parcel, why="registered")
    await stage.see_display("Parcels taken: 1 Still to take: 0")
    await sign_out(stage)
    stage.check(await is_free(stage, parcel.compartment), f"compartment {parcel.compartment} is free")


async def send_unconfirmed(stage: Stage) -> None:
    """A sender leaves without confirming; the same code comes back to the same box, which was kept for it."""
    sender = await expect_sender(stage)
    label = await open_for_sending(stage, sender)
    stage.hand.put(label, parcel_of(sender))
    await shut(stage, label, CONFIRM)
    stage.move_clock(CONFIRM_WAIT_S, "the sender's bus leaves")
    await stage.expect_entry("deposit.abandoned", subject=sender.tracking_id, compartment=label)
    await stage.expect_entry("incident.raised", incident="deposit-unconfirmed", about=label)
    stage.expect_no_entry("parcel.dropped-off")
    stage.check(not await is_free(stage, label), f"compartment {label} is offered to nobody")
    stage.say("an hour later the sender is back")
    again = await open_for_sending(stage, sender)
    stage.check(again == label, f"it is door {label} again")
    await shut(stage, label, CONFIRM)
    await confirm_sending(stage, sender, label)
    await stage.expect_entry("incident.cleared", incident="deposit-unconfirmed", about=label)


async def send_too_small(stage: Stage) -> None:
    """The parcel does not go in: a larger box opens, and the first one is free again."""
    sender = await expect_sender(stage, "S")
    first = await open_for_sending(stage, sender)
    await stage.type("1")
    await stage.see_display(f"Take the parcel and shut door {first}.")
    stage.hand.push_shut(first)
    second = await see_open(stage)
    sizes = {box.label: box.size for box in stage.demo.plan.compartments}
    stage.check(
        (sizes[first], sizes[second]) == ("S", "M"), f"door {second} is the next larger after {first}"
    )
    stage.check(stage.most_open == 1, "never were two doors open at once")
    stage.hand.put(second, parcel_of(sender))
    await shut(stage, second, CONFIRM)
    await confirm_sending(stage, sender, second)
    stage.check(await is_free(stage, first), f"compartment {first} is free")


async def send_occupied(stage: Stage) -> None:
    """The box is not empty: another one opens, and the first is offered to nobody until somebody looks."""
    sender = await expect_sender(stage)
    first = await open_for_sending(stage, sender)
    await stage.type("2")
    await stage.see_display(f"Take the parcel and shut door {first}.")
    stage.hand.push_shut(first)
    second = await see_open(stage)
    stage.check(second != first, f"door {second} is another one")
    await stage.expect_entry("compartment.to-inspect", compartment=first)
    await stage.expect_entry("incident.raised", incident="compartment-occupied", about=first)
    stage.hand.put(second, parcel_of(sender))
    await shut(stage, second, CONFIRM)
    await confirm_sending(stage, sender, second)
    stage.check(not await is_free(stage, first), f"compartment {first} is offered to nobody")


async def send_cancelled(stage: Stage) -> None:
    """A sender thinks better of it: the box is free again, and the code stays valid."""
    sender = await expect_sender(stage)
    label = await open_for_sending(stage, sender)
    await stage.type("C")
    await stage.see_display(f"Take the parcel and shut door {label}.")
    await shut(stage, label, "Nothing was sent. Your code is valid.")
    await stage.expect_entry("deposit.cancelled", subject=sender.tracking_id, compartment=label)
    stage.check(await is_free(stage, label), f"compartment {label} is free")
    stage.say("and thinks better of that, too")
    await drop_off(stage, sender)


async def send_expired(stage: Stage) -> None:
    """A drop-off code whose time is over is a wrong code like any other."""
    sender = await expect_sender(stage, valid_until=stage.demo.steering.now() + timedelta(hours=1))
    stage.move_clock(HOUR_S, "nobody comes")
    await stage.type(f"C {sender.code} OK")
    await stage.see_display("Code not recognised.")
    await stage.expect_entry("code.missed")
    stage.expect_no_entry("code.accepted")
    stage.check(not stage.openings, "no door opened")


async def send_no_room(stage: Stage) -> None:
    """The automat is full: the code stays valid, and opens as soon as something has been collected."""
    courier, recipient = await hire(stage, "courier"), await announce(stage)
    (stored,) = await bring(stage, courier, recipient)
    sender = await expect_sender(stage)
    opened = len(stage.openings)
    await stage.type(f"C {sender.code} OK")
    await stage.see_display("No free compartment fits now.")
    await stage.expect_entry("deposit.refused", subject=sender.tracking_id, reason="no-compartment")
    stage.check(len(stage.openings) == opened, "no door opened")
    stage.expect_no_entry("code.missed")
    stage.say("somebody collects a parcel")
    await stage.pick_up(stored)
    stage.move_clock(REOPEN_WINDOW_S, "nothing was forgotten")
    await drop_off(stage, sender)


async def expect_sender(stage: Stage, size: str | None = "S", **said: Any) -> Person:
    """Let the back office give somebody a drop-off code; `said` is what else it says of the parcel."""
    people, office = stage.demo.people, stage.demo.backoffice
    sender = Person("sender", "sender", new_code(people, stage.dice), new_tracking_id(people))
    people.append(sender)
    await applied(stage, await office.expect_drop_off(parcel_of(sender), size, code=sender.code, **said))
    return sender


async def drop_off(stage: Stage, sender: Person, *, receipt: bool = True) -> Stored:
    """Type the code, put the parcel in, shut the door, confirm; expects the receipt if it can come."""
    label = await open_for_sending(stage, sender)
    stage.hand.put(label, parcel_of(sender))
    await shut(stage, label, CONFIRM)
    return await confirm_sending(stage, sender, label, receipt=receipt)


async def open_for_sending(stage: Stage, sender: Person) -> str:
    """Type a drop-off code; the compartment that opens."""
    await stage.type(f"C {sender.code} OK")
    return await see_open(stage)


async def confirm_sending(stage: Stage, sender: Person, label: str, *, receipt: bool = True) -> Stored:
    """Press OK at a door that was shut; expects the receipt if it can come, and is registered then."""
    parcel = Stored(parcel_of(sender), sender.code, label)
    await stage.type("OK")
    # What is said first is gone in a moment if the back office answers at once.
    await stage.see_display("Parcel registered." if receipt else "Received, not yet registered.")
    if receipt:
        await stage.expect_entry(
            "parcel.dropped-off", subject=parcel.tracking_id, compartment=label, grade="A"
        )
    return parcel


async def see_registered(stage: Stage, parcel: Stored, *, at_least_s: float = 0.0) -> None:
    """Expect that the back office registers a parcel, and both moments in the journal."""
    entry = await stage.expect_entry(
        "parcel.registered", subject=parcel.tracking_id, compartment=parcel.compartment
    )
    dropped_off, registered = (
        datetime.fromisoformat(entry.data[name]) for name in ("droppedoff", "registered")
    )
    apart_s = (registered - dropped_off).total_seconds()
    stage.check(at_least_s <= apart_s, "the journal has both moments, dropped off and registered")
