"""Stories of storage time."""

from simulator.stories.stage import Stage

DAY_S = 86_400


async def overdue(stage: Stage) -> None:
    """Seven days and the rest of the last one pass: the code says so and opens nothing any more."""
    parcel = await stage.deliver()
    opened = len(stage.openings)
    stage.move_clock(6 * DAY_S, "nobody comes")
    await stage.expect_entry("parcel.reminder", subject=parcel.tracking_id)
    stage.expect_no_entry("parcel.overdue")
    stage.move_clock(2 * DAY_S, "and nobody comes")
    overdue_entry = await stage.expect_entry("parcel.overdue", subject=parcel.tracking_id)
    stage.check(overdue_entry.data["deadline"] <= overdue_entry.time, "its deadline lies in the past")
    await stage.type(f"C {parcel.code} OK")
    await stage.see_display("The storage time has ended.")
    await stage.expect_entry("code.overdue", subject=parcel.tracking_id)
    stage.expect_no_entry("parcel.handed-over")
    stage.expect_no_entry("code.missed")
    stage.check(len(stage.openings) == opened, "no door opened")
