"""What is played while the daemon is killed: the simulator's stories, and more for what they do not touch."""

from collections.abc import Mapping
from pathlib import Path

from locker.api.client import ApiClient
from locker.api.commission_schema import CommissionBegin, CommissionDoor, CommissionTest, CommissionWrite
from locker.api.maintenance_schema import (
    AcknowledgeAsked,
    AuditBeginAsked,
    AuditEndAsked,
    AuditSkipAsked,
    FoundAsked,
    LeaveSafeMode,
    OpenAsked,
)
from locker.commands.commission import _until_shut
from simulator.stories.catalogue import STORIES
from simulator.stories.crew import (
    REMOVED,
    announce,
    applied,
    bring,
    hire,
    look_into,
    see_next,
    shut,
    sign_in,
    sign_out,
)
from simulator.stories.plans import small_plan
from simulator.stories.stage import Stage
from simulator.stories.story import Story
from tests.crash.witness import PLANTED

WHO = "t-7"
HOUR_S = 3600.0
NO_DATABASE = b"no database at all" * 500


async def commission(stage: Stage) -> None:
    """A technician proves every lock and door, and writes the map."""
    automat = stage.automat
    async with ApiClient(stage.demo.socket) as client:
        await client.commission_step(CommissionBegin(technician=WHO))
        for box in stage.demo.plan.compartments:
            await client.commission_step(CommissionTest(compartment=box.label))
            await stage.see_door(box.label, "open")
            await stage.expect_entry("commission.lock-tried", compartment=box.label)
            automat.push_shut(box.label)
            await client.commission_step(CommissionDoor(compartment=box.label))
            await _until_shut(client)
        await client.commission_step(CommissionWrite())
    await stage.expect_entry("commission.ended", why="written")


async def audit(stage: Stage) -> None:
    """A technician looks into one compartment in a round, leaves the other out, and ends it."""
    first, second = (box.label for box in stage.demo.plan.compartments)
    async with ApiClient(stage.demo.socket) as client:
        await client.audit_step(AuditBeginAsked(technician=WHO))
        await client.maintain(OpenAsked(technician=WHO, compartment=first, reason="audit"))
        await stage.see_door(first, "open")
        await stage.expect_entry("door.opened", compartment=first)
        stage.automat.push_shut(first)
        await stage.expect_entry("door.closed", compartment=first)
        await client.maintain(FoundAsked(technician=WHO, compartment=first, verdict="empty"))
        await client.audit_step(AuditSkipAsked(technician=WHO, compartment=second, reason="no time"))
        await client.audit_step(AuditEndAsked(technician=WHO))
    await stage.expect_entry("audit.ended")


async def looked_after(stage: Stage) -> None:
    """A door is broken open; a technician says that somebody looks after it, and looks."""
    label = stage.demo.plan.compartments[0].label
    stage.automat.force(label)
    raised = await stage.expect_entry("incident.raised", incident="door-opened-unasked", about=label)
    await stage.see_door(label, "open")
    stage.automat.push_shut(label)
    await stage.see_door(label, "shut")
    async with ApiClient(stage.demo.socket) as client:
        await client.maintain(AcknowledgeAsked(technician=WHO, incident=raised.data["number"]))
        await stage.expect_entry("incident.acknowledged")
        await client.maintain(OpenAsked(technician=WHO, compartment=label, reason="to see what lies there"))
        await stage.expect_entry("door.opened", compartment=label, purpose="service")
        await stage.see_door(label, "open")
        stage.automat.push_shut(label)
        await stage.expect_entry("door.closed", compartment=label, purpose="service")
        await client.maintain(FoundAsked(technician=WHO, compartment=label, verdict="empty"))
    await stage.expect_entry("incident.cleared", incident="door-opened-unasked", about=label)


async def doubtful_time(stage: Stage) -> None:
    """The clock is no longer trusted, and then is set; a parcel waits meanwhile and is collected."""
    parcel = await stage.deliver()
    stage.set_trust("untrusted")
    await stage.expect_entry("clock.trust-changed")
    stage.demo.set_wall(stage.demo.steering.wall_s + HOUR_S)
    stage.set_trust("trusted")
    await stage.expect_entry("clock.trust-changed")
    stage.demo.set_wall(stage.demo.steering.wall_s + HOUR_S / 2)
    await stage.expect_entry("clock.stepped")
    await stage.pick_up(parcel)


async def entry_refused(stage: Stage) -> None:
    """The back office refuses one entry for ever: it is parked, the others flow."""
    office, last = stage.demo.backoffice, await stage.in_step()
    office.conduct.refuse[last + 5] = PLANTED  # that the door opened: nothing waits for it
    parcel = await stage.deliver()
    await stage.expect_entry("journal.entry-parked")
    await stage.pick_up(parcel)


