"""Out-of-band control answers every line and survives every line."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from simulator.automat import SimulatedAutomat
from simulator.control import LINE_LIMIT_BYTES, ControlError, ControlServer, poke
from tests.unit.simulator.conftest import Host


@pytest.fixture
async def control(automat: SimulatedAutomat, tmp_path: Path) -> AsyncIterator[Path]:
    path = tmp_path / "control.sock"
    server = ControlServer(automat, path)
    await server.start()
    yield path
    await server.stop()


async def test_help_describes_every_verb(control: Path) -> None:
    verbs = await poke(control, {"do": "help"})
    assert verbs["press"]["fields"] == {"keypad": "str", "key": "str"}
    assert all(entry["meaning"] for entry in verbs.values())


async def test_a_whole_visit_by_pokes(control: Path, automat: SimulatedAutomat) -> None:
    display = Host(automat.port("display-front"))
    display.write(b"\x1bQAHei\r")
    assert await poke(control, {"do": "wait", "display": "front", "text": "Hei"}) == [
        "Hei".ljust(20),
        " " * 20,
    ]
    await poke(control, {"do": "type", "keypad": "front", "keys": "C 12 OK"})
    await poke(control, {"do": "scan", "scanner": "front", "text": "JJFI1"})
    await poke(control, {"do": "inject", "line": "locks", "hex": "8A 01 03 11 99"})
    await automat.until(lambda: automat.door("3").state == "open", 5, "door 3 open")
    await poke(control, {"do": "put", "label": "3", "parcel": "JJFI1"})
    assert (await poke(control, {"do": "door", "label": "3"}))["contents"] == ["JJFI1"]
    assert await poke(control, {"do": "take", "label": "3"}) == ["JJFI1"]
    await poke(control, {"do": "push-shut", "label": "3"})
    await automat.until(lambda: automat.door("3").shut, 5, "door 3 shut")
    assert len(await poke(control, {"do": "doors"})) == 14
    assert await poke(control, {"do": "beeps", "display": "front"}) == 0
    display.close()


async def test_troubles_by_pokes(control: Path, automat: SimulatedAutomat) -> None:
    await poke(control, {"do": "jam", "label": "3", "kind": "ice"})
    assert automat.door("3").jam == "ice"
    await poke(control, {"do": "unjam", "label": "3"})
    await poke(control, {"do": "fault", "name": "weak-coil", "target": "4", "value": 0.5})
    assert automat.door("4").faults == {"weak-coil": 0.5}
    await poke(control, {"do": "fault", "name": "weak-coil", "target": "4", "value": None})
    assert automat.door("4").faults == {}
    await poke(control, {"do": "unplug", "port": "locks"})
    assert not automat.port("locks").is_symlink()
    await poke(control, {"do": "replug", "port": "locks"})
    assert (await poke(control, {"do": "ports"}))["locks"] == str(automat.port("locks"))
    assert {fault["name"] for fault in await poke(control, {"do": "faults"})} >= {"noise", "jam"}


def _ignore(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    pass


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"do": "fly"}, "no verb 'fly'; there are help, press"),
        ({"do": 1}, "a request is an object with a verb"),
        ({}, "a request is an object with a verb"),
        ({"do": "press", "keypad": "front"}, "press: field 'key' is missing"),
        ({"do": "press", "keypad": "front", "key": 5}, "press: field 'key' is a str"),
        ({"do": "press", "keypad": "front", "key": "C", "x": 1}, "press: no field 'x'"),
        ({"do": "press", "keypad": "front", "key": "#"}, "no key '#'"),
        ({"do": "press", "keypad": "back", "key": "C"}, "no keypad 'back'"),
        ({"do": "scan", "scanner": "front", "text": ""}, "a label holds 1 to 1000 characters"),
        ({"do": "scan", "scanner": "back", "text": "A"}, "no scanner 'back'"),
        ({"do": "door", "label": "99"}, "no compartment '99'"),
        ({"do": "take", "label": "1"}, "compartment 1 is shut"),
        ({"do": "push-shut", "label": "1", "strength": float("nan")}, "strength"),
        ({"do": "push-shut", "label": "1", "strength": "hard"}, "field 'strength' is a int"),
        ({"do": "fault", "name": "rust", "target": "1", "value": True}, "no fault is called 'rust'"),
        ({"do": "inject", "line": "locks", "hex": "XY"}, "hexadecimal"),
        ({"do": "type", "keypad": "front", "keys": "1" * 300}, "at most 256 keys"),
        (
            {"do": "wait", "display": "front", "text": "x", "limit_s": 0.01},
            "waited 0.01 s for 'x' on display",
        ),
    ],
)
async def test_a_bad_request_is_answered_with_its_reason(
    control: Path, request_: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ControlError, match=reason):
        await poke(control, request_)
    assert await poke(control, {"do": "help"})


@pytest.mark.parametrize("line", [b"{", b"\xff\xfe", b"[]", b"null", b"[" * 50_000, b""])
async def test_lines_that_are_no_request_are_answered(control: Path, line: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(control)
    writer.write(line + b"\n" + b'{"do": "beeps", "display": "front"}\n')
    async with asyncio.timeout(5):
        assert json.loads(await reader.readline())["ok"] is False
        assert json.loads(await reader.readline()) == {"ok": True, "result": 0}
    writer.close()
    await writer.wait_closed()


async def test_an_endless_line_is_refused_and_the_connection_closed(control: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(control)
    writer.write(b"x" * (LINE_LIMIT_BYTES + 10))
    async with asyncio.timeout(5):
        assert "at most" in json.loads(await reader.readline())["error"]
        assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_without_a_simulator_the_client_says_so(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="no simulator listens at"):
        await poke(tmp_path / "nothing.sock", {"do": "help"})


async def test_a_socket_left_behind_is_replaced(automat: SimulatedAutomat, tmp_path: Path) -> None:
    path = tmp_path / "left.sock"
    dead = await asyncio.start_unix_server(_ignore, path)
    dead.close()
    await dead.wait_closed()
    server = ControlServer(automat, path)
    await server.start()
    assert await poke(path, {"do": "help"})
    assert path.stat().st_mode & 0o777 == 0o600
    await server.stop()
    assert not path.exists()
