"""F19 and F5: a daemon that cannot go on says so on the display, answers questions, and moves no lock."""

import asyncio
import json
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import aiohttp
import pytest

from simulator.daemon import DaemonError, run_command
from simulator.demo import Demo
from simulator.events import CoilPulsed, SimulatorEvent
from simulator.stock import Stock
from simulator.stories.stage import Stage, Stored
from simulator.transcript import Transcript

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

OUT_OF_ORDER = "This automat is out of order."
STARTS = 5
POISON = "UPDATE facts SET word_awaited = '[\"1\"]'"
"""A row that is read without complaint, and on which the first decision fails."""
LEAVE = {"technician": "t-7", "reason": "row mended"}


@pytest.fixture
def directory() -> Iterator[Path]:
    # Sockets have short names; pytest's own directories are too deep for them.
    with tempfile.TemporaryDirectory(prefix="safe-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.fixture
async def demo(directory: Path, locker_sim_stock: Stock) -> AsyncIterator[Demo]:
    """An automat that counts its failing starts, as one in the field does."""
    demo = Demo(directory, story=True, stock=locker_sim_stock, paced=False)
    await demo.start()
    await demo.stop_daemon()
    configuration = demo.place.configuration
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(text.replace("starts = 0", f"starts = {STARTS}"), encoding="utf-8")
    await demo.start_daemon()
    await demo.until_served()
    yield demo
    await demo.stop()


@contextmanager
def on_stage(demo: Demo) -> Iterator[Stage]:
    """Somebody in front of the automat, from now on."""
    stage = Stage(demo, Transcript(asyncio.get_running_loop().time, lambda _line: None))
    try:
        yield stage
    finally:
        stage.close()


@contextmanager
def no_pulse(demo: Demo) -> Iterator[None]:
    """Expect that no coil is pulsed in a block."""
    pulsed: list[SimulatorEvent] = []
    forget = demo.automat.subscribe(
        lambda each: pulsed.append(each) if isinstance(each, CoilPulsed) else None
    )
    yield
    forget()
    assert not pulsed


def change(demo: Demo, statement: str) -> str:
    """Change the database behind the daemon's back; return what undoes a change of word_awaited."""
    with closing(sqlite3.connect(demo.place.database)) as db:
        (before,) = db.execute("SELECT word_awaited FROM facts").fetchone()
        db.execute(statement)
        db.commit()
    return f"UPDATE facts SET word_awaited = '{before}'"  # noqa: S608 - what the daemon itself had written


async def post(demo: Demo, path: str, body: dict[str, str]) -> tuple[int, dict[str, dict[str, str]]]:
    """Ask as this user, who is the daemon's own."""
    connector = aiohttp.UnixConnector(path=str(demo.socket))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post(f"http://lockerd{path}", json=body) as answer,
    ):
        return answer.status, await answer.json()


async def lockerctl(demo: Demo, *arguments: str) -> tuple[int, str]:
    """Run a command of lockerctl; exit code and what it says."""
    code, out, err = await run_command("locker.ctl", ["--socket", str(demo.socket), *arguments])
    return code, " ".join((out + err).split())


async def crash_until_safe(demo: Demo) -> None:
    """Start until the daemon stays: each start but the last ends by itself."""
    for _ in range(STARTS):
        with pytest.raises(DaemonError, match="ended"):
            await demo.start_daemon()
    await demo.start_daemon()


async def opens_nothing(demo: Demo, stage: Stage, parcel: Stored) -> None:
    """Whatever comes, at the keypad and at the socket, no lock moves and the display stays as it is."""
    asked = {"technician": "t-7", "compartment": parcel.compartment, "reason": "to look"}
    with no_pulse(demo):
        await stage.type(f"C {parcel.code} OK")
        status, answer = await post(demo, "/v1/maintenance/open", asked)
        assert (status, answer["error"]["reason"]) == (503, "safe-mode")
        assert "safe-mode leave" in answer["error"]["remedy"]
        code, said = await lockerctl(demo, "open", parcel.compartment, "--reason", "x", "--technician", "t-7")
        assert code == 1
        assert "no lock moves" in said
    shown = " ".join(demo.automat.display(stage.display).lines())
    assert "out of order" in shown or "Customer service" in shown


