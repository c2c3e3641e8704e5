"""Stories of what people type."""

from simulator.stories.stage import Stage

TOKENS = 10
REFILL_S = 600


async def wrong_code(stage: Stage) -> None:
    """A wrong code opens nothing and tells nothing; from the second on the answer names customer service."""
    parcel = await stage.deliver(code="731904")
    doors_opened = len(stage.openings)
    await stage.type("C 731905 OK")
    await stage.see_display("Code not recognised.")
    await stage.see_display("This is Kauppatori 1")
    await stage.expect_entry("code.missed", tokens=TOKENS - 1)
    stage.say("a second try, this time with too few digits: that is no attempt")
    await stage.type("C 731 OK")
    await stage.see_display("Wrong length. Press C, the code and OK.")
    stage.say("a third, with a transposed pair")
    await stage.type("C 739104 OK")
    await stage.see_display("Code not recognised.")
    await stage.expect_entry("code.missed", tokens=TOKENS - 2)
    stage.check(stage.count("code.missed") == 2, "the short entry cost no attempt")
    stage.check(len(stage.openings) == doors_opened, "no door opened")
    stage.say("the right one still works")
    await stage.pick_up(parcel)


async def no_clear(stage: Stage) -> None:
    """Digits without C before them are not evaluated: a hint, no attempt, no door."""
    parcel = await stage.deliver(code="842617")
    doors_opened = len(stage.openings)
    stage.say("the recipient forgets C")
    await stage.type(f"{parcel.code} OK")
    await stage.see_display("Press C first, then the code, then OK.")
    stage.say("and now with C in the middle, which begins anew")
    await stage.type("C 99 C 842617 OK")
    await stage.take_out(parcel)
    stage.expect_no_entry("code.missed")
    stage.check(stage.count("code.accepted", parcel.tracking_id) == 1, "one entry was evaluated")
    stage.check(len(stage.openings) == doors_opened + 1, "one door opened, once")


async def lockout(stage: Stage) -> None:
    """Ten wrong codes lock the keypad, even for the right one; a token comes back every ten minutes."""
    parcel = await stage.deliver(code="5172")
    for attempt in range(TOKENS):
        await stage.type(f"C 938{attempt} OK")
        await stage.see_display("Code not recognised.")
    await stage.expect_entry("security.keypad-locked")
    await stage.expect_entry("security.misses", missestoday=TOKENS)
    stage.say("the right code is not even looked at")
    await stage.type(f"C {parcel.code} OK")
    await stage.see_display("Too many attempts. Wait 10 min.")
    stage.move_clock(REFILL_S, "ten minutes later one attempt has come back")
    await stage.pick_up(parcel)
    stage.check(stage.count("code.accepted", parcel.tracking_id) == 1, "it was evaluated once")
    stage.check(stage.count("code.missed") == TOKENS, f"{TOKENS} misses are recorded")
