"""Stories of technicians, and of those who would like to be one."""

from datetime import timedelta
from itertools import islice, permutations

from simulator.stories.crew import applied, hire, is_free, look_into, sign_in, sign_out
from simulator.stories.stage import Stage

PULSES = 3
OPEN_WAIT_S = 5
TOKENS = 10
MISSES_TO_GUARD = 30
REFILL_S = 600
HOUR_S = 3600
OFTEN_SHIPPED = ("0000", "1234", "9999", "123456", "12345678")
"""Codes that come with machines; here none of them is anything."""
SAME_KEY_GAP_S = 0.15
"""Long enough for a busy machine: two that come closer together count as one."""
MACHINE_KEY_GAP_S = 0.02
"""So a key comes less than ten times a second: one that comes more often is taken for stuck."""


async def technician_opens(stage: Stage) -> None:
    """A lock failed, its box is out of use: a technician mends it, opens the door, says what is inside."""
    technician = await hire(stage, "technician")
    label = await _break_a_lock(stage)
    stage.check(not await is_free(stage, label), f"compartment {label} is offered to nobody")
    stage.say("a technician mends the bolt and tries the door")
    stage.hand.unjam(label)
    await sign_in(stage, technician)
    await stage.expect_entry("technician.signed-in", technician=technician.name)
    await stage.type("1")
    await stage.see_display("Type the number of the door, then OK.")
    await stage.type(label)
    await stage.see_display(f"Open {label}? OK = yes C = no")
    await stage.type("OK")
    await look_into(stage, label)
    await stage.expect_entry("opened.by-person", compartment=label, technician=technician.name)
    await stage.type("1")
    await stage.see_display("Thank you. Still to look into: 0")
    await stage.expect_entry("incident.cleared", incident="door-did-not-open", about=label)
    stage.check(await is_free(stage, label), f"compartment {label} is free again")
    await sign_out(stage)
    await stage.expect_entry("technician.signed-out", technician=technician.name)


async def lamp_test(stage: Stage) -> None:
    """A technician tries lamps and keys: each key is shown, and opens nothing."""
    technician = await hire(stage, "technician")
    await sign_in(stage, technician)
    beeps = stage.automat.display(stage.display).beeps
    await stage.type("2")
    await stage.see_beep(beeps)
    await stage.see_display("Try every key.")
    await stage.expect_entry("technician.tested", technician=technician.name, keypad=stage.keypad)
    for key in ("7", "0", "OK", "C"):
        await stage.type(key)
        await stage.see_display(f"Key {key} C C = end")
    await stage.type("C")
    await stage.see_display("1Open 2Test")
    await sign_out(stage)
    stage.check(not stage.openings, "no door opened")


async def guard_released(stage: Stage) -> None:
    """Thirty wrong codes in a day shut the keypad for all but a technician, who releases it there."""
    technician, parcel = await hire(stage, "technician"), await stage.deliver()
    stage.say("a machine tries one code after another")
    await _guess(stage)
    await stage.expect_entry("security.guard-mode", keypad=stage.keypad)
    await stage.expect_entry("incident.raised", incident="guard-mode", about=stage.keypad)
    opened = len(stage.openings)
    stage.say("the right code is not looked at")
    await stage.type(f"C {parcel.code} OK")
    await stage.see_display("The keypad is locked.")
    await stage.expect_entry("code.refused", reason="guard-mode")
    stage.check(len(stage.openings) == opened, "no door opened")
    stage.say("a technician comes")
    await sign_in(stage, technician)
    await stage.type("3")
    await stage.see_display("Keypads released: 1")
    await stage.expect_entry("security.guard-released", technician=technician.name)
    await stage.expect_entry("incident.cleared", incident="guard-mode", about=stage.keypad)
    await sign_out(stage)
    await stage.pick_up(parcel)


