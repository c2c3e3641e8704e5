"""Stories of long times: outages, which lengthen every storage time, and what is forgotten in the end."""

from datetime import datetime

from simulator.stories.stage import Stage, Stored
from simulator.transcript import duration

DAY_S = 86_400
SIX_DAYS_S = 6 * DAY_S
STORED_FOR_S = 6 * DAY_S
HEARTBEAT_S = 60
"""How much longer than a power cut its outage may look: the time since the clocks were last written down."""
ON_THE_WAY_S = 30
"""How long a busy machine may take to notice that a part has gone or come back."""
REOPEN_WINDOW_S = 180
FORGOTTEN_S = 91 * DAY_S
NEARLY_A_YEAR_S = 364 * DAY_S
OVER_A_YEAR_S = 367 * DAY_S
SEEN_BEFORE = "tracking-id-seen-before"


async def outage_power(stage: Stage) -> None:
    """Six days without power: every deadline is six days later; nothing expires early, and then it does."""
    parcels = await _two_stored(stage)
    stage.say("the power goes")
    await stage.kill_daemon()
    without_power(stage, SIX_DAYS_S)
    stage.say("the power comes back")
    await stage.start_daemon()
    await stage.expect_entry("started")
    await _see_six_days_later(stage, parcels, "no power", HEARTBEAT_S)


async def outage_line(stage: Stage) -> None:
    """Six days without the line of the locks do the same."""
    line = stage.demo.plan.lines[0].id
    await _six_days_without(stage, line, f"line {line}", "part-lost")


async def outage_keypad(stage: Stage) -> None:
    """Six days without the keypad do the same."""
    await _six_days_without(stage, f"keypad-{stage.keypad}", stage.keypad, "keypad-faulty")


async def forgotten(stage: Stage) -> None:
    """What was collected is forgotten after 90 days; its tracking id may come back after 12 months."""
    parcel = await stage.deliver()
    await stage.pick_up(parcel)
    stage.move_clock(REOPEN_WINDOW_S, "nothing was left behind")
    await stage.type(f"C {parcel.code} OK")
    await stage.see_display("Code not recognised.")
    stage.check(await _knows(stage, parcel), "the automat still knows the parcel")
    stage.move_clock(FORGOTTEN_S, "a season passes")
    stage.say("somebody uses its tracking id for another parcel")
    await _announce_again(stage, parcel, "command.refused", reason=SEEN_BEFORE)
    stage.check(not await _knows(stage, parcel), "the automat has forgotten the parcel, but for a tag")
    stage.move_clock(NEARLY_A_YEAR_S - FORGOTTEN_S, "it is nearly a year")
    await stage.expect_entry("journal.pruned")
    await _announce_again(stage, parcel, "command.refused", reason=SEEN_BEFORE)
    stage.move_clock(OVER_A_YEAR_S - NEARLY_A_YEAR_S, "twelve months are over")
    await _announce_again(stage, parcel, "command.applied")


def without_power(stage: Stage, seconds: float) -> None:
    """Let time pass for the wall clock alone, while the daemon does not run."""
    stage.say(f"there is no power for {duration(seconds)}")
    stage.demo.set_wall(stage.demo.steering.wall_s + seconds)


async def _two_stored(stage: Stage) -> list[Stored]:
    parcels = [await stage.deliver("S"), await stage.deliver("M")]
    stage.move_clock(STORED_FOR_S, "nobody comes")
    for parcel in parcels:
        await stage.expect_entry("parcel.reminder", subject=parcel.tracking_id, daysleft=2)
    return parcels


async def _six_days_without(stage: Stage, port: str, about: str, incident: str) -> None:
    parcels = await _two_stored(stage)
    stage.say(f"{about} does not answer any more")
    stage.hand.unplug(port)
    await stage.expect_entry("incident.raised", incident=incident, about=about)
    await stage.expect_entry("outage.began")
    stage.move_clock(SIX_DAYS_S, "nobody can collect anything")
    await stage.in_step()
    stage.expect_no_entry("parcel.overdue")
    stage.hand.replug(port)
    await stage.expect_entry("incident.cleared", incident=incident, about=about)
    await stage.expect_entry("outage.ended")
    await _see_six_days_later(stage, parcels, about, ON_THE_WAY_S)


async def _see_six_days_later(stage: Stage, parcels: list[Stored], reason: str, most_s: float) -> None:
    """Expect that every deadline is six days later, that the code opens until then, and not afterwards."""
    deadlines: list[datetime] = []
    for parcel in parcels:
        entry = await stage.expect_entry(
            "deadline.lengthened",
            subject=parcel.tracking_id,
            where=lambda entry: reason in entry.data["reason"],
        )
        before, after = (datetime.fromisoformat(entry.data[name]) for name in ("before", "after"))
        longer_s = (after - before).total_seconds()
        stage.check(
            0 <= longer_s - SIX_DAYS_S <= most_s, f"the deadline of {parcel.tracking_id} is 6 d later"
        )
        deadlines.append(after)
    stage.expect_no_entry("parcel.overdue")
    collected, left = parcels
    left_s = (min(deadlines) - stage.demo.steering.now()).total_seconds()
    stage.move_clock(left_s - 3600, "it is the last hour")
    await stage.pick_up(collected)
    stage.expect_no_entry("parcel.overdue")
    stage.move_clock(2 * 3600, "the hour is over")
    await stage.expect_entry("parcel.overdue", subject=left.tracking_id)
    await stage.type(f"C {left.code} OK")
    await stage.see_display("The storage time has ended.")


async def _knows(stage: Stage, parcel: Stored) -> bool:
    parcels = (await stage.demo.ask("/v1/parcels?all=true"))["parcels"]
    return any(known["tracking_id"] == parcel.tracking_id for known in parcels)


async def _announce_again(stage: Stage, parcel: Stored, outcome: str, reason: str | None = None) -> None:
    # A key is answered only by an automat that has noticed how late it is, and has forgotten what is due.
    await stage.type("C 1")
    await stage.see_display("Code, then OK: *")
    command = await stage.demo.backoffice.announce(parcel.tracking_id, "S")
    entry = await stage.expect_entry(outcome, subject=parcel.tracking_id, id=command)
    stage.check(entry.data.get("reason") == reason, f"the reason given: {reason}")