async def test_a_poison_row_ends_in_safe_mode_that_tells_and_opens_nothing_until_it_is_mended(
    demo: Demo,
) -> None:
    with on_stage(demo) as stage:
        parcel = await stage.deliver()
        await stage.in_step()
    await demo.stop_daemon()
    mend = change(demo, POISON)

    with no_pulse(demo):
        await crash_until_safe(demo)
    with on_stage(demo) as stage:
        await stage.see_display(OUT_OF_ORDER)
        status = await demo.ask("/v1/status")
        assert status["safe_mode"]["cause"] == "crash-loop"
        assert f"ended by itself {STARTS} times" in status["safe_mode"]["detail"]
        assert "ValueError" in status["safe_mode"]["detail"] or "unpack" in status["safe_mode"]["detail"]
        assert status["safe_mode"]["retry_s"] > 0
        assert status["parcels"]["stored"] == 1
        assert not status["link_connected"]
        assert (await demo.ask("/v1/verify"))["first_bad"] is None
        assert (await demo.ask(f"/v1/evidence?parcel={parcel.tracking_id}"))["entries"]
        assert (await demo.ask("/v1/journal"))["entries"]
        assert (await demo.ask("/v1/lines"))["lines"][0]["open"]
        assert "locker_safe_mode 1.0" in (await lockerctl_metrics(demo))
        code, said = await lockerctl(demo, "safe-mode")
        assert code == 1
        assert "SAFE MODE out of order" in said
        await opens_nothing(demo, stage, parcel)

    change(demo, mend)
    code, said = await lockerctl(demo, "safe-mode", "leave", "--technician", "t-7", "--reason", "row mended")
    assert code == 0, said
    await demo._daemon.gone()
    await demo.start_daemon()
    await demo.until_served()
    with on_stage(demo) as stage:
        told = json.dumps((await demo.ask("/v1/journal?kind=started&limit=1"))["entries"][-1]["data"])
        assert '"ended": "by-person"' in told
        assert '"technician": "t-7"' in told
        assert '"reason": "row mended"' in told
        assert (await demo.ask("/v1/status"))["safe_mode"] is None
        await stage.pick_up(parcel)


async def lockerctl_metrics(demo: Demo) -> str:
    """Read the figures."""
    connector = aiohttp.UnixConnector(path=str(demo.socket))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get("http://lockerd/v1/metrics") as answer,
    ):
        return await answer.text()


async def test_a_damaged_database_is_kept_as_it_is_and_nobody_is_served_with_an_empty_one(demo: Demo) -> None:
    with on_stage(demo) as stage:
        parcel = await stage.deliver()
        await stage.in_step()
    await demo.stop_daemon()
    database = demo.place.database
    sound = database.read_bytes()
    damaged = bytearray(sound)
    for position in range(4096 * 2, len(damaged), 97):  # flipped bits all over the pages, the header stays
        damaged[position] ^= 1 << position % 8
    database.write_bytes(damaged)

    await demo.start_daemon()
    with on_stage(demo) as stage:
        await stage.see_display(OUT_OF_ORDER)
        told = (await demo.ask("/v1/status"))["safe_mode"]
        assert told["cause"] == "database"
        assert str(database) in told["detail"]
        assert told["retry_s"] is None
        await opens_nothing(demo, stage, parcel)
        assert database.read_bytes() == damaged
        assert sorted(database.parent.glob("*.db*")) == [database, database.with_name("automat.db-lock")]

    database.write_bytes(sound)
    status, _ = await post(demo, "/v1/safe-mode/leave", LEAVE)
    assert status == 200
    await demo._daemon.gone()
    await demo.start_daemon()
    with on_stage(demo) as stage:
        await stage.pick_up(parcel)


async def test_a_database_that_is_gone_is_not_replaced_by_an_empty_one(demo: Demo) -> None:
    await demo.stop_daemon()
    database = demo.place.database
    sound = database.read_bytes()
    database.unlink()

    await demo.start_daemon()
    told = (await demo.ask("/v1/status"))["safe_mode"]
    assert told["cause"] == "database"
    assert "gone" in told["detail"]
    assert not database.exists()

    database.write_bytes(sound)
    await demo.stop_daemon()  # whoever restarts the service wants it tried again
    await demo.start_daemon()
    assert (await demo.ask("/v1/status"))["safe_mode"] is None


async def test_an_entry_that_cannot_be_read_is_named_to_who_asks_and_recipients_are_served(
    demo: Demo,
) -> None:
    with on_stage(demo) as stage:
        parcel = await stage.deliver()
        await stage.in_step()
    await demo.stop_daemon()
    change(demo, "UPDATE journal SET at = 'a' || at WHERE sequence = 3")

    await demo.start_daemon()
    await demo.until_served()
    for question in ("journal", "verify"):
        with pytest.raises(
            DaemonError, match=r"answers .* with 503: .*entry 1-3 of the journal cannot be read"
        ):
            await demo.ask(f"/v1/{question}")
    with on_stage(demo) as stage:
        await stage.pick_up(parcel)