async def incident_numbers(stage: Stage) -> None:
    """A technician reads at the keypad what is open, under the number that people name on the phone."""
    technician = await hire(stage, "technician")
    label = await _break_a_lock(stage)
    number = (await stage.demo.ask("/v1/incidents"))["incidents"][0]["number"]
    await sign_in(stage, technician)
    await stage.type("4")
    await stage.see_display(f"No. {number}, door {label} did not open")
    await stage.type("C")
    await stage.see_display("1Open 2Test")
    await sign_out(stage)


async def technician_revoked(stage: Stage) -> None:
    """A technician's code that was revoked, or has expired, is a wrong code like any other."""
    revoked = await hire(stage, "technician", "technician 1")
    expiring = await hire(stage, "technician", "technician 2", valid_for=timedelta(hours=1))
    for person in (revoked, expiring):
        await sign_in(stage, person)
        await sign_out(stage)
    await applied(stage, await stage.demo.backoffice.revoke_technician(revoked.name))
    await stage.type(f"C {revoked.code} OK")
    await stage.see_display("Code not recognised.")
    await stage.expect_entry("code.missed")
    stage.move_clock(HOUR_S, "the other one's right ends")
    await stage.type(f"C {expiring.code} OK")
    await stage.see_display("Code not recognised.")
    await stage.expect_entry("code.missed")
    stage.check(stage.count("technician.signed-in") == 2, "nobody has signed in again")
    stage.say("a right that ends during the session ends the session")
    third = await hire(stage, "technician", "technician 3")
    await sign_in(stage, third)
    await applied(stage, await stage.demo.backoffice.revoke_technician(third.name))
    await stage.type("1")
    await stage.see_display("You are signed out.")
    await stage.expect_entry("technician.signed-out", technician=third.name, why="no longer authorised")
    stage.check(not stage.openings, "no door opened")


async def no_master_code(stage: Stage) -> None:
    """On a fresh automat nobody has a code: there is no default and no master code."""
    await stage.expect_entry("started")
    stage.automat.same_key_gap_s = SAME_KEY_GAP_S
    for code in OFTEN_SHIPPED:
        await stage.type(f"C {code} OK")
        await stage.see_display("Code not recognised.")
    await stage.in_step()
    stage.check(stage.count("code.missed") == len(OFTEN_SHIPPED), "each of them is a wrong code")
    stage.check(stage.count("technician.signed-in") == 0, "nobody has signed in")
    stage.check(not stage.openings, "no door opened")


async def _break_a_lock(stage: Stage) -> str:
    """Let a deposit fail because a bolt sticks; the compartment, which is out of use from then on."""
    courier = await stage.hire()
    parcel = await stage.demo.announce("recipient", "XL")
    label = next(box.label for box in stage.demo.plan.compartments if box.size == "XL")
    stage.say(f"the bolt of door {label} sticks")
    stage.hand.jam(label)
    await stage.type(f"C {courier.code} OK")
    await stage.see_display("Scan label")
    pulses = stage.automat.door(label).pulses
    await stage.type(f"{(parcel.tracking_id or '')[-8:]} OK")
    for pulse in range(1, PULSES + 1):
        await stage.see_pulses(label, pulses + pulse)
        await stage.see_doors_read(label)
        stage.move_clock(OPEN_WAIT_S, "the door does not move")
    await stage.expect_entry("incident.raised", incident="door-did-not-open", about=label)
    await stage.type("C")
    await stage.see_display("You are signed out.")
    return label


async def _guess(stage: Stage) -> None:
    """Type wrong codes fast, until the keypad is guarded; one attempt is left then."""
    gap_s, stage.automat.key_gap_s = stage.automat.key_gap_s, MACHINE_KEY_GAP_S
    # No digit twice in a code: a key that comes twice at this pace is taken for a bounce.
    codes = islice(map("".join, permutations("0123456789", 4)), MISSES_TO_GUARD)
    for attempt, code in enumerate(codes, start=1):
        await stage.type(f"C {code} OK")
        await stage.expect_entry("code.missed", missestoday=attempt)
        if attempt % TOKENS == 0:
            stage.move_clock(TOKENS * REFILL_S, "the machine waits until it may try again")
    stage.automat.key_gap_s = gap_s
