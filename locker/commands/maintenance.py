"""`lockerctl open`, `test`, `found`, `block` and `unblock`: one compartment at a technician's word."""

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

from locker.api.client import ApiClient, RequestRefused
from locker.api.maintenance_schema import BlockAsked, FoundAsked, OpenAsked, TestAsked, UnblockAsked
from locker.api.schema import CompartmentItem, CompartmentView, EntryItem, JournalEntryView, SnapshotItem
from locker.commands.asking import Person
from locker.commands.printing import as_text, indented, print_json, print_lines, speak
from locker.commands.technician import add_technician, asked_with, maintain, technician_of
from locker.errors import ExitCode, WrongUsage

VERDICTS = ("empty", "parcel", "dirty", "damaged")
ANSWERS = {"e": "empty", "p": "parcel", "d": "dirty", "b": "damaged"}
QUESTION = "What lies inside {label}? e empty and clean, p parcel, d dirty, b damaged, s leave it so: "
IN_THE_WAY = ("opening-under-way", "wiring-in-doubt")
"""Why one door may stay shut while the others are tested."""

Wish = OpenAsked | TestAsked
News = CompartmentItem | EntryItem


def add_parsers(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Describe the commands."""
    opened = add("open", open_door, "open one compartment and tell what its door does until it is shut")
    tested = add("test", test, "open one compartment, or all one by one, to see how the lock behaves")
    said = add("found", found, "say what lies in a compartment that was opened for you and shut again")
    blocked = add("block", block, "offer a compartment to nobody; what lies inside can still be collected")
    unblocked = add("unblock", unblock, "take a compartment into use again")
    for parser in (opened, said, blocked, unblocked):
        parser.add_argument("compartment", metavar="COMPARTMENT")
    tested.add_argument("compartment", nargs="?", metavar="COMPARTMENT")
    tested.add_argument("--all", action="store_true", help="every one in walking order; Ctrl-C ends it")
    tested.add_argument("--from", dest="first", metavar="COMPARTMENT", help="with --all: begin here")
    said.add_argument("verdict", choices=VERDICTS, help="empty: and clean")
    said.add_argument("--tracking", metavar="ID", help="which parcel lies inside, if not the expected one")
    for parser in (opened, blocked):
        parser.add_argument("--reason", required=True, metavar="TEXT", help="why, for the journal")
    for parser in (opened, tested):
        parser.add_argument("--no-wait", action="store_true", help="return as soon as it is recorded")
    for parser in (opened, tested, said, blocked, unblocked):
        add_technician(parser)


async def open_door(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Open one compartment; FAILURE unless its door was seen open and shut, or only a person can tell."""
    asked = asked_with(OpenAsked, options, compartment=options.compartment, reason=options.reason)
    return await _open(client, options, asked)


async def test(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Try one lock, or all one by one."""
    if (options.compartment is None) is not options.all:
        raise WrongUsage("test: name one compartment, or give --all")
    if not options.all and options.first is not None:
        raise WrongUsage("test: --from goes with --all")
    if options.all:
        if options.no_wait:
            raise WrongUsage("test: --all opens one door after another and cannot go with --no-wait")
        return await _Round(client, options).run()
    return await _open(client, options, asked_with(TestAsked, options, compartment=options.compartment))


async def found(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Say what lies inside."""
    answer = await maintain(
        client,
        options,
        FoundAsked,
        compartment=options.compartment,
        verdict=options.verdict,
        tracking_id=options.tracking,
    )
    if options.json:
        print_json(answer)
    elif answer.compartment is not None:
        print_lines(_state_lines(answer.compartment))
    return ExitCode.OK


async def block(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Offer a compartment to nobody."""
    answer = await maintain(
        client, options, BlockAsked, compartment=options.compartment, reason=options.reason
    )
    if options.json:
        print_json(answer)
    elif answer.compartment is not None:
        print_lines(_state_lines(answer.compartment))
    return ExitCode.OK


async def unblock(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Take a compartment into use again."""
    answer = await maintain(client, options, UnblockAsked, compartment=options.compartment)
    if options.json:
        print_json(answer)
    elif answer.compartment is not None:
        print_lines(_state_lines(answer.compartment))
    return ExitCode.OK


async def _open(client: ApiClient, options: argparse.Namespace, asked: Wish) -> ExitCode:
    if options.no_wait:
        answer = await client.maintain(asked)
        if options.json:
            print_json(answer)
        elif answer.compartment is not None:
            print_lines([_door_line(answer.compartment)])
        return ExitCode.OK
    box = await _follow(client, asked, as_json=options.json)
    if not _awaits_word(box):
        return ExitCode.FAILURE
    speak(f"say what lies inside: `lockerctl found {box.label} {'|'.join(VERDICTS)}`")
    return ExitCode.OK


async def _follow(client: ApiClient, asked: Wish, *, as_json: bool) -> CompartmentView:
    """Have a door opened and tell what it does; return how it is when nothing more is to come of it."""
    said, box = "", None
    async with aclosing(_door(client, asked)) as items:
        async for item in items:
            if isinstance(item, CompartmentItem):
                box = item.compartment
            if as_json:
                print_json(item)
            elif isinstance(item, EntryItem):
                print_lines(_entry_lines(item.entry))
            elif (line := _door_line(item.compartment)) != said:
                said = line
                print_lines([line])
    if box is None:
        raise RuntimeError("the event stream ended before it told of the door")
    return box


async def _door(client: ApiClient, asked: Wish) -> AsyncGenerator[News, None]:
    """Ask for a door, and give what is told of it until it is shut, given up, or awaits a word."""
    label, begun, opening = asked.compartment, False, False
    async with aclosing(client.events(on_lost=lambda error: speak(f"{error}; trying again"))) as items:
        async for item in items:
            if isinstance(item, SnapshotItem) and not begun:
                begun = True
                await client.maintain(asked)
            elif isinstance(item, SnapshotItem):  # of a daemon that was started anew
                box = next((box for box in item.compartments if box.label == label), None)
                if box is None:
                    return
                opening = True
                yield CompartmentItem(number=item.number, compartment=box)
                if _over(box):
                    return
            elif isinstance(item, EntryItem) and opening and _tells_of(item.entry, label):
                yield item
            elif isinstance(item, CompartmentItem) and item.compartment.label == label:
                # What was told before the wish was decided is not about it.
                opening = opening or item.compartment.opening is not None
                if opening:
                    yield item
                    if _over(item.compartment):
                        return


class _Round:
    """One test of all locks; Ctrl-C ends it after the present door, twice at once."""

    def __init__(self, client: ApiClient, options: argparse.Namespace) -> None:
        self._client = client
        self._options = options
        self._technician = technician_of(options)
        self._person = Person()
        self._ending = False
        self._at_question = False
        self._present: asyncio.Task[bool] | None = None

    async def run(self) -> ExitCode:
        labels = [stop.compartment for stop in (await self._client.audit()).stops]
        first = self._options.first
        if first is not None and first not in labels:
            raise WrongUsage(f"test: --from {first}: there is no such compartment")
        good = True
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupted)
        try:
            for label in labels[labels.index(first) if first is not None else 0 :]:
                self._present = asyncio.ensure_future(self._one(label))
                try:
                    good = await self._present and good
                except (asyncio.CancelledError, EOFError):
                    self._say_stopped(label)
                    return ExitCode.FAILURE
                if self._ending:
                    self._say_stopped(label)
                    return ExitCode.FAILURE
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            if self._present is not None and not self._present.done():
                self._present.cancel()
                with suppress(asyncio.CancelledError):
                    await self._present
        return ExitCode.OK if good else ExitCode.FAILURE

    def _interrupted(self) -> None:
        if self._present is not None and (self._ending or self._at_question):
            self._present.cancel()
        elif not self._ending:
            speak("the round ends after this door; Ctrl-C once more leaves it as it is")
        self._ending = True

    def _say_stopped(self, label: str) -> None:
        speak(f"stopped at {label}; `lockerctl test --all --from COMPARTMENT` goes on where you say")

    async def _one(self, label: str) -> bool:
        """Test one lock and have its box judged; False if it did not open or was not judged."""
        asked = asked_with(TestAsked, self._options, compartment=label)
        try:
            box = await _follow(self._client, asked, as_json=self._options.json)
        except RequestRefused as refusal:
            if refusal.error.reason not in IN_THE_WAY:
                raise
            speak(f"box {label} is left out: {refusal}")
            return False
        if not _awaits_word(box):
            return False
        if self._options.json:
            raise self._needs_word(label)
        return await self._judged(box)

    async def _judged(self, box: CompartmentView) -> bool:
        self._at_question = True
        try:
            while True:
                answer = await self._person.ask(QUESTION.format(label=box.label))
                if answer == "s":
                    return False
                if answer in ANSWERS and await self._say(box, ANSWERS[answer]):
                    return True
        except EOFError as error:
            if not sys.stdin.isatty():
                raise self._needs_word(box.label) from error
            raise
        finally:
            self._at_question = False

    async def _say(self, box: CompartmentView, verdict: str) -> bool:
        """Say what lies inside; False, with the reason told, if that is refused."""
        tracking_id = None
        if verdict == "parcel" and box.tracking_id is None:
            tracking_id = await self._person.ask("Which tracking id? Enter if nobody can tell: ") or None
        try:
            answer = await maintain(
                self._client,
                self._options,
                FoundAsked,
                compartment=box.label,
                verdict=verdict,
                tracking_id=tracking_id,
            )
        except (RequestRefused, WrongUsage) as refusal:
            speak(str(refusal))
            return False
        if answer.compartment is not None:
            print_lines(_state_lines(answer.compartment))
        return True

    def _needs_word(self, label: str) -> WrongUsage:
        return WrongUsage(
            f"test --all: box {label} awaits a word, and nobody is here to be asked; say it with `lockerctl "
            f"found {label} {'|'.join(VERDICTS)}`, and go on with --from"
        )


def _over(box: CompartmentView) -> bool:
    """Tell whether nothing more is to come of an opening but a person's word."""
    return box.opening in (None, "late") or _unseen(box)


def _unseen(box: CompartmentView) -> bool:
    """Tell whether only a person can say that this door was opened and shut."""
    return box.opening == "blind" and box.door != "open"


def _awaits_word(box: CompartmentView) -> bool:
    return box.awaits_word_of is not None or _unseen(box)


def _door_line(box: CompartmentView) -> str:
    match box.opening:
        case "waiting":
            what = "pulsed; waiting for its door"
        case "open":
            what = "open"
        case "blind":
            what = "stands open already; shut it" if box.door == "open" else "pulsed; only you see its door"
        case "late":
            what = "did not open"
        case "left-open":
            what = "left open: the alarm is raised; shut it"
        case _:
            what = "shut" if box.awaits_word_of else "not under way any more; open it once more to look"
    return f"box {box.label}: {what}"


def _state_lines(box: CompartmentView) -> list[str]:
    use = "free" if box.free else f"holds {box.tracking_id}" if box.tracking_id else "not offered"
    lines = [f"box {box.label}: {box.condition}, {use}"]
    if box.reason:
        lines += indented(box.reason, 4)
    if box.blocked is not None:
        lines += indented(f"blocked: {box.blocked}", 4)
    return lines


def _tells_of(entry: JournalEntryView, label: str) -> bool:
    data = entry.data or {}
    return (entry.kind == "technician.tested" and data.get("compartment") == label) or (
        entry.kind in ("incident.raised", "incident.cleared") and data.get("about") == label
    )


def _entry_lines(entry: JournalEntryView) -> list[str]:
    data = {name: as_text(value) for name, value in (entry.data or {}).items()}
    if entry.kind == "technician.tested":
        took = f" after {data['milliseconds']} ms" if "milliseconds" in data else ""
        line = f"lock: {data.get('result')}{took}, pulses: {data.get('pulsessent')}"
    else:
        told = "raised" if entry.kind == "incident.raised" else "cleared"
        why = data.get("detail") or data.get("why") or ""
        line = f"incident {data.get('number')} {told}: {data.get('incident')}, {why}"
    return indented(line, 4)
