"""`lockerctl lines`: how each line and board does."""

import argparse
import asyncio
from collections.abc import Callable, Iterable, Mapping

from locker.api.client import ApiClient, DaemonSilent, DaemonUnreachable
from locker.api.lines_schema import BoardView, LinesAnswer, LineView
from locker.commands.printing import counts, indented, print_json, print_lines, span, speak, table
from locker.errors import ExitCode

FOLLOW_EVERY_S = 2.0


async def lines(client: ApiClient, options: argparse.Namespace) -> ExitCode:
    """Show every line, board and port; with `--follow` again and again, until interrupted."""
    _show(await client.lines(), options)
    while options.follow:
        await asyncio.sleep(FOLLOW_EVERY_S)
        try:
            answer = await client.lines()
        except (DaemonUnreachable, DaemonSilent) as error:
            speak(f"{error}; trying again")
            continue
        if not options.json:
            print_lines([""])
        _show(answer, options)
    return ExitCode.OK


def add_parsers(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = add("lines", lines, "each line and board: rates, round trips, errors by kind")
    parser.add_argument("--follow", action="store_true", help="show it again every 2 s, until interrupted")


def _show(answer: LinesAnswer, options: argparse.Namespace) -> None:
    if options.json:
        print_json(answer)
    else:
        print_lines(_lines(answer))


def _lines(answer: LinesAnswer) -> Iterable[str]:
    for line in answer.lines:
        yield from _line(line)
    if answer.peripherals:
        rows = [
            (f"{each.what} {each.name}", each.family, each.port, "open" if each.open else "NOT OPEN")
            for each in answer.peripherals
        ]
        yield from table(("PART", "FAMILY", "PORT", "STATE"), rows, flexible=2)
        for each in answer.peripherals:
            if each.problem is not None:
                yield from indented(f"{each.what} {each.name}: {each.problem}", 2)


def _line(line: LineView) -> Iterable[str]:
    yield from indented(f"line {line.name}: {line.port}, {line.baud} baud, {_opened(line.open)}", 0)
    if line.problem is not None:
        yield from indented(line.problem, 2)
    yield from indented(
        f"{line.exchanges_per_s:.1f} exchanges/s, {line.frames_per_s:.1f} frames/s; "
        f"{line.sent} sent, {line.answered} answered; errors: {_errors(line.errors)}",
        2,
    )
    if line.median_ms is not None and line.p95_ms is not None:
        of = f"round trip of the last {len(line.round_trips_ms)}"
        yield from indented(f"{of}: median {line.median_ms:.1f} ms, 95 % within {line.p95_ms:.1f} ms", 2)
    heads = ("BOARD", "FAMILY", "ADDRESS", "POLLS", "ANSWER", "STATE", "ERRORS")
    rows = [
        (
            board.name,
            board.family,
            str(board.address),
            str(board.polls),
            _ago(board.last_answer_s),
            board_state(board),
            _errors(board.errors),
        )
        for board in line.boards
    ]
    yield from (f"  {each}" for each in table(heads, rows, flexible=6, width=78))
    for board in line.boards:
        if board.mismatch is not None:
            yield from indented(f"board {board.name}: {board.mismatch}", 2)


def board_state(board: BoardView) -> str:
    """Say in a word how a board is."""
    if board.mismatch is not None:
        return "OTHER"
    return {None: "unknown", True: "LOST", False: "works"}[board.lost]


def _opened(is_open: bool) -> str:  # noqa: FBT001 - the state itself, not an option
    return "open" if is_open else "NOT OPEN"


def _ago(age_s: float | None) -> str:
    if age_s is None:
        return "never"
    return f"{age_s:.1f} s" if age_s < 60 else span(age_s)


def _errors(errors: Mapping[str, int]) -> str:
    return counts(dict(errors))
