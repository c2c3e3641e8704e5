"""`lockerctl audit`: a round of all compartments, in single steps or as a walk that asks at each door.

The daemon keeps how far it has come: a walk that was interrupted goes on where it was, by whoever goes on.
"""

import argparse
from collections.abc import Callable, Iterable
from contextlib import aclosing

from locker.api.client import ApiClient, RequestRefused
from locker.api.maintenance_schema import (
    Audit,
    AuditBeginAsked,
    AuditEndAsked,
    AuditSkipAsked,
    AuditStop,
    FoundAsked,
    OpenAsked,
    VerdictName,
)
from locker.api.schema import CompartmentItem, CompartmentView, JournalEntryView, SnapshotItem
from locker.commands.asking import Person
from locker.commands.printing import as_text, indented, minute, print_json, print_lines, speak, table
from locker.commands.technician import add_technician, asked_with, technician_of
from locker.errors import ExitCode, WrongUsage

REASON = "audit"
STOPPED = "stopped: what was said is kept; `lockerctl audit` goes on, `lockerctl audit end` ends it"
VERDICTS: dict[str, VerdictName] = {"1": "empty", "2": "parcel", "3": "dirty", "4": "damaged"}
QUESTION = "1 empty and clean, 2 parcel, 3 dirty, 4 damaged, s skip, Enter opens it again, q stop: "
UNSURE = "Enter opens it again, s skips it, q stops: "


