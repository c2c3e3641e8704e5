"""`lockerctl commission`: puts an automat into service step by step, or walks a technician through it.

Every step is asked of the running daemon, which decides and records it; an interrupted walk goes on where it
was. Questions and words for the person go to stderr, data to stdout.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable

from locker.api.client import ApiClient, RequestRefused
from locker.api.commission_schema import (
    Commission,
    CommissionBegin,
    CommissionDoor,
    CommissionSearch,
    CommissionStep,
    CommissionTest,
    CommissionWrite,
    DoorView,
    Nothing,
    SearchView,
    TrialView,
)
from locker.commands.asking import Person
from locker.commands.printing import indented, print_json, print_lines, speak, table
from locker.commands.technician import asked_with
from locker.errors import ExitCode, WrongUsage

LOOK_EVERY_S = 0.3
REMIND_EVERY_S = 15.0
STOPPED = "stopped: what was proved is kept; `lockerctl commission` goes on, `commission end` ends it"
MOVING = ("reading", "watching")
OPEN = ("open",)


async def status(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Show how far it has come."""
    return _show(await client.commission(), options, _status_lines)


async def begin(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Give the automat to a technician."""
    step = asked_with(CommissionBegin, options, afresh=options.afresh)
    return _show(await client.commission_step(step), options, _status_lines)


async def search(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Search a line for boards; returns when every address was asked."""
    step = CommissionSearch(
        line=options.line, every_family=options.every_family, last_address=options.last_address
    )
    progress = await client.commission_step(step)
    while progress.search is not None and not progress.search.over:
        await asyncio.sleep(LOOK_EVERY_S)
        progress = await client.commission()
    code = _show(progress, options, lambda told: _search_lines(told.search))
    return ExitCode.FAILURE if progress.search is None or progress.search.fault else code


async def test(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Pulse one lock once; returns when a contact moved, or none did in time. Open doors are told before."""
    await _warn_of_open_doors(client)
    await client.commission_step(CommissionTest(compartment=options.compartment))
    progress = await _until_moved(client)
    code = _show(progress, options, lambda told: _trial_lines(told.trial))
    return ExitCode.FAILURE if progress.trial is None or progress.trial.stage == "failed" else code


async def door(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Say which door opened; returns when it was shut."""
    if (options.compartment is None) is not options.none:
        raise WrongUsage("commission door: give the label on the door that opened, or --none")
    await client.commission_step(CommissionDoor(compartment=options.compartment))
    progress = await _until_shut(client)
    code = _show(progress, options, lambda told: _trial_lines(told.trial))
    proved = progress.trial is not None and progress.trial.stage == "proved"
    return code if proved or options.none else ExitCode.FAILURE


async def write(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Write the map, take it into use and give the automat back."""
    progress = await client.commission_step(CommissionWrite(partial=options.partial))
    return _show(progress, options, _status_lines)


async def end(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Give the automat back without writing."""
    return _show(await client.commission_step(Nothing()), options, _status_lines)


async def walk(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Walk a technician through it: search every line, try every lock, write the map."""
    if options.json:
        raise WrongUsage("commission: the walk asks questions; use its single steps with --json")
    return await _Walk(client, options).run()


class _Walk:
    """One walk; each question may be answered with q, and another walk goes on from there."""

    def __init__(self, client: ApiClient, options: argparse.Namespace) -> None:
        self._client = client
        self._beginning = asked_with(CommissionBegin, options)
        self._person = Person()

    async def run(self) -> ExitCode:
        progress = await self._client.commission()
        if not progress.under_way:
            progress = await self._client.commission_step(self._beginning)
        print_lines(_status_lines(progress))
        try:
            await self._look_for_boards(progress)
            await self._try_locks()
            return await self._write()
        except EOFError:
            speak(STOPPED)
            return ExitCode.FAILURE
        except asyncio.CancelledError:
            print(file=sys.stderr)  # noqa: T201 - speech goes to stderr
            speak(STOPPED)
            raise

    async def _look_for_boards(self, progress: Commission) -> None:
        for line in progress.lines:
            if await self._says_yes(f"Search line {line} for boards? It takes a minute at most."):
                found = await self._step(CommissionSearch(line=line))
                while found.search is not None and not found.search.over:
                    await asyncio.sleep(LOOK_EVERY_S)
                    found = await self._client.commission()
                print_lines(_search_lines(found.search))

    async def _try_locks(self) -> None:
        tried: set[str] = set()
        while True:
            progress = await self._client.commission()
            left = [
                each.compartment
                for each in progress.doors
                if _is_left(each) and each.compartment not in tried
            ]
            if not left:
                return
            label = left[0]
            tried.add(label)
            await _warn_of_open_doors(self._client)
            question = f"{len(left)} to go. Shut every door. Enter pulses lock {label}, s skips, w writes: "
            answer = await self._person.ask(question)
            while answer not in ("", "s", "w"):
                # Whoever types anything else does not expect a door to open.
                answer = await self._person.ask(question)
            if answer == "w":
                return
            if answer != "s" and not await self._try_one(label):
                tried.discard(label)

    async def _try_one(self, label: str) -> bool:
        """Try one lock; False where its coil has to rest before it may be tried again."""
        try:
            await self._step(CommissionTest(compartment=label))
        except RequestRefused as refusal:
            if refusal.error.reason != "too-soon":
                raise
            speak(str(refusal))
            return False
        progress = await _until_moved(self._client)
        print_lines(_trial_lines(progress.trial))
        if progress.trial is None or progress.trial.stage == "failed":
            return True
        # No answer is offered: whoever only presses Enter has not read the label.
        while True:
            opened = await self._person.ask("Which label is on the door that opened? (- if none did): ")
            if not opened:
                continue
            named = None if opened == "-" else opened
            try:
                await self._step(CommissionDoor(compartment=named))
                break
            except RequestRefused as refusal:
                speak(str(refusal))
                if refusal.error.reason != "unknown-compartment":
                    return True
        if named is not None:
            speak(f"shut door {named}")
        print_lines(_trial_lines((await _until_shut(self._client, remind=_not_shut)).trial))
        return True

    async def _write(self) -> ExitCode:
        progress = await self._client.commission()
        partial = bool(progress.unproved)
        if partial:
            print_lines(_wrapped("not proved: " + ", ".join(progress.unproved)))
        if not await self._says_yes("Write the map and give the automat back?"):
            speak("not written; `lockerctl commission write` writes it")
            return ExitCode.FAILURE
        print_lines(_status_lines(await self._step(CommissionWrite(partial=partial))))
        return ExitCode.OK

    async def _step(self, step: CommissionStep) -> Commission:
        """Take a step; begin again where the daemon has ended the commission meanwhile."""
        try:
            return await self._client.commission_step(step)
        except RequestRefused as refusal:
            if refusal.error.reason != "no-commission":
                raise
        await self._client.commission_step(self._beginning)
        return await self._client.commission_step(step)

    async def _says_yes(self, question: str) -> bool:
        return (await self._person.ask(f"{question} [Y/n] ")) in ("", "y", "yes")


async def _warn_of_open_doors(client: ApiClient) -> None:
    """Name the doors that stand open: a lock that is tried now may hold one of them."""
    labels = [box.label for box in await client.compartments() if box.door == "open"]
    if labels:
        speak(f"these doors stand open; shut them before a lock is pulsed: {', '.join(labels)}")


async def _until_moved(client: ApiClient) -> Commission:
    progress = await client.commission()
    while progress.trial is not None and progress.trial.stage in MOVING:
        await asyncio.sleep(LOOK_EVERY_S)
        progress = await client.commission()
    return progress


async def _until_shut(client: ApiClient, remind: Callable[[TrialView], None] | None = None) -> Commission:
    progress = await client.commission()
    waited_s = 0.0
    while progress.trial is not None and progress.trial.stage in OPEN:
        await asyncio.sleep(LOOK_EVERY_S)
        waited_s += LOOK_EVERY_S
        if remind is not None and waited_s >= REMIND_EVERY_S:
            waited_s = 0.0
            remind(progress.trial)
        progress = await client.commission()
    return progress


def _not_shut(trial: TrialView) -> None:
    contacts = ", ".join(each.contact for each in trial.moved)
    speak(f"not yet as before the pulse: {contacts}; shut that door, or stop with Ctrl-C and begin again")


def _is_left(view: DoorView) -> bool:
    """Tell whether the lock configured here is to be tried; where cables cross, a door has another's lock."""
    holds = view.proving == "in-use" and view.blocked is None
    return not view.lock_tried and not holds


def _show(
    progress: Commission, options: argparse.Namespace, lines: Callable[[Commission], Iterable[str]]
) -> ExitCode:
    if options.json:
        print_json(progress)
    else:
        print_lines(lines(progress))
    return ExitCode.OK


def _status_lines(progress: Commission) -> Iterable[str]:
    if progress.under_way:
        yield f"under way: {progress.user}, technician {progress.technician or 'not named'}"
    else:
        yield "not under way"
    if progress.map is None:
        yield "not commissioned: the automat works as configured"
    else:
        written = progress.map
        yield f"map {written.hash[:12]} of {written.written_at:%Y-%m-%d %H:%MZ}, by {written.user}"
    yield from table(
        ("BOARD", "LINE", "FAMILY", "ADDRESS", "PROVED AS"),
        [
            (each.name, each.line, each.family, str(each.address), (each.fingerprint or "-")[:12])
            for each in progress.boards
        ],
        flexible=2,
    )
    for each in progress.boards:
        if each.mismatch is not None:
            yield from _wrapped(f"board {each.name}: {each.mismatch}")
    yield from table(
        ("BOX", "WIRING", "LOCK", "CONTACT", "SHUT IS"),
        [
            (
                each.compartment,
                each.proving,
                each.output,
                each.contact or "none",
                "-" if each.contact is None else "closed" if each.closed_means_shut else "open",
            )
            for each in progress.doors
        ],
        flexible=0,
    )
    for view in progress.doors:
        if view.blocked is not None:
            yield from _wrapped(f"box {view.compartment} does not open: {view.blocked}")


def _search_lines(search: SearchView | None) -> Iterable[str]:
    if search is None:
        yield "no line was searched"
        return
    found = len(search.found)
    boards = f"{found} board{'s' * (found != 1)}"
    yield f"line {search.line}: {search.asked} of {search.total} addresses asked, {boards}"
    for board in search.found:
        settings = ", ".join(f"{name} = {value}" for name, value in board.settings.items())
        name = board.configured_as
        known = f"configured as {name}" if name else "not configured"
        yield from indented(f"{board.family}: {settings}; {known}", 2)
    if search.fault is not None:
        yield from _wrapped(search.fault)


def _trial_lines(trial: TrialView | None) -> Iterable[str]:
    if trial is None:
        yield "no lock was tried"
        return
    yield f"box {trial.compartment}: tried lock {trial.output}: {trial.stage}"
    for each in trial.moved:
        whose = f"configured to box {each.compartment}" if each.compartment else "configured to no box"
        yield f"  the contact at {each.contact} moved; {whose}"
        if each.compartment != trial.compartment:
            yield from _wrapped(
                f"  you pulsed {trial.compartment} and another contact moved: read the label on the open door"
            )
    if trial.stage == "unseen":
        yield "  no contact moved: if a door opened, it has no contact that can be trusted"
    if trial.stage == "proved":
        yield from indented(f"proved: lock {trial.output} opens the door labelled {trial.named}", 2)
    if trial.fault is not None:
        yield from indented(trial.fault, 2)


def _wrapped(text: str) -> list[str]:
    return indented(text, 0)
