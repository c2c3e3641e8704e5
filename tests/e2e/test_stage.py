"""A story whose expectations do not come true must say so: what the proofs are worth."""

import os
import signal
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from simulator.stories.crew import REMOVED, announce, applied, bring, hire, see_next, shut, sign_in
from simulator.stories.perform import perform
from simulator.stories.stage import Stage
from simulator.stories.story import Story
from simulator.transcript import Kind, Line, TextPrinter


@pytest.fixture
def directory() -> Iterator[Path]:
    # Sockets have short names; pytest's own directories are too deep for them.
    with tempfile.TemporaryDirectory(prefix="stage-", ignore_cleanup_errors=True) as made:
        yield Path(made)


async def expects_another_display(stage: Stage) -> None:
    await stage.type("C")
    await stage.see_display("Type the code")
    await stage.see_display("Good morning", limit_s=0.2)


async def expects_what_was_shown_before_the_last_deed(stage: Stage) -> None:
    await stage.type("5")
    await stage.see_display("Press C first")
    await stage.type("C")
    await stage.see_display("Press C first", limit_s=0.5)


async def lets_a_thief_come(stage: Stage) -> None:
    parcel = await stage.deliver()
    stage.automat.force(parcel.compartment)
    await stage.see_door(parcel.compartment, "open")
    stage.hand.take(parcel.compartment)


async def loses_the_daemon(stage: Stage) -> None:
    os.kill(stage.demo.daemon_pid or 0, signal.SIGKILL)
    await stage.see_display("anything")


async def loses_an_entry_at_the_back_office(stage: Stage) -> None:
    await stage.deliver()
    await stage.in_step()
    stage.demo.backoffice.ledger._db.execute("DELETE FROM ledger WHERE sequence = 4")


async def finds_a_receipt_without_a_door(stage: Stage) -> None:
    parcel = await stage.deliver()
    await stage.pick_up(parcel)
    stage.openings.clear()


async def says_that_it_took_a_parcel_and_leaves_it(stage: Stage) -> None:
    courier, recipient = await hire(stage, "courier"), await announce(stage)
    (parcel,) = await bring(stage, courier, recipient)
    await applied(stage, await stage.demo.backoffice.withdraw(parcel.tracking_id, "a trial"))
    await sign_in(stage, courier)
    await stage.type("1 OK")
    await see_next(stage, parcel)
    await shut(stage, parcel.compartment, REMOVED)
    await stage.type("OK")
    await stage.expect_entry("parcel.removed", subject=parcel.tracking_id)


@pytest.mark.broker
@pytest.mark.parametrize(
    ("play", "why"),
    [
        (
            expects_another_display,
            "display shows 'Good morning': not within 0.2 s; display front shows 'Type",
        ),
        (expects_what_was_shown_before_the_last_deed, "display shows 'Press C first': not within 0.5 s"),
        (lets_a_thief_come, "by the journal parcels lie in {'JJFI64312000012340001': '1'}, in truth in {}"),
        (loses_the_daemon, "lockerd ended unasked"),
        (loses_an_entry_at_the_back_office, "the ledger is gapless"),
        (finds_a_receipt_without_a_door, "has no door that opened"),
        (
            says_that_it_took_a_parcel_and_leaves_it,
            "by the journal parcels lie in {}, in truth in {'JJFI64312000012340001': '1'}",
        ),
    ],
)
async def test_a_story_that_does_not_come_true_fails_and_says_why(
    play: Callable[[Stage], Awaitable[None]], why: str, directory: Path
) -> None:
    told: list[Line] = []
    assert not await perform(Story("bad", "does not come true", play), directory, told.append)
    (failed,) = [line.text for line in told if line.kind == "failed"]
    assert why in failed
    assert (told[-1].kind, told[-1].data["ok"]) == ("result", False)


@pytest.mark.broker
async def test_a_courier_who_is_told_that_digits_are_missing_types_them_once_more(directory: Path) -> None:
    typed: list[str] = []

    async def misses_a_key_once(stage: Stage) -> None:
        typing = stage.type

        async def type_too_few(keys: str) -> None:
            typed.append(keys)
            first = keys == "12340001 OK" and typed.count(keys) == 1
            await typing("1234001 OK" if first else keys)

        stage.type = type_too_few  # type: ignore[method-assign]
        await stage.pick_up(await stage.deliver())
        assert stage.retyped == 1

    assert await perform(Story("once", "types again", misses_a_key_once), directory, _ignore)
    assert typed.count("12340001 OK") == 2


def test_polling_that_repeats_is_counted_and_what_is_new_is_shown_with_its_question() -> None:
    written: list[str] = []
    printer = TextPrinter(written.append)
    for reply in ("00", "00", "00", "00", "01"):
        printer(_wire("from-host", "80"))
        printer(_wire("to-host", reply))
    assert [line.split(maxsplit=2)[2] for line in written] == [
        "locks -> 80",
        "locks <- 00",
        "locks    the same 3 times more",
        "locks -> 80",
        "locks <- 01",
    ]


def test_keys_on_the_wire_are_all_shown() -> None:
    written: list[str] = []
    printer = TextPrinter(written.append)
    for _ in range(3):
        printer(_wire("to-host", "35", port="keypad-front"))
    assert len(written) == 3


def _ignore(_line: Line) -> None:
    """Nobody reads it."""


def _wire(direction: str, sent: str, port: str = "locks") -> Line:
    kind: Kind = "wire"
    arrow = {"from-host": "->", "to-host": "<-"}[direction]
    data = {"port": port, "direction": direction, "hex": sent}
    return Line(0.0, kind, f"{port} {arrow} {sent}", data)