def add_parsers(add: Callable[..., argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Describe the command and its steps."""
    parser = add("audit", walk, "a round of all compartments: open, look, say; a signed report at the end")
    add_technician(parser)
    steps = parser.add_subparsers(metavar="STEP", description="without one, a walk through all of them")

    def step(
        name: str, command: Callable[..., object], meaning: str, *, acts: bool = True
    ) -> argparse.ArgumentParser:
        added = steps.add_parser(name, help=meaning, description=meaning, parents=[common])
        added.set_defaults(command=command)
        if acts:
            # A second default would win over an id that was given before the step.
            added.add_argument(
                "--technician", metavar="ID", default=argparse.SUPPRESS, help="your own id, for the journal"
            )
        return added

    step("status", status, "how far the round has come", acts=False)
    step("begin", begin, "begin a round, or go on with the one under way").add_argument(
        "--afresh", action="store_true", help="give up the round under way"
    )
    skipping = step("skip", skip, "leave a compartment out of the round")
    skipping.add_argument("compartment", metavar="COMPARTMENT")
    skipping.add_argument("--reason", required=True, metavar="TEXT", help="why, for the journal")
    step("end", end, "end the round and write its report").add_argument(
        "--partial", action="store_true", help="although compartments are missing"
    )


async def status(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Show how far the round has come."""
    return _show(await client.audit(), options)


async def begin(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Begin a round, or go on with the one under way."""
    asked = asked_with(AuditBeginAsked, options, afresh=options.afresh)
    return _show(await client.audit_step(asked), options)


async def skip(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Leave a compartment out of the round."""
    asked = asked_with(AuditSkipAsked, options, compartment=options.compartment, reason=options.reason)
    return _show(await client.audit_step(asked), options)


async def end(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """End the round; the report is the journal entry that was written."""
    report = await _end(client, options, partial=options.partial)
    if options.json:
        print_json(report)
    else:
        print_lines(_report_lines(report))
    return ExitCode.OK


async def walk(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Walk a technician from door to door."""
    if options.json:
        raise WrongUsage("audit: the walk asks questions; use its single steps with --json")
    return await _Walk(client, options).run()


class _Walk:
    """One walk; each question may be answered with q, and another walk goes on from there."""

    def __init__(self, client: ApiClient, options: argparse.Namespace) -> None:
        self._client = client
        self._options = options
        self._technician = technician_of(options)
        self._person = Person()

    async def run(self) -> ExitCode:
        audit = await self._client.audit_step(asked_with(AuditBeginAsked, self._options))
        print_lines(_status_lines(audit))
        try:
            while (label := audit.next) is not None:
                await self._visit(next(stop for stop in audit.stops if stop.compartment == label))
                audit = await self._client.audit()
            return await self._finish(audit)
        except EOFError:
            speak(STOPPED)
            return ExitCode.FAILURE
        except RequestRefused as refusal:
            if refusal.error.reason != "no-audit":
                raise
            speak("somebody else ended this audit meanwhile; its report is in the journal")
            return ExitCode.FAILURE

    async def _visit(self, stop: AuditStop) -> None:
        """Open one door as often as it takes, until somebody has said what lies inside, or skipped it."""
        while True:
            looked = await self._open(stop.compartment)
            if await self._ask_about(stop, QUESTION if looked else UNSURE, looked=looked):
                return

    async def _ask_about(self, stop: AuditStop, question: str, *, looked: bool) -> bool:
        """Ask until the box is settled; False to open it again."""
        label = stop.compartment
        if looked and stop.expected is not None:
            speak(f"{label}: parcel {stop.expected} should lie here; another one: 2 and its tracking id")
        while True:
            word, _, named = (await self._person.ask(f"{label}: {question}")).partition(" ")
            try:
                if word == "":
                    return False
                if word == "s":
                    reason = await self._person.ask("Why? ")
                    asked = asked_with(AuditSkipAsked, self._options, compartment=label, reason=reason)
                    await self._client.audit_step(asked)
                    return True
                if looked and word in VERDICTS:
                    await self._say(stop, VERDICTS[word], named.strip())
                    return True
            except (RequestRefused, WrongUsage) as refusal:
                if isinstance(refusal, RequestRefused) and refusal.error.reason == "no-audit":
                    raise
                speak(str(refusal))

    async def _say(self, stop: AuditStop, verdict: VerdictName, named: str) -> None:
        if verdict == "parcel" and not named and stop.expected is None:
            named = await self._person.ask(
                "No parcel should lie here. Its tracking id (Enter: none to read): "
            )
        asked = asked_with(
            FoundAsked,
            self._options,
            compartment=stop.compartment,
            verdict=verdict,
            tracking_id=named or None,
        )
        await self._client.maintain(asked)

    async def _open(self, label: str) -> bool:
        """Open a door and wait until it is shut; False if nobody could look inside."""
        asked = asked_with(OpenAsked, self._options, compartment=label, reason=REASON)
        try:
            await self._client.maintain(asked)
        except RequestRefused as refusal:
            speak(str(refusal))
            return False
        speak(f"{label}: opening; look inside, and shut it")
        async with aclosing(self._client.events()) as items:
            async for item in items:
                box = _box_in(item, label)
                if box is not None and (looked := _looked(box)) is not None:
                    if not looked:
                        speak(f"{label}: nobody could look inside: the door is {box.door}")
                    return looked
        return False

    async def _finish(self, audit: Audit) -> ExitCode:
        print_lines(_difference_lines(audit))
        answer = await self._person.ask("End the audit and write its report? [Y/n] ")
        if answer not in ("", "y", "yes"):
            speak(STOPPED)
            return ExitCode.FAILURE
        print_lines(_report_lines(await _end(self._client, self._options, partial=False)))
        return ExitCode.OK


def _box_in(item: object, label: str) -> CompartmentView | None:
    if isinstance(item, SnapshotItem):
        return next((box for box in item.compartments if box.label == label), None)
    if isinstance(item, CompartmentItem) and item.compartment.label == label:
        return item.compartment
    return None


def _looked(box: CompartmentView) -> bool | None:
    """Tell whether somebody can say what lies inside; None while the door is still under way."""
    if box.awaits_word_of is not None or (box.opening == "blind" and box.door != "open"):
        return True  # where no contact tells, the word itself ends the opening
    return None if box.opening in ("waiting", "open", "blind") else False


async def _end(client: ApiClient, options: argparse.Namespace, *, partial: bool) -> JournalEntryView:
    await client.audit_step(asked_with(AuditEndAsked, options, partial=partial))
    return (await client.journal(kind="audit.ended", limit=1)).entries[-1]


def _show(audit: Audit, options: argparse.Namespace) -> ExitCode:
    if options.json:
        print_json(audit)
    else:
        print_lines([*_status_lines(audit), *_difference_lines(audit)])
    return ExitCode.OK


def _status_lines(audit: Audit) -> Iterable[str]:
    if not audit.under_way:
        yield "no audit is under way"
        return
    yield f"audit {audit.number}, begun {minute(audit.begun_at)} by {audit.user}, {audit.technician}"
    yield f"{audit.done} of {audit.total} compartments" + (f", next {audit.next}" if audit.next else "")


def _difference_lines(audit: Audit) -> Iterable[str]:
    if not audit.under_way:
        return
    rows = [
        (stop.compartment, stop.verdict or "", stop.expected or "nothing", found_in(stop), _why(stop))
        for stop in audit.stops
        if stop.differs or stop.verdict == "skipped"
    ]
    if rows:
        yield from table(("BOX", "SAID", "EXPECTED", "FOUND", "BY"), rows, flexible=4)
    else:
        yield "no differences"


def found_in(stop: AuditStop) -> str:
    """Say what was found in a compartment, in a word or as a tracking id."""
    match stop.verdict:
        case None:
            return "not looked"
        case "skipped":
            return "skipped"
        case "parcel":
            return stop.tracking_id or "unnamed"
        case "empty":
            return "nothing"
        case _:
            return "not asked"


def _why(stop: AuditStop) -> str:
    return f"{stop.technician or ''}: {stop.reason}" if stop.reason else stop.technician or ""


def _report_lines(report: JournalEntryView) -> Iterable[str]:
    data = report.data or {}
    yield f"audit {data.get('audit')} ended, {data.get('outcome')}: entry {report.epoch}-{report.sequence}"
    for name in ("verdicts", "differences", "skipped", "missing", "digest"):
        value = data.get(name)
        yield from indented(f"{name}: {as_text(value) if value else 'none'}", 2)