async def fork_told(stage: Stage) -> None:
    """The back office says that it was shown two journals."""
    parcel = await stage.deliver()
    last = await stage.in_step()
    office = stage.demo.backoffice
    entry = next(entry for entry in stage.entries if entry.sequence == last)
    office.ledger._add_fork(entry, last, PLANTED)
    await office.reconsider()
    await stage.expect_entry("journal.fork-alarm")
    await stage.pick_up(parcel)


async def board_silent(stage: Stage) -> None:
    """The locks do not answer when a recipient comes: an attempt; later the same code opens."""
    parcel = await stage.deliver()
    line = stage.demo.plan.lines[0].id
    stage.hand.unplug(line)
    await stage.expect_entry("incident.raised", incident="part-lost")
    await stage.type(f"C {parcel.code} OK")
    await stage.expect_entry("lock.pulse-failed", compartment=parcel.compartment)
    for _ in range(2):
        stage.move_clock(5, "nothing moves")
        await stage.expect_entry("lock.pulse-failed", compartment=parcel.compartment)
    stage.move_clock(5, "nothing moves")
    await stage.expect_entry("parcel.attempted", subject=parcel.tracking_id)
    stage.hand.replug(line)
    await stage.expect_entry("incident.cleared", incident="part-lost")
    stage.move_clock(60, "the recipient comes back")
    await stage.pick_up(parcel)


async def found_again(stage: Stage) -> None:
    """A courier overlooks a parcel, which is missing from then on; the next look finds it."""
    courier = await hire(stage, "courier")
    (stored,) = await bring(stage, courier, await announce(stage))
    office, label = stage.demo.backoffice, stored.compartment
    await applied(stage, await office.withdraw(stored.tracking_id, "sent back"))
    await sign_in(stage, courier)
    await stage.type("1 OK")
    await see_next(stage, stored)
    await shut(stage, label, REMOVED)
    await stage.type("1")
    await stage.expect_entry("parcel.missing", subject=stored.tracking_id)
    await sign_out(stage)
    await applied(stage, await office.open_compartment(label, operator="Aino", reason="a second look"))
    await stage.see_door(label, "open")
    stage.hand.push_shut(label)
    await stage.expect_entry("door.closed", compartment=label, purpose="remote")
    await sign_in(stage, courier)
    await stage.type("2 OK")
    await look_into(stage, label)
    await stage.type("2")
    await stage.see_display("Scan the label or")
    stage.scan(stored.tracking_id)
    await stage.expect_entry("parcel.found", subject=stored.tracking_id)


async def safe_mode(stage: Stage) -> None:
    """The database is damaged: out of order, questions are answered; the sound one is put back, and opens."""
    parcel, demo = await stage.deliver(), stage.demo
    await stage.in_step()
    await demo.stop_daemon()
    demo.place.database.rename(aside(demo.place.database))
    demo.place.database.write_bytes(NO_DATABASE)
    await stage.start_daemon()
    await stage.see_display("This automat is out of order.")
    stage.check((await demo.ask("/v1/status"))["safe_mode"] is not None, "it says that it is in safe mode")
    put_back(demo.place.database)
    demo._daemon._asked = True  # its end is asked for, though not by a signal
    async with ApiClient(demo.socket) as client:
        await client.leave_safe_mode(LeaveSafeMode(technician=WHO, reason="the sound file is back"))
    await demo._daemon.gone()
    await stage.start_daemon()
    await stage.expect_entry("started", where=lambda entry: bool(entry.data.get("aftersafemode")))
    await stage.pick_up(parcel)


async def first_start(stage: Stage) -> None:
    """An automat is switched on for the first time."""
    await stage.expect_entry("epoch.started")


def aside(database: Path) -> Path:
    """Name the place where the sound database waits while a damaged one is in its place."""
    return database.with_name(f"{database.name}.aside")


def put_back(database: Path) -> None:
    """Put the sound database back into its place, if another is there."""
    if aside(database).exists():
        aside(database).replace(database)


_MORE = (
    Story("first-start", "a new automat", first_start),
    Story("found-again", "a parcel is overlooked, missing and found", found_again),
    Story("commission", "every lock is tried and proved", commission, small_plan("1", "2")),
    Story("audit", "a round of looks", audit, small_plan("1", "2")),
    Story("looked-after", "a technician at the socket looks after an incident", looked_after),
    Story("doubtful-time", "the clock is doubted and set", doubtful_time),
    Story("entry-refused", "the back office refuses an entry for ever", entry_refused),
    Story("fork-told", "the back office tells of a fork", fork_told),
    Story("safe-mode", "a damaged database: out of order until the sound one is back", safe_mode),
    Story("board-silent", "a pulse that cannot be sent", board_silent),
)

TALES: Mapping[str, Story] = {**STORIES, **{story.name: story for story in _MORE}}
