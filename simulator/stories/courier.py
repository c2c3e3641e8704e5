"""Stories of couriers who bring parcels, and of what may stand in their way."""

from simulator.people import Person
from simulator.stories.crew import (
    announce,
    announce_in_vain,
    applied,
    bring,
    confirm,
    hire,
    is_free,
    open_for,
    parcel_of,
    put_in,
    see_open,
    shut,
    sign_in,
    sign_out,
    stranger,
    take_away,
)
from simulator.stories.stage import Stage, Stored

CONFIRM_WAIT_S = 60
REOPEN_WINDOW_S = 180
BIGGER, OCCUPIED, CANCEL = "1", "2", "C"
PERSONAL_HANDOVER = "personal-handover"
WIDER_THAN_ANY_BOX_MM = (500, 500, 400)
RIGHT_S10, WRONG_S10 = "RR473124829FI", "RR473124828FI"
"""The published example of an S10 number, and the same with another check digit."""


async def courier_round(stage: Stage) -> None:
    """Many parcels in a row by scanner; what waits to be taken away is in the menu, at any time."""
    courier, first = await hire(stage, "courier"), await announce(stage)
    (withdrawn,) = await bring(stage, courier, first)
    await applied(stage, await stage.demo.backoffice.withdraw(withdrawn.tracking_id, "sent back"))
    small, middle, large = [await announce(stage, size) for size in ("S", "M", "L")]
    await sign_in(stage, courier)
    await stage.see_display("1 OK = collect: 1")
    stored = [await put_in(stage, small), await put_in(stage, middle)]
    stage.say("in between, one is taken away")
    await stage.type("1 OK")
    await take_away(stage, withdrawn, why="withdrawn")
    await stage.see_display("Parcels taken: 1 Still to take: 0")
    stored.append(await put_in(stage, large))
    await sign_out(stage)
    stage.check(len({parcel.compartment for parcel in stored}) == len(stored), "each has a box of its own")
    await stage.pick_up(stored[-1])


async def scanner_acknowledgement(stage: Stage) -> None:
    """A scanner acknowledges a command in front of the label: what counts is the label alone."""
    courier, recipient = await hire(stage, "courier"), await announce(stage)
    await sign_in(stage, courier)
    stage.automat.set_fault("acknowledgement-in-front", stage.demo.plan.scanners[0].id, 1)
    stored = await put_in(stage, recipient)
    await sign_out(stage)
    await stage.pick_up(stored)


async def too_small(stage: Stage) -> None:
    """The parcel does not go in: a bigger box opens, and the small one is free again at once."""
    courier, recipient = await hire(stage, "courier"), await announce(stage)
    await sign_in(stage, courier)
    small = await open_for(stage, recipient)
    bigger = await _choose(stage, recipient, small, BIGGER)
    stage.check(_volume(stage, bigger.compartment) > _volume(stage, small), "it is larger")
    stage.check(await is_free(stage, small), f"compartment {small} is free")
    stage.check(stage.most_open == 1, "never were two doors open at once")
    await sign_out(stage)
    await stage.pick_up(bigger)


async def occupied(stage: Stage) -> None:
    """Something lies in the box: another one opens, and this one is offered to nobody."""
    courier, recipient = await hire(stage, "courier"), await announce(stage)
    await sign_in(stage, courier)
    full = await open_for(stage, recipient)
    stage.say("somebody's umbrella lies in it")
    stage.hand.put(full, "umbrella")
    other = await _choose(stage, recipient, full, OCCUPIED)
    await stage.expect_entry("incident.raised", incident="compartment-occupied", about=full)
    await stage.expect_entry("compartment.to-inspect", compartment=full)
    stage.check(not await is_free(stage, full), f"compartment {full} is offered to nobody")
    await sign_out(stage)
    await stage.pick_up(other)


