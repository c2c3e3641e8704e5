"""Stories of compartments of which nobody is sure, and of those who look into them."""

from simulator.stories.crew import (
    announce,
    applied,
    bring,
    hire,
    is_free,
    look_into,
    open_for,
    parcel_of,
    put_in,
    shut,
    sign_in,
    sign_out,
)
from simulator.stories.stage import Stage, Stored

LOOK = "2 OK"
LOOK_OF_A_TECHNICIAN = "5"
CONFIRM_WAIT_S = 60


async def suspect_box(stage: Stage) -> None:
    """A box was broken open: it is offered to nobody until a courier has looked, and is free at once then."""
    label = stage.demo.plan.compartments[0].label
    courier, recipient = await hire(stage, "courier"), await announce(stage)
    stage.say("somebody breaks the only compartment open and shuts it again")
    stage.automat.force(label)
    await stage.see_door(label, "open")
    await stage.expect_entry("incident.raised", incident="door-opened-unasked", about=label)
    stage.hand.push_shut(label)
    await stage.see_door(label, "shut")
    await sign_in(stage, courier)
    stage.scan(parcel_of(recipient))
    await stage.see_display("No free compartment")
    await stage.expect_entry("deposit.refused", subject=recipient.tracking_id, reason="no-compartment")
    stage.say("the courier looks into it")
    await stage.type(LOOK)
    await look_into(stage, label)
    await stage.type("1")
    await stage.see_display("Thank you. Still to look into: 0")
    await stage.expect_entry("compartment.inspected", compartment=label, verdict="empty", grade="A")
    await stage.expect_entry("incident.cleared", incident="door-opened-unasked", about=label)
    stage.check(await is_free(stage, label), f"compartment {label} is free at once")
    stored = await put_in(stage, recipient, typed=True)
    await sign_out(stage)
    await stage.pick_up(stored)


async def found_inside(stage: Stage) -> None:
    """Somebody left a parcel without a word; the next look finds it, names it, and it is stored for good."""
    courier, recipient = await hire(stage, "courier"), await announce(stage)
    await sign_in(stage, courier)
    label = await open_for(stage, recipient)
    stage.hand.put(label, parcel_of(recipient))
    await shut(stage, label, "OK = parcel inside")
    stage.move_clock(CONFIRM_WAIT_S, "the courier is called away")
    await stage.expect_entry("deposit.abandoned", subject=recipient.tracking_id, compartment=label)
    await stage.expect_entry("incident.raised", incident="deposit-unconfirmed", about=label)
    stage.say("nobody has confirmed it: the code opens nothing")
    await stage.type(f"C {recipient.code} OK")
    await stage.see_display("Code not recognised.")
    stage.say("another courier looks")
    await sign_in(stage, await hire(stage, "courier", "courier 2"))
    await stage.type(LOOK)
    await look_into(stage, label)
    await stage.type("2")
    await stage.see_display("Scan the label or type digits, OK.")
    stage.scan(parcel_of(recipient))
    await stage.see_display("Thank you. Still to look into: 0")
    await stage.expect_entry("parcel.stored", subject=recipient.tracking_id, compartment=label, found=True)
    await stage.expect_entry("incident.cleared", incident="deposit-unconfirmed", about=label)
    await sign_out(stage)
    await stage.pick_up(Stored(parcel_of(recipient), recipient.code, label))


async def dirty_box(stage: Stage) -> None:
    """A dirty compartment stays out of use until a technician has seen it clean."""
    label = stage.demo.plan.compartments[0].label
    courier, technician = await hire(stage, "courier"), await hire(stage, "technician")
    stage.say("a door is broken open and shut again")
    stage.automat.force(label)
    await stage.expect_entry("incident.raised", incident="door-opened-unasked", about=label)
    await stage.see_door(label, "open")
    stage.hand.push_shut(label)
    await stage.see_door(label, "shut")
    await sign_in(stage, courier)
    await stage.type(LOOK)
    await look_into(stage, label)
    stage.say("something was spilt in it")
    await stage.type("3")
    await stage.see_display("Thank you. Still to look into: 1")
    await stage.expect_entry("compartment.inspected", compartment=label, verdict="dirty")
    await stage.expect_entry("incident.raised", incident="compartment-dirty", about=label)
    await sign_out(stage)
    stage.check(not await is_free(stage, label), f"compartment {label} is offered to nobody")
    stage.say("a technician comes with a cloth")
    await sign_in(stage, technician)
    await stage.type(LOOK_OF_A_TECHNICIAN)
    await look_into(stage, label)
    await stage.type("1")
    await stage.see_display("Thank you. Still to look into: 0")
    await stage.expect_entry("incident.cleared", incident="compartment-dirty", about=label)
    stage.check(await is_free(stage, label), f"compartment {label} is free again")
    await sign_out(stage)


async def remote_look(stage: Stage) -> None:
    """A box that was opened from afar is suspect; its parcel stays good, and a look settles it."""
    courier, recipient = await hire(stage, "courier"), await announce(stage)
    (stored,) = await bring(stage, courier, recipient)
    label = stored.compartment
    stage.say("customer service opens the door for somebody who has lost the code")
    office = stage.demo.backoffice
    await applied(stage, await office.open_compartment(label, operator="Aino", reason="the code was lost"))
    await stage.expect_entry("opened.remotely", compartment=label, operator="Aino")
    await stage.see_door(label, "open")
    stage.say("it is not theirs: the parcel stays, the door is shut")
    stage.hand.push_shut(label)
    await stage.see_door(label, "shut")
    await stage.expect_entry("door.closed", purpose="remote", compartment=label)
    await sign_in(stage, courier)
    await stage.type(LOOK)
    await look_into(stage, label, f"Should be here: {stored.tracking_id[-8:]}")
    await stage.type("2")
    await stage.see_display("Thank you. Still to look into: 0")
    await stage.expect_entry("compartment.inspected", compartment=label, verdict="as expected")
    await sign_out(stage)
    await stage.pick_up(stored)
