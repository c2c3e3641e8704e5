"""Stories of doors that do not do what they should."""

from simulator.stories.stage import LIMIT_S, Stage

PULSES = 3
OPEN_WAIT_S = 5
REMINDER_S = 20
ALARM_S = 60


async def jammed_door(stage: Stage) -> None:
    """A bolt sticks: three pulses, an attempt and an incident, no receipt; the code stays valid."""
    parcel = await stage.deliver()
    label = parcel.compartment
    opened = len(stage.openings)
    stage.say(f"the bolt of door {label} sticks")
    stage.hand.jam(label)
    pulses = stage.automat.door(label).pulses
    await stage.type(f"C {parcel.code} OK")
    for pulse in range(1, PULSES + 1):
        await stage.expect_entry(
            "lock.pulse-intended", subject=parcel.tracking_id, purpose="pickup", number=pulse
        )
        await stage.see_pulses(label, pulses + pulse)
        await stage.see_doors_read(label)
        stage.move_clock(OPEN_WAIT_S, "the door does not move")
        if pulse == 1:
            await stage.see_display(f"Press lightly on door {label}.")
    await stage.see_display(f"Door {label} did not open.")
    await stage.see_display("Your code is valid. Fault no. 1")
    await stage.expect_entry("parcel.attempted", subject=parcel.tracking_id, reason="door-did-not-open")
    await stage.expect_entry("incident.raised", incident="door-did-not-open", about=label)
    stage.expect_no_entry("parcel.handed-over")
    stage.check(len(stage.openings) == opened, "the door never moved")
    stage.check(stage.automat.door(label).pulses == pulses + PULSES, "the lock was pulsed three times")
    stage.say("somebody frees the bolt, and the same code works")
    stage.hand.unjam(label)
    await stage.pick_up(parcel)
    await stage.expect_entry("incident.cleared", incident="door-did-not-open", about=label)


async def left_open(stage: Stage) -> None:
    """The recipient walks away from an open door: reminder, alarm, receipt of grade C; shut later."""
    parcel = await stage.deliver()
    label = parcel.compartment
    await stage.type(f"C {parcel.code} OK")
    await stage.see_display(f"Take the parcel and shut door {label}.")
    await stage.see_door(label, "open")
    stage.hand.take(label)
    stage.say("the recipient leaves without shutting the door")
    beeps = stage.automat.display(stage.display).beeps
    stage.move_clock(REMINDER_S, "nobody shuts it")
    await stage.see_display(f"Please shut door {label}.")
    await stage.see_beep(beeps)
    stage.move_clock(ALARM_S - REMINDER_S, "still nobody")
    await stage.see_display(f"Door {label} is still open. Shut it.")
    await stage.expect_entry("door.left-open", subject=parcel.tracking_id, compartment=label)
    await stage.expect_entry("parcel.handed-over", subject=parcel.tracking_id, grade="C")
    await stage.expect_entry("incident.raised", incident="door-left-open", about=label)
    stage.say("a passer-by shuts it")
    stage.hand.push_shut(label)
    await stage.see_door(label, "shut")
    await stage.expect_entry("door.closed", subject=parcel.tracking_id)
    await stage.expect_entry("incident.cleared", incident="door-left-open", about=label, limit_s=LIMIT_S)
    stage.check(stage.count("parcel.handed-over", parcel.tracking_id) == 1, "there is one receipt")