async def deposit_cancelled(stage: Stage) -> None:
    """A courier changes their mind in front of the open door: the box is free again, the parcel expected."""
    courier, recipient = await hire(stage, "courier"), await announce(stage)
    await sign_in(stage, courier)
    label = await open_for(stage, recipient)
    await stage.type(CANCEL)
    await stage.see_display(f"Take the parcel and shut door {label}.")
    await shut(stage, label, f"Deposit cancelled, compartment {label}.")
    await stage.expect_entry("deposit.cancelled", subject=recipient.tracking_id, reason="cancelled")
    stage.expect_no_entry("parcel.stored")
    stage.check(await is_free(stage, label), f"compartment {label} is free")
    stage.say("and once more, this time behind the shut door: it opens to take the parcel out")
    again = await open_for(stage, recipient, typed=True)
    stage.hand.put(again, parcel_of(recipient))
    await shut(stage, again, "OK = parcel inside")
    await stage.type(CANCEL)
    await stage.see_display(f"Take the parcel and shut door {again}.")
    await stage.see_door(again, "open")
    stage.hand.take(again)
    await shut(stage, again, f"Deposit cancelled, compartment {again}.")
    await stage.expect_entry("deposit.cancelled", subject=recipient.tracking_id, reason="cancelled")
    stage.check(await is_free(stage, again), f"compartment {again} is free")
    await sign_out(stage)


async def deposit_left(stage: Stage) -> None:
    """A courier leaves without confirming: the box is neither free nor full, the next parcel gets another."""
    courier, first, second = await hire(stage, "courier"), await announce(stage), await announce(stage)
    await sign_in(stage, courier)
    left = await open_for(stage, first)
    await shut(stage, left, "OK = parcel inside")
    stage.move_clock(CONFIRM_WAIT_S, "the courier has gone")
    await stage.see_display("You are signed out.")
    await stage.expect_entry("deposit.abandoned", subject=first.tracking_id, compartment=left)
    await stage.expect_entry("incident.raised", incident="deposit-unconfirmed", about=left)
    stage.check(not await is_free(stage, left), f"compartment {left} is offered to nobody")
    stage.expect_no_entry("parcel.stored")
    await sign_in(stage, courier)
    await stage.see_display("2 OK = check: 1")
    stored = await put_in(stage, second)
    stage.check(stored.compartment != left, "the next parcel has another box")
    await sign_out(stage)


async def unannounced(stage: Stage) -> None:
    """Nobody announced a parcel: it is stored, waits for its code, and is collected once it has one."""
    courier, recipient = await hire(stage, "courier"), stranger(stage)
    await sign_in(stage, courier)
    stage.scan(parcel_of(recipient))
    await stage.see_display("Parcel size? 1=S 2=M 3=L 4=XL")
    await stage.type("1")
    label = await see_open(stage)
    stage.hand.put(label, parcel_of(recipient))
    stored = await confirm(stage, recipient, label, unannounced=True)
    await sign_out(stage)
    stage.say("no code opens it yet")
    await stage.type(f"C {recipient.code} OK")
    await stage.see_display("Code not recognised.")
    stage.say("the back office announces it at last")
    announced = await stage.demo.backoffice.announce(parcel_of(recipient), "S", code=recipient.code)
    await applied(stage, announced)
    await stage.pick_up(stored)


async def refused_service(stage: Stage) -> None:
    """Personal handover is nothing for an automat: refused when announced, and again at the door."""
    courier = await hire(stage, "courier")
    reason = f"service-{PERSONAL_HANDOVER}"
    recipient = await announce_in_vain(stage, reason, services=(PERSONAL_HANDOVER,))
    await _refused_at_the_door(stage, courier, recipient, "Not allowed here: personal handover.", reason)


async def too_large(stage: Stage) -> None:
    """The post would carry it, but no box holds it: refused when announced, and again at the door."""
    courier = await hire(stage, "courier")
    reason = "too-large-for-this-automat"
    recipient = await announce_in_vain(stage, reason, None, dimensions_mm=WIDER_THAN_ANY_BOX_MM)
    await _refused_at_the_door(stage, courier, recipient, "Not allowed here: parcel too large.", reason)


async def seen_before(stage: Stage) -> None:
    """A tracking id was here already: it is refused when announced again, and at the door."""
    courier, recipient = await hire(stage, "courier"), await announce(stage)
    (stored,) = await bring(stage, courier, recipient)
    await stage.pick_up(stored)
    stage.move_clock(REOPEN_WINDOW_S, "nobody comes back")
    stage.say("the same number is announced again")
    command = await stage.demo.backoffice.announce(stored.tracking_id, "S", code=stored.code)
    await stage.expect_entry("command.refused", id=command)
    text = "This tracking id was used here already."
    await _refused_at_the_door(stage, courier, recipient, text, "tracking-id-seen-before")


