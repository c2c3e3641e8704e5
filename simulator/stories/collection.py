"""Stories of couriers who take parcels away."""

from simulator.people import Person
from simulator.stories.crew import (
    REMOVED,
    announce,
    applied,
    bring,
    hire,
    is_free,
    see_next,
    shut,
    sign_in,
    sign_out,
    take_away,
)
from simulator.stories.stage import Stage, Stored

DAY_S = 86_400
COLLECT = "1 OK"


async def collection_round(stage: Stage) -> None:
    """Overdue and withdrawn parcels leave in one guided round, each with its own door and evidence."""
    courier, stored = await _stored(stage, "S", "M", "S")
    overdue, withdrawn, also_overdue = stored
    await _withdraw(stage, withdrawn)
    await _let_expire(stage, overdue, also_overdue)
    stage.say("the courier makes a round")
    await sign_in(stage, courier)
    opened = len(stage.openings)
    await stage.type(COLLECT)
    in_walking_order = sorted(stored, key=lambda parcel: int(parcel.compartment))
    for parcel in in_walking_order:
        await take_away(stage, parcel, why="withdrawn" if parcel is withdrawn else "overdue")
    await stage.see_display("Parcels taken: 3 Still to take: 0")
    doors = [opening.compartment for opening in stage.openings[opened:]]
    stage.check(
        doors == [parcel.compartment for parcel in in_walking_order], "each door opened once, in order"
    )
    stage.check(stage.most_open == 1, "never were two doors open at once")
    for parcel in stored:
        stage.check(await is_free(stage, parcel.compartment), f"compartment {parcel.compartment} is free")
    await sign_out(stage)
    stage.say("the recipient comes too late: the code is one like any other")
    await stage.type(f"C {overdue.code} OK")
    await stage.see_display("Code not recognised.")


async def collection_empty(stage: Stage) -> None:
    """A parcel is not where it should be: "was empty" is said at the door and becomes an incident."""
    courier, (parcel,) = await _stored(stage, "S")
    label = parcel.compartment
    stage.say("somebody breaks the door open, takes the parcel and shuts the door again")
    stage.automat.force(label)
    await stage.see_door(label, "open")
    await stage.expect_entry("incident.raised", incident="door-opened-unasked", about=label)
    stage.hand.take(label)
    stage.hand.push_shut(label)
    await stage.see_door(label, "shut")
    await _withdraw(stage, parcel)
    await sign_in(stage, courier)
    await stage.type(COLLECT)
    await see_next(stage, parcel)
    await shut(stage, label, REMOVED)
    stage.say("there is nothing in it")
    await stage.type("1")
    await stage.see_display("Parcels taken: 0 Still to take: 0")
    await stage.expect_entry("parcel.missing", subject=parcel.tracking_id, compartment=label, grade="A")
    await stage.expect_entry("incident.raised", incident="compartment-empty", about=label)
    stage.expect_no_entry("parcel.removed")
    stage.check(await is_free(stage, label), f"compartment {label} is free: somebody has looked")
    await sign_out(stage)


async def collection_stuck(stage: Stage) -> None:
    """A parcel does not come out: the round goes on, and the next one offers it again."""
    courier, (stuck, other) = await _stored(stage, "S", "S")
    await _withdraw(stage, stuck)
    await _withdraw(stage, other)
    await sign_in(stage, courier)
    await stage.type(COLLECT)
    await see_next(stage, stuck)
    await shut(stage, stuck.compartment, REMOVED)
    await stage.type("2")
    await stage.expect_entry("parcel.stuck", subject=stuck.tracking_id, compartment=stuck.compartment)
    await stage.expect_entry("incident.raised", incident="parcel-stuck", about=stuck.compartment)
    await take_away(stage, other, why="withdrawn")
    await stage.see_display("Parcels taken: 1 Still to take: 1")
    stage.say("with both hands it comes out")
    await stage.type(COLLECT)
    await take_away(stage, stuck, why="withdrawn")
    await stage.expect_entry("incident.cleared", incident="parcel-stuck", about=stuck.compartment)
    await stage.see_display("Parcels taken: 1 Still to take: 0")
    await sign_out(stage)


async def collection_stopped(stage: Stage) -> None:
    """A courier stops in the middle: what was not taken stays, and nobody is sure of the door left last."""
    courier, (first, second, third) = await _stored(stage, "S", "S", "S")
    for parcel in (first, second, third):
        await _withdraw(stage, parcel)
    await sign_in(stage, courier)
    await stage.type(COLLECT)
    await take_away(stage, first, why="withdrawn")
    await see_next(stage, second)
    await shut(stage, second.compartment, REMOVED)
    stage.say("the van is full")
    await stage.type("C")
    await stage.see_display("Parcels taken: 1 Still to take: 2")
    await stage.expect_entry("removal.abandoned", subject=second.tracking_id, compartment=second.compartment)
    await stage.expect_entry("incident.raised", incident="removal-unconfirmed", about=second.compartment)
    await sign_out(stage)
    stage.say("the next morning the round begins where it ended")
    await sign_in(stage, courier)
    await stage.type(COLLECT)
    await take_away(stage, second, why="withdrawn")
    await stage.expect_entry("incident.cleared", incident="removal-unconfirmed", about=second.compartment)
    await take_away(stage, third, why="withdrawn")
    await stage.see_display("Parcels taken: 2 Still to take: 0")
    await sign_out(stage)


async def evacuate(stage: Stage) -> None:
    """The automat is to be emptied: the round takes parcels that could still be collected, too."""
    courier, (waiting, withdrawn) = await _stored(stage, "S", "M")
    await _withdraw(stage, withdrawn)
    reason = "it is moved to another place"
    await applied(stage, await stage.demo.backoffice.set_mode("evacuate", operator="Aino", reason=reason))
    await sign_in(stage, courier)
    await stage.type(COLLECT)
    await take_away(stage, waiting, why="evacuated")
    await take_away(stage, withdrawn, why="withdrawn")
    await stage.see_display("Parcels taken: 2 Still to take: 0")
    await sign_out(stage)
    stage.say("a recipient whose parcel was taken away")
    await stage.type(f"C {waiting.code} OK")
    await stage.see_display("Code not recognised.")


async def _stored(stage: Stage, *sizes: str) -> tuple[Person, list[Stored]]:
    """Let a courier bring parcels of these sizes."""
    courier = await hire(stage, "courier")
    return courier, await bring(stage, courier, *[await announce(stage, size) for size in sizes])


async def _withdraw(stage: Stage, parcel: Stored) -> None:
    stage.say(f"the sender wants parcel {parcel.tracking_id} back")
    await applied(stage, await stage.demo.backoffice.withdraw(parcel.tracking_id, "the sender asked for it"))


async def _let_expire(stage: Stage, *parcels: Stored) -> None:
    stage.move_clock(8 * DAY_S, "nobody comes")
    for parcel in parcels:
        await stage.expect_entry("parcel.overdue", subject=parcel.tracking_id)
