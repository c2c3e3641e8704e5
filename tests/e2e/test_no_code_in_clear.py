"""No code in clear (domain.md section 2): after a run every place is searched for every code used."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from locker.api.maintenance_schema import EvidenceQuery
from locker.api.routes import EVENTS, ROUTES
from locker.api.schema import Parcels
from locker.api.wire_schema import Wire
from simulator.daemon import run_command
from simulator.demo import Demo
from simulator.events import DisplayChanged, SimulatorEvent
from simulator.stock import Stock
from simulator.stories.spy import Spy
from simulator.stories.stage import Stage
from simulator.transcript import Transcript

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

PARCEL_CODE = "593817264058"
ZERO_CODE = "048271936504"
WRONG_CODE = "716305928417"
COURIER_CODE = "260958473192"
CODES = (PARCEL_CODE, ZERO_CODE, WRONG_CODE, COURIER_CODE)


@pytest.fixture
def directory() -> Iterator[Path]:
    # Sockets have short names; pytest's own directories are too deep for them.
    with tempfile.TemporaryDirectory(prefix="clear-", ignore_cleanup_errors=True) as made:
        yield Path(made)


async def test_no_code_is_written_sent_shown_or_answered_in_clear(
    directory: Path, locker_sim_stock: Stock
) -> None:
    demo = Demo(directory, story=True, stock=locker_sim_stock)
    places: dict[str, bytes] = {}
    shown: list[str] = []

    def watch(event: SimulatorEvent) -> None:
        if isinstance(event, DisplayChanged):
            shown.append("".join(event.lines))

    demo.automat.subscribe(watch)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(demo.stop)
        await demo.start()
        spy = await stack.enter_async_context(Spy(demo.broker))
        stage = Stage(demo, Transcript(asyncio.get_running_loop().time, lambda _line: None))
        stack.callback(stage.close)
        async with _event_stream(demo.socket) as stream:
            await _use_every_code(stage)
            places["event stream"] = bytes(stream)
        assert {person.code for person in demo.people} < set(CODES)
        places |= await _answers(demo.socket)
        for command in (
            ["status"],
            ["parcels", "--all"],
            ["journal", "--json"],
            ["incidents", "--all"],
            ["wire", "keypad front", "--limit", "512"],
            ["wire", "scanner front", "--json"],
        ):
            _, out, err = await run_command("locker.ctl", ["--socket", str(demo.socket), *command])
            places[f"lockerctl {' '.join(command)}"] = (out + err).encode()
        assert b" bytes, not kept" in places["lockerctl wire keypad front --limit 512"]
        assert b"label of 12 characters" in places["lockerctl wire scanner front --json"]
        # Searched twice: while everything runs (write-ahead log and all), and after the end.
        places |= {f"{name}, running": content for name, content in _files(directory).items()}
        await demo.stop_daemon()
    places |= _files(directory)
    places |= {f"{i} {m.topic}": m.topic.encode() + m.payload for i, m in enumerate(spy.heard)}
    places["display"] = "\n".join(shown).encode()

    found = [(code, place) for code in CODES for place, content in places.items() if _holds(content, code)]
    assert not found
    assert any(place.endswith("journal") for place in places), "the spy heard the journal"
    dumps = [place for place in places if place.startswith("automat/wire/")]
    assert any("-keypad-front.log" in place for place in dumps), "the wire was kept around an incident"
    for name in ("automat/automat.db", "automat/automat.db-wal, running", "automat/lockerd.log", *dumps):
        assert places[name], f"{name} was searched, and is not empty"


def test_the_search_finds_a_code_in_each_form_it_could_take() -> None:
    for form in (
        f"code={ZERO_CODE}",
        f'"{int(ZERO_CODE)}"',
        int(ZERO_CODE).to_bytes(6, "big"),
        int(ZERO_CODE).to_bytes(8, "little"),
        ZERO_CODE.encode("utf-16-le"),
        ZERO_CODE.encode().hex(),
        ZERO_CODE.encode().hex(" "),
        " ".join(ZERO_CODE),
    ):
        content = form if isinstance(form, bytes) else form.encode()
        assert _holds(b"before " + content + b" after", ZERO_CODE), form
    assert not _holds(b"048271936505", ZERO_CODE)


async def _use_every_code(stage: Stage) -> None:
    """Deliver, miss, go half-way, restart in between, pick up, reopen, sign in again."""
    await stage.hire(COURIER_CODE)
    first = await stage.deliver("S", code=PARCEL_CODE)
    second = await stage.deliver("M", code=ZERO_CODE)
    await stage.type(f"C {WRONG_CODE} OK")
    await stage.see_display("Code not recognised.")
    await stage.type(f"C {PARCEL_CODE[:6]}")
    await stage.type(f"{PARCEL_CODE} OK")
    await stage.see_display("Wrong length. Press C, the code and OK.")
    await stage.type(f"C {PARCEL_CODE} OK")
    await stage.see_door(first.compartment, "open")
    await stage.kill_daemon()
    await stage.start_daemon()
    await stage.take_out(first)
    await stage.pick_up(second)
    await stage.type(f"C {ZERO_CODE} OK")
    await stage.see_door(second.compartment, "open")
    stage.hand.push_shut(second.compartment)
    await stage.see_display("Thank you.")
    await stage.expect_entry("parcel.reopened", subject=second.tracking_id)
    stage.scan(WRONG_CODE)  # a code printed as a label is none of the wire log's business either
    stage.hand.unplug("keypad-front")
    await stage.expect_entry("incident.raised", incident="keypad-faulty")
    stage.hand.replug("keypad-front")
    await stage.in_step()


async def _answers(socket: Path) -> dict[str, bytes]:
    """Ask every question that the local socket knows."""
    answers: dict[str, bytes] = {}
    async with _session(socket) as session:

        async def ask(path: str) -> None:
            async with session.get(f"http://lockerd{path}") as answer:
                answers[path] = await answer.read()
                assert answer.status == 200, (path, answers[path])

        for route in ROUTES:
            if route.method == "GET" and route.content_type != EVENTS and route.query is not EvidenceQuery:
                query = {"journal": "?after=0&limit=500", "parcels": "?all=true", "incidents": "?all=true"}
                await ask(f"{route.path}{query.get(route.name, '')}")
        for parcel in Parcels.model_validate_json(answers["/v1/parcels?all=true"]).parcels:
            await ask(f"/v1/evidence?parcel={parcel.tracking_id}")
        wire = Wire.model_validate_json(answers["/v1/wire"])
        for line in wire.lines:
            await ask(f"/v1/wire?line={quote(line.name)}&limit=512")
        for incident in wire.dumped_incidents:
            await ask(f"/v1/wire?incident={incident}")
    return answers


@asynccontextmanager
async def _event_stream(socket: Path) -> AsyncIterator[bytearray]:
    """Listen to the event stream until the daemon ends; what it said is in the byte array."""
    heard = bytearray()
    begun = asyncio.Event()

    async def listen() -> None:
        async with _session(socket) as session, session.get("http://lockerd/v1/events") as answer:
            async for chunk in answer.content.iter_any():
                heard.extend(chunk)
                begun.set()

    listening = asyncio.create_task(listen())
    try:
        async with asyncio.timeout(10):
            await begun.wait()
        yield heard
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def _session(socket: Path) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.UnixConnector(path=str(socket)))


def _files(directory: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(directory)): file.read_bytes()
        for file in directory.rglob("*")
        if file.is_file() and not file.is_symlink()
    }


def _holds(content: bytes, code: str) -> bool:
    number = int(code)
    length = (number.bit_length() + 7) // 8
    plain = (
        code.encode(),
        str(number).encode(),
        code.encode("utf-16-le"),
        number.to_bytes(length, "big"),
        number.to_bytes(length, "little"),
    )
    if any(form in content for form in plain):
        return True
    spelled = code[0].encode() + b"".join(b"[^0-9]?" + digit.encode() for digit in code[1:])
    in_hex = re.sub(rb"[ :]", b"", content).lower()
    return re.search(spelled, content) is not None or code.encode().hex().encode() in in_hex
