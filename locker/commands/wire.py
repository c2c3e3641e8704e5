"""`lockerctl wire` and `decode`: what passes on the lines, and what a frame says."""

import argparse
from collections.abc import Iterable
from contextlib import aclosing
from datetime import UTC

from locker.api.client import ApiClient
from locker.api.wire_schema import PassageView, ReadingView, Wire
from locker.commands.printing import (
    indented,
    print_json,
    print_json_list,
    print_lines,
    speak,
    table,
)
from locker.errors import ExitCode, WrongUsage

BEFORE_FOLLOWING = 16
"""Shown of what had passed before somebody followed."""

MARKS = {"sent": ">", "received": "<", "noted": "#"}


async def wire(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """List the lines, show what passed on one, follow it, or show what was kept around an incident."""
    if options.line is None:
        if options.follow or options.after is not None:
            raise WrongUsage("name the line to show; `lockerctl wire` lists them")
        answer = await client.wire(incident=options.incident)
        if options.json:
            print_json(answer)
        elif options.incident is not None:
            print_lines(line for dump in answer.dumps for line in (f"{dump.file}:", *dump.text.splitlines()))
        else:
            print_lines(_line_table(answer))
        return ExitCode.OK
    if options.incident is not None:
        raise WrongUsage("--incident shows every line of an incident; leave the line out")
    limit = options.limit or (BEFORE_FOLLOWING if options.follow else None)
    answer = await client.wire(options.line, after=options.after, limit=limit)
    for passage in answer.passages:
        _show(passage, options)
    if options.follow:
        shown = [passage.number for passage in answer.passages]
        newest = next(line.newest for line in answer.lines if line.name == options.line)
        async with aclosing(
            client.follow_wire(
                options.line,
                after=shown[-1] if shown else newest,
                on_lost=lambda error: speak(f"{error}; trying again"),
                on_missed=lambda count: speak(f"{count} records passed unread"),
            )
        ) as passing:
            async for passage in passing:
                _show(passage, options)
    return ExitCode.OK


async def decode(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Explain a frame; OK also where it is none: that is the answer."""
    ways = {(True, False): "sent", (False, True): "received"}
    typed, way = " ".join(options.hex), ways.get((options.sent, options.received))
    answer = await client.decode(typed, options.family, way)
    if options.json:
        print_json_list("readings", answer.readings)
        return ExitCode.OK
    for reading in answer.readings:
        print_lines(_reading_lines(reading))
    if not any(reading.is_frame for reading in answer.readings):
        speak(f"that is no sound frame of {options.family}")
    return ExitCode.OK


def _show(passage: PassageView, options: argparse.Namespace) -> None:
    if options.json:
        print_json(passage)
    else:
        print_lines(_passage_lines(passage))


def _line_table(answer: Wire) -> Iterable[str]:
    heads = ("LINE", "FAMILIES", "BYTES", "NEWEST", "STATE")
    rows = [
        (
            line.name,
            ", ".join(line.families) or "-",
            "kept" if line.keeps_bytes else "counted only",
            str(line.newest),
            f"lost: {', '.join(line.lost)}" if line.lost else "works",
        )
        for line in answer.lines
    ]
    yield from table(heads, rows, flexible=4)
    if answer.dumped_incidents:
        numbers = ", ".join(map(str, answer.dumped_incidents))
        yield from indented(f"kept around incidents: {numbers}; see `lockerctl wire --incident N`", 0)


def _passage_lines(passage: PassageView) -> Iterable[str]:
    at = passage.at.astimezone(UTC)
    head = f"{passage.number:>6} {at:%H:%M:%S}.{at.microsecond // 1000:03d}Z {MARKS[passage.way]}"
    if passage.way == "noted":
        what = ", ".join(passage.meaning)
    elif passage.hex is None:
        what = f"{passage.size_bytes} byte{'s' * (passage.size_bytes != 1)}, {', '.join(passage.meaning)}"
    else:
        what = passage.hex
    first, *more = indented(what, len(head) + 1) or [head]
    yield f"{head} {first.lstrip()}"
    yield from more
    if passage.hex is not None:
        for words in passage.meaning:
            yield from indented(words, len(head) + 3)


def _reading_lines(reading: ReadingView) -> Iterable[str]:
    yield f"{reading.family}, {reading.way}:"
    for words in reading.meaning:
        yield from indented(words, 4)
    if reading.corrected is not None:
        yield from indented(f"[{reading.corrected}]", 4)