async def mistyped_label(stage: Stage) -> None:
    """An S10 number with a wrong check digit is not taken; the right one is."""
    courier = await hire(stage, "courier")
    await sign_in(stage, courier)
    stage.scan(WRONG_S10)
    await stage.see_display("Label not understood")
    stage.scan(RIGHT_S10)
    await stage.see_display("Parcel size?")
    await stage.type("C")
    await stage.see_display("Scan label")
    await sign_out(stage)
    stage.check(not stage.openings, "no door opened")


async def no_room(stage: Stage) -> None:
    """The only compartment is full: the next parcel is refused, until the first one has left."""
    courier, first, second = await hire(stage, "courier"), await announce(stage), await announce(stage)
    await sign_in(stage, courier)
    stored = await put_in(stage, first)
    stage.scan(parcel_of(second))
    await stage.see_display("No free compartment fits this parcel.")
    await stage.expect_entry("deposit.refused", subject=second.tracking_id, reason="no-compartment")
    await sign_out(stage)
    await stage.pick_up(stored)
    stage.move_clock(REOPEN_WINDOW_S, "nothing was forgotten in it")
    await bring(stage, courier, second)


async def accessible(stage: Stage) -> None:
    """A low compartment is kept for those who asked for one; others get it only when nothing else is left."""
    courier = await hire(stage, "courier")
    asked, other = await announce(stage, accessible=True), await announce(stage)
    await sign_in(stage, courier)
    others = await put_in(stage, other)
    low = await put_in(stage, asked)
    boxes = {box.label: box for box in stage.demo.plan.compartments}
    stage.check(boxes[low.compartment].accessible, f"compartment {low.compartment} is low enough")
    stage.check(not boxes[others.compartment].accessible, f"compartment {others.compartment} is not")
    await sign_out(stage)
    await stage.pick_up(low)


async def courier_revoked(stage: Stage) -> None:
    """A courier's right ends while a door is open: that parcel is stored, no other door opens."""
    courier, first, second = await hire(stage, "courier"), await announce(stage), await announce(stage)
    await sign_in(stage, courier)
    label = await open_for(stage, first)
    stage.hand.put(label, parcel_of(first))
    await applied(stage, await stage.demo.backoffice.revoke_courier(courier.name))
    stored = await confirm(stage, first, label)
    opened = len(stage.openings)
    stage.scan(parcel_of(second))
    await stage.see_display("You are signed out.")
    await stage.expect_entry("courier.signed-out", courier=courier.name, why="no longer authorised")
    await stage.type(f"C {courier.code} OK")
    await stage.see_display("Code not recognised.")
    await stage.expect_entry("code.missed")
    stage.check(len(stage.openings) == opened, "no other door opened")
    await stage.pick_up(stored)


async def _choose(stage: Stage, recipient: Person, label: str, choice: str) -> Stored:
    """Say in front of an open door that it will not do; put the parcel into the one that opens then."""
    await stage.type(choice)
    await stage.see_display(f"Take the parcel and shut door {label}.")
    stage.hand.push_shut(label)
    other = await see_open(stage)
    stage.check(other != label, "another door opens, and only after the first is shut")
    stage.hand.put(other, parcel_of(recipient))
    return await confirm(stage, recipient, other)


async def _refused_at_the_door(
    stage: Stage, courier: Person, recipient: Person, text: str, reason: str
) -> None:
    opened = len(stage.openings)
    await sign_in(stage, courier)
    stage.scan(parcel_of(recipient))
    await stage.see_display(text)
    await stage.expect_entry("deposit.refused", subject=recipient.tracking_id, reason=reason)
    await sign_out(stage)
    stage.check(len(stage.openings) == opened, "no door opened")


def _volume(stage: Stage, label: str) -> int:
    box = next(box for box in stage.demo.plan.compartments if box.label == label)
    return box.width_mm * box.height_mm * box.depth_mm
