"""`lockerctl incidents`, `acknowledge` and `clear`: what a person has to look into, and says of it."""

import argparse
from collections.abc import Callable, Iterable

from locker.api.client import ApiClient
from locker.api.maintenance_schema import AcknowledgeAsked, ClearAsked, Maintained
from locker.api.schema import IncidentView
from locker.commands.printing import indented, minute, print_json, print_json_list, print_lines, table
from locker.commands.technician import add_technician, maintain
from locker.errors import ExitCode

INDENT = 8


def add_parsers(add: Callable[..., argparse.ArgumentParser], number: Callable[[str], int]) -> None:
    """Describe the commands."""
    listing = add("incidents", incidents, "what a person has to look into, and what to do about it")
    listing.add_argument("--all", action="store_true", help="cleared ones too")
    look_after = add("acknowledge", acknowledge, "say that you look after an incident")
    settled = add("clear", clear, "say that an incident is settled, where a person's word can settle it")
    for parser in (look_after, settled):
        parser.add_argument("incident", type=number, metavar="N", help="its number")
        add_technician(parser)
    settled.add_argument("--reason", required=True, metavar="TEXT", help="why, for the journal")


async def incidents(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """List the incidents."""
    incidents = await client.incidents(cleared=options.all)
    if options.json:
        print_json_list("incidents", incidents)
        return ExitCode.OK
    heads = ("NUMBER", "KIND", "ABOUT", "RAISED", "CLEARED")
    rows = [
        (
            str(incident.number),
            incident.kind,
            incident.about,
            minute(incident.raised_at),
            minute(incident.cleared_at),
        )
        for incident in incidents
    ]
    head, *lines = table(heads, rows, flexible=2)
    print_lines([head])
    for line, incident in zip(lines, incidents, strict=True):
        print_lines([line, *_more(incident)])
    kept = set((await client.wire()).dumped_incidents)
    if any(incident.number in kept for incident in incidents):
        numbers = ", ".join(str(incident.number) for incident in incidents if incident.number in kept)
        print_lines(indented(f"the wire was kept around {numbers}: `lockerctl wire --incident N`", 0))
    return ExitCode.OK


async def acknowledge(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Say that somebody looks after an incident."""
    _tell(await maintain(client, options, AcknowledgeAsked, incident=options.incident), options)
    return ExitCode.OK


async def clear(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Say that an incident is settled."""
    _tell(
        await maintain(client, options, ClearAsked, incident=options.incident, reason=options.reason), options
    )
    return ExitCode.OK


def _tell(answer: Maintained, options: argparse.Namespace) -> None:
    if options.json:
        print_json(answer)
    elif answer.incident is not None:
        print_lines([_now(answer.incident), *_more(answer.incident)])


def _now(incident: IncidentView) -> str:
    state = "open" if incident.cleared_at is None else "cleared"
    return f"incident {incident.number} {state}: {incident.kind}, {incident.about}"


def _more(incident: IncidentView) -> Iterable[str]:
    """Give what a line of the table has no room for."""
    yield from indented(incident.detail, INDENT)
    if incident.acknowledged_by is not None:
        since = minute(incident.acknowledged_at)
        yield from indented(f"looked after by {incident.acknowledged_by} since {since}", INDENT)
    if incident.cleared_at is None:
        yield from indented(f"to do: {incident.remedy}", INDENT)
