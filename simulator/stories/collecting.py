"""Stories of parcels that go in and come out as they should."""

from simulator.stories.stage import Stage

TWO_MINUTES_S = 120
REOPEN_WINDOW_S = 180
LATER_S = 60


async def pickup(stage: Stage) -> None:
    """A courier puts a parcel in, its code takes it out, the receipt arrives."""
    parcel = await stage.deliver("M")
    stage.say("the recipient types the code")
    await stage.type(f"C {parcel.code} OK")
    await stage.expect_entry("code.accepted", subject=parcel.tracking_id, compartment=parcel.compartment)
    await stage.expect_entry("lock.pulse-intended", subject=parcel.tracking_id, purpose="pickup", number=1)
    await stage.expect_entry("door.opened", subject=parcel.tracking_id, purpose="pickup")
    await stage.take_out(parcel)
    await stage.see_display("Thank you.")
    await stage.expect_entry("door.closed", subject=parcel.tracking_id, purpose="pickup")


async def leading_zero(stage: Stage) -> None:
    """A code keeps its leading zero: 24204 is wrong, 024204 opens."""
    parcel = await stage.deliver(code="024204")
    stage.say("without its zero it is another code")
    await stage.type("C 24204 OK")
    await stage.see_display("Code not recognised.")
    await stage.expect_entry("code.missed")
    stage.say("with it, it opens")
    await stage.pick_up(parcel)
    await stage.see_display("Thank you.")


async def two_parcels(stage: Stage) -> None:
    """Two parcels of one recipient share a code: two doors open, one after the other."""
    code = "501836"
    first = await stage.deliver("S", code=code, recipient="recipient-1")
    second = await stage.deliver("L", code=code, recipient="recipient-1")
    stage.say("one code, two doors")
    opened_before = len(stage.openings)
    await stage.type(f"C {code} OK")
    await stage.take_out(first)
    await stage.take_out(second)
    await stage.see_display("Thank you.")
    doors = [opening.compartment for opening in stage.openings[opened_before:]]
    stage.check(doors == [first.compartment, second.compartment], "the doors opened in order, once each")
    stage.check(stage.most_open == 1, "never were two doors open at once")


async def reopen(stage: Stage) -> None:
    """Something was forgotten: the same code reopens for three minutes, and not a moment longer."""
    parcel = await stage.deliver()
    await stage.pick_up(parcel)
    await stage.see_display("Thank you.")
    stage.move_clock(TWO_MINUTES_S, "two minutes later something turns out to be missing")
    await stage.type(f"C {parcel.code} OK")
    await stage.see_display(f"Take the parcel and shut door {parcel.compartment}.")
    await stage.see_door(parcel.compartment, "open")
    stage.hand.push_shut(parcel.compartment)
    await stage.see_display("Thank you.")
    await stage.expect_entry("parcel.reopened", subject=parcel.tracking_id, compartment=parcel.compartment)
    await stage.expect_entry("door.closed", subject=parcel.tracking_id, purpose="reopen")
    stage.check(stage.count("parcel.handed-over", parcel.tracking_id) == 1, "there is one receipt")
    stage.move_clock(LATER_S, "the three minutes are over")
    await stage.type(f"C {parcel.code} OK")
    await stage.see_display("Code not recognised.")
    await stage.expect_entry("code.missed")
