"""`lockerctl status`, `whoami`, `compartments`, `parcels` and `watch`."""

import argparse
import textwrap
from collections.abc import Iterable

from locker.api.client import ApiClient
from locker.api.schema import (
    CompartmentItem,
    CompartmentView,
    EntryItem,
    IncidentItem,
    JournalItem,
    LinkItem,
    ParcelForgottenItem,
    ParcelItem,
    SnapshotItem,
    Status,
    StreamItem,
)
from locker.commands.journal import entry_lines
from locker.commands.printing import (
    WIDTH,
    counts,
    minute,
    print_json,
    print_json_list,
    print_lines,
    span,
    speak,
    table,
)
from locker.commands.safe_mode import safe_mode_lines
from locker.errors import ExitCode


async def status(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Show the automat on one page."""
    status = await client.status()
    if options.json:
        print_json(status)
    else:
        print_lines(_status_lines(status))
    return ExitCode.OK


async def whoami(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Tell who asks, as the kernel names him to the daemon, and his role."""
    greeting = await client.greeting()
    if options.json:
        print_json(greeting)
    else:
        print_lines([f"{greeting.user}: {greeting.role}"])
    return ExitCode.OK


async def compartments(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """List the compartments."""
    boxes = await client.compartments()
    if options.json:
        print_json_list("compartments", boxes)
        return ExitCode.OK
    heads = ("BOX", "SIZE", "DOOR", "GOODS", "CONDITION", "OPENING", "TRACKING ID")
    goods = {True: "yes", False: "no", None: "-"}
    rows = [
        (
            box.label + ("*" if box.accessible else ""),
            box.size,
            box.door,
            goods[box.goods],
            _condition(box),
            box.opening or "-",
            box.tracking_id or ("free" if box.free else "-"),
        )
        for box in boxes
    ]
    print_lines(table(heads, rows, flexible=6))
    print_lines(f"box {box.label}: {box.reason}" for box in boxes if box.reason)
    print_lines(f"box {box.label}: blocked: {box.blocked}" for box in boxes if box.blocked is not None)
    if any(box.accessible for box in boxes):
        print_lines(["* accessible"])
    return ExitCode.OK


async def locks(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """List the locks of which anything is known."""
    known = await client.locks()
    if options.json:
        print_json_list("locks", known)
        return ExitCode.OK
    heads = ("BOX", "OPENINGS", "USUAL MS", "NOW MS", "RETRIES", "REFUSED", "NEVER OPENED")
    rows = [
        (
            lock.compartment,
            str(lock.openings),
            _or_dash(lock.usual_ms),
            _or_dash(lock.present_ms),
            str(lock.retries),
            str(lock.refusals),
            str(lock.failures),
        )
        for lock in known
    ]
    print_lines(table(heads, rows, flexible=0))
    print_lines(f"box {lock.compartment}: {lock.complaint}" for lock in known if lock.complaint)
    return ExitCode.OK


async def parcels(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """List the parcels."""
    parcels = await client.parcels(closed=options.all)
    if options.json:
        print_json_list("parcels", parcels)
        return ExitCode.OK
    heads = ("TRACKING ID", "STATE", "SIZE", "BOX", "DEPOSITED", "LAST DAY")
    rows = [
        (
            parcel.tracking_id,
            parcel.state,
            parcel.size or "-",
            parcel.compartment or "-",
            minute(parcel.deposited_at),
            parcel.last_pickup_date or "-",
        )
        for parcel in parcels
    ]
    print_lines(table(heads, rows, flexible=0))
    return ExitCode.OK


async def watch(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Show what happens, until interrupted."""
    async for item in client.events(on_lost=lambda error: speak(f"{error}; trying again")):
        if options.json:
            print_json(item)
        else:
            print_lines(_item_lines(item))
    return ExitCode.OK


def _status_lines(status: Status) -> Iterable[str]:
    clock, journal = status.clock, status.journal
    doubted = ", doubted until the back office confirms it" if clock.doubted else ""
    if status.safe_mode is not None:
        yield from safe_mode_lines(status.safe_mode)
    lines = (
        ("automat", f"{status.automat_id}, {status.name}"),
        ("version", f"{status.version or '-'}, up {span(status.uptime_s)}"),
        ("mode", status.mode if status.started or status.safe_mode else f"{status.mode}, starting"),
        ("free", counts(status.free)),
        ("parcels", counts({k: n for k, n in status.parcels.items() if n})),
        ("incidents", f"{status.open_incidents} open"),
        ("clock", f"{clock.wall_at:%Y-%m-%d %H:%M:%S}Z, {clock.trust}{doubted}"),
        ("powered", span(clock.powered_s)),
        ("link", _link(status)),
        ("journal", f"{journal.epoch}-{journal.last_sequence}, {journal.unacknowledged} not acknowledged"),
        (
            "parked",
            f"{journal.parked} entries that the back office refuses" if journal.parked else "no entry",
        ),
        ("wiring", "proved" if status.commissioned else "not commissioned: works as configured"),
        ("disk", "nearly full: no deposits" if status.storage_low else "has room"),
        ("guarded", ", ".join(status.guarded_keypads) or "no keypad"),
        ("faulty", ", ".join(status.faulty_keypads) or "no keypad"),
        ("lost", ", ".join(status.lost_parts) or "no part"),
    )
    for name, value in lines:
        yield from textwrap.wrap(
            f"{name:<11}{value}", WIDTH, subsequent_indent=" " * 11, drop_whitespace=True
        )


def _link(status: Status) -> str:
    told = "connected to" if status.link_connected else "not connected to"
    trouble = "" if status.link_connected or not status.link_trouble else f": {status.link_trouble}"
    return f"{told} {status.broker or 'the broker'}{trouble}"


def _item_lines(item: StreamItem) -> Iterable[str]:
    match item:
        case SnapshotItem():
            status = item.status
            yield (
                f"{status.automat_id}: {len(item.parcels)} parcels, free {counts(status.free)}, "
                f"{len(item.incidents)} open incidents, journal at "
                f"{status.journal.epoch}-{status.journal.last_sequence}"
            )
        case EntryItem():
            yield from entry_lines(item.entry)
        case CompartmentItem(compartment=box):
            parcel_in = box.tracking_id or "no parcel"
            opening = f", opening {box.opening}" if box.opening else ""
            yield f"box {box.label}: door {box.door}, {_condition(box)}, {parcel_in}{opening}"
        case ParcelItem(parcel=parcel):
            yield f"parcel {parcel.tracking_id}: {parcel.state}, box {parcel.compartment or '-'}"
        case ParcelForgottenItem():
            yield f"parcel {item.tracking_id}: forgotten"
        case IncidentItem(incident=incident):
            what = "raised" if incident.cleared_at is None else "cleared"
            yield f"incident {incident.number} {what}: {incident.kind}, {incident.about}: {incident.detail}"
        case JournalItem(journal=journal):
            yield f"journal: acknowledged through {journal.epoch}-{journal.acknowledged_through}"
        case LinkItem():
            yield f"link: {'connected' if item.connected else 'not connected'}"


def _or_dash(number: int | None) -> str:
    return "-" if number is None else str(number)


def _condition(box: CompartmentView) -> str:
    return box.condition if box.blocked is None else f"{box.condition}, blocked"
