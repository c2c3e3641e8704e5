"""lockerctl: headless maintenance over the daemon's socket. Data on stdout, speech on stderr.

It knows only the socket's client and its models. Exit codes: `locker.errors.ExitCode`; a journal with a
bad entry ends with DATABASE.
"""

import argparse
import asyncio
import json
import os
import sys
import textwrap
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from locker.api.client import ApiClient
from locker.api.schema import (
    JOURNAL_LIMIT_DEFAULT,
    JOURNAL_LIMIT_MOST,
    LARGEST_NUMBER,
    CompartmentItem,
    CompartmentView,
    EntryItem,
    IncidentItem,
    JournalEntryView,
    JournalItem,
    LinkItem,
    ParcelForgottenItem,
    ParcelItem,
    SnapshotItem,
    Status,
    StreamItem,
)
from locker.errors import EXIT_MEANING, ExitCode, LockerError, WrongUsage

DEFAULT_SOCKET = Path("/run/lockerd/lockerd.sock")
SOCKET_VARIABLE = "LOCKER_SOCKET"
WIDTH = 80

Command = Callable[[ApiClient, argparse.Namespace], Awaitable[ExitCode]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return asyncio.run(_run(options))
    except LockerError as error:
        _speak(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.OK  # how a person ends `watch`
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not flush into the void at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK


async def _run(options: argparse.Namespace) -> ExitCode:
    path: Path = options.socket
    command: Command = options.command
    async with ApiClient(path) as client:
        return await command(client, options)


# -- commands


async def _status(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    status = await client.status()
    if options.json:
        _print_json(status)
    else:
        _print(_status_lines(status))
    return ExitCode.OK


async def _compartments(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    boxes = await client.compartments()
    if options.json:
        _print_json_list("compartments", boxes)
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
    _print(_table(heads, rows, flexible=6))
    _print(f"box {box.label}: {box.reason}" for box in boxes if box.reason)
    _print(f"box {box.label}: blocked: {box.blocked}" for box in boxes if box.blocked is not None)
    if any(box.accessible for box in boxes):
        _print(["* accessible"])
    return ExitCode.OK


async def _parcels(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    parcels = await client.parcels(closed=options.all)
    if options.json:
        _print_json_list("parcels", parcels)
        return ExitCode.OK
    heads = ("TRACKING ID", "STATE", "SIZE", "BOX", "DEPOSITED", "LAST DAY")
    rows = [
        (
            parcel.tracking_id,
            parcel.state,
            parcel.size or "-",
            parcel.compartment or "-",
            _minute(parcel.deposited_at),
            parcel.last_pickup_date or "-",
        )
        for parcel in parcels
    ]
    _print(_table(heads, rows, flexible=0))
    return ExitCode.OK


async def _incidents(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    incidents = await client.incidents(cleared=options.all)
    if options.json:
        _print_json_list("incidents", incidents)
        return ExitCode.OK
    heads = ("NUMBER", "KIND", "ABOUT", "RAISED", "CLEARED")
    rows = [
        (
            str(incident.number),
            incident.kind,
            incident.about,
            _minute(incident.raised_at),
            _minute(incident.cleared_at),
        )
        for incident in incidents
    ]
    head, *lines = _table(heads, rows, flexible=2)
    _print([head])
    for line, incident in zip(lines, incidents, strict=True):
        _print([line, *_indented(incident.detail, 8)])
    return ExitCode.OK


async def _journal(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Ask page by page: the daemon gives only so many entries at once."""
    if options.after is None and options.limit > JOURNAL_LIMIT_MOST:
        raise WrongUsage(
            f"--limit {options.limit}: the newest {JOURNAL_LIMIT_MOST} at most can be listed from the end; "
            "give --after N (0 is the beginning) to list more"
        )
    after, left = options.after, options.limit
    while left > 0:
        page = await client.journal(
            after=after,
            limit=min(left, JOURNAL_LIMIT_MOST),
            subject=options.subject,
            kind=options.kind,
            epoch=options.epoch,
        )
        for entry in page.entries:
            if options.json:
                _print_json(entry)
            else:
                _print(_entry_lines(entry))
        left -= len(page.entries)
        if not page.more or not page.entries:
            break
        after = page.entries[-1].sequence
    return ExitCode.OK


async def _verify(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    report = await client.verify()
    bad = report.first_bad
    if options.json:
        _print_json(report)
    elif bad is None:
        head = report.head
        since = f"from {head.epoch}-{report.first} " if report.first > 1 else ""
        _print([f"{report.checked} entries are good, {since}up to {head.epoch}-{head.sequence}"])
    else:
        _print([f"entry {bad.epoch}-{bad.sequence}: {bad.reason}"])
        _speak(
            f"{report.checked} entries before it are good; keep the database as it is and tell the operator"
        )
    return ExitCode.OK if bad is None else ExitCode.DATABASE


async def _watch(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    async for item in client.events(on_lost=lambda error: _speak(f"{error}; trying again")):
        if options.json:
            _print_json(item)
        else:
            _print(_item_lines(item))
    return ExitCode.OK


# -- words for people


def _status_lines(status: Status) -> Iterable[str]:
    clock, journal = status.clock, status.journal
    doubted = ", doubted until the back office confirms it" if clock.doubted else ""
    lines = (
        ("automat", f"{status.automat_id}, {status.name}"),
        ("version", f"{status.version or '-'}, up {_span(status.uptime_s)}"),
        ("mode", status.mode if status.started else f"{status.mode}, starting"),
        ("free", _counts(status.free)),
        ("parcels", _counts({k: n for k, n in status.parcels.items() if n})),
        ("incidents", f"{status.open_incidents} open"),
        ("clock", f"{clock.wall_at:%Y-%m-%d %H:%M:%S}Z, {clock.trust}{doubted}"),
        ("powered", _span(clock.powered_s)),
        ("link", "connected" if status.link_connected else "not connected"),
        ("journal", f"{journal.epoch}-{journal.last_sequence}, {journal.unacknowledged} not acknowledged"),
        ("disk", "nearly full: no deposits" if status.storage_low else "has room"),
        ("guarded", ", ".join(status.guarded_keypads) or "no keypad"),
        ("faulty", ", ".join(status.faulty_keypads) or "no keypad"),
        ("lost", ", ".join(status.lost_parts) or "no part"),
    )
    for name, value in lines:
        yield from textwrap.wrap(
            f"{name:<11}{value}", WIDTH, subsequent_indent=" " * 11, drop_whitespace=True
        )


def _entry_lines(entry: JournalEntryView) -> Iterable[str]:
    number, subject = f"{entry.epoch}-{entry.sequence}", _shortened(entry.subject or "-", 25)
    yield f"{number:<9} {entry.at:%Y-%m-%dT%H:%M:%SZ} {entry.kind:<23} {subject}"
    if entry.data is None:
        yield from _indented("the stored entry cannot be read: run `lockerctl verify`", 10)
    elif entry.data:
        yield from _indented(" ".join(f"{name}={_value(value)}" for name, value in entry.data.items()), 10)


def _item_lines(item: StreamItem) -> Iterable[str]:
    match item:
        case SnapshotItem():
            status = item.status
            yield (
                f"{status.automat_id}: {len(item.parcels)} parcels, free {_counts(status.free)}, "
                f"{len(item.incidents)} open incidents, journal at "
                f"{status.journal.epoch}-{status.journal.last_sequence}"
            )
        case EntryItem():
            yield from _entry_lines(item.entry)
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


def _condition(box: CompartmentView) -> str:
    return box.condition if box.blocked is None else f"{box.condition}, blocked"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, flexible: int) -> list[str]:
    """Align columns by two spaces; shorten the flexible one in its middle where a line would be too long."""
    lines = [tuple(heads), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    surplus = sum(widths) + 2 * (len(widths) - 1) - WIDTH
    widths[flexible] = max(len(heads[flexible]), 8, widths[flexible] - max(0, surplus))
    return [
        "  ".join(
            _shortened(cell, width).ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def _indented(text: str, by: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * by, subsequent_indent=" " * by)


def _shortened(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    end = (width - 3) // 2
    return f"{text[: width - 3 - end]}...{text[len(text) - end :]}"


def _counts(counts: dict[Any, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"


def _minute(at: datetime | None) -> str:
    return "-" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%MZ}"


def _span(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return (f"{days} d " if days else "") + f"{hour:02d}:{minute:02d}:{second:02d}"


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


# -- in and out


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(_harmless(line))  # noqa: T201 - stdout is our output
    sys.stdout.flush()


def _print_json(model: BaseModel) -> None:
    _print([json.dumps(model.model_dump(mode="json"))])


def _print_json_list(name: str, models: Iterable[BaseModel]) -> None:
    _print([json.dumps({name: [model.model_dump(mode="json") for model in models]})])


def _speak(text: str) -> None:
    print(f"lockerctl: {_harmless(text)}", file=sys.stderr)  # noqa: T201 - speech goes to stderr


def _harmless(text: str) -> str:
    """Take out what could steer a terminal: labels and details come from elsewhere."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _parser() -> argparse.ArgumentParser:
    codes = "; ".join(f"{code.value} {meaning}" for code, meaning in EXIT_MEANING.items())
    parser = argparse.ArgumentParser(
        prog="lockerctl",
        description="Ask the parcel locker daemon over its local socket.",
        epilog=f"Exit codes: {codes}.",
    )
    common = argparse.ArgumentParser(add_help=False)
    for each in (parser, common):
        # Options stand before or after the command; a second default would win over a value given before.
        top = each is parser
        each.add_argument(
            "--socket",
            type=Path,
            metavar="PATH",
            default=Path(os.environ.get(SOCKET_VARIABLE) or DEFAULT_SOCKET) if top else argparse.SUPPRESS,
            help=f"the daemon's socket (default: ${SOCKET_VARIABLE}, else {DEFAULT_SOCKET})",
        )
        each.add_argument(
            "--json",
            action="store_true",
            default=False if top else argparse.SUPPRESS,
            help="one JSON document; one object a line for journal and watch",
        )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, meaning: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=meaning, description=meaning, parents=[common])
        added.set_defaults(command=command)
        return added

    add("status", _status, "the automat on one page")
    add("compartments", _compartments, "every compartment: door, condition, parcel")
    parcels = add("parcels", _parcels, "the parcels and where they are")
    parcels.add_argument("--all", action="store_true", help="closed ones too")
    incidents = add("incidents", _incidents, "what a person has to look into")
    incidents.add_argument("--all", action="store_true", help="cleared ones too")
    journal = add("journal", _journal, "journal entries: the newest, or those after a number")
    journal.add_argument("--after", type=_number, metavar="N", help="entries after this number, oldest first")
    journal.add_argument(
        "--limit", type=_number, metavar="N", default=JOURNAL_LIMIT_DEFAULT, help="at most so many entries"
    )
    journal.add_argument("--subject", metavar="ID", help="entries about this tracking id")
    journal.add_argument("--kind", metavar="K", help="entries of this kind, as parcel.stored")
    journal.add_argument("--epoch", type=_number, metavar="N", help="another epoch than the present one")
    add("verify", _verify, "check the journal's chain and signatures; name the first bad entry")
    add("watch", _watch, "a snapshot, then everything that happens, until interrupted")
    return parser


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 16 or int(text) > LARGEST_NUMBER:
        raise argparse.ArgumentTypeError(f"{text[:32]!r} is not a whole number from 0 to {LARGEST_NUMBER}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
