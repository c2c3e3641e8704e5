"""Whatever the screens can ask the daemon, `lockerctl` asks too, and tells the answer as JSON."""

import asyncio
import inspect
import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest
from aiohttp import web

import locker.commands
import tui
from locker import ctl
from locker.api import maintenance_schema
from locker.api.client import ApiClient, RequestRefused
from locker.api.reading import read_query
from locker.api.routes import EVENTS, ROUTES, Route
from locker.api.schema import Strict
from locker.api.server import ApiServer
from tests.unit.api.house import TRACKING_ID, House
from tests.unit.hardware.wires import ASK, Records

LIMIT_S = 20
BY = "--technician t-7"
COMMANDS = {
    "greeting": "whoami",
    "status": "status",
    "compartments": "compartments",
    "locks": "locks",
    "parcels": "parcels --all",
    "incidents": "incidents --all",
    "journal": "journal --limit 3",
    "verify": "verify",
    "events": "watch",
    "wire": "wire left",
    "wire/follow": "wire left --follow",
    "decode": "decode xor-bcc 8A 01 05 11 9F",
    "lines": "lines",
    "commission": "commission status",
    "commission/begin": f"commission begin {BY}",
    "commission/search": "commission search locks",
    "commission/test": "commission test 1",
    "commission/door": "commission door --none",
    "commission/write": "commission write --partial",
    "commission/end": "commission end",
    "keypads": "keypads",
    "audit": "audit status",
    "evidence": f"evidence {TRACKING_ID} --force --output /dev/null",
    "maintenance/open": f"open 4 --reason look --no-wait {BY}",
    "maintenance/test": f"test 4 --no-wait {BY}",
    "maintenance/found": f"found 4 empty {BY}",
    "maintenance/block": f"block 5 --reason wet {BY}",
    "maintenance/unblock": f"unblock 5 {BY}",
    "maintenance/acknowledge": f"acknowledge 1 {BY}",
    "maintenance/clear": f"clear 1 --reason mended {BY}",
    "maintenance/release": f"release front {BY}",
    "safe-mode/leave": f"safe-mode leave --reason mended {BY}",
    "maintenance/device": f"device front display {BY}",
    "audit/begin": f"audit begin {BY}",
    "audit/skip": f"audit skip 6 --reason full {BY}",
    "audit/end": f"audit end --partial {BY}",
}
FOR_MACHINES = {"metrics", "openapi.json"}
"""What Prometheus and programmers ask; no screen shows it."""


@pytest.fixture
async def house() -> House:
    """An automat that has been used a little, with wires."""
    house = House()
    house.use()
    records = Records()
    records.sent("left", ASK)
    house.wires = records.wires
    return house


@pytest.fixture
async def serving(house: House, tmp_path: Path) -> AsyncIterator[ApiServer]:
    """It serves."""
    async with house.serving(tmp_path / "lockerd.sock") as serving:
        yield serving


def test_every_route_has_a_command() -> None:
    assert set(COMMANDS) == {route.name for route in ROUTES} - FOR_MACHINES


@pytest.mark.parametrize(
    "route", [pytest.param(each, id=each.name) for each in ROUTES if each.name in COMMANDS]
)
async def test_the_command_asks_there_and_answers_in_json(
    serving: ApiServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    route: Route,
) -> None:
    asked, reached = set[str](), asyncio.Event()

    def noted(request: web.Request, model: type[Strict]) -> Strict:
        asked.add(request.path)
        if request.path == route.path:
            reached.set()
        return read_query(request, model)

    monkeypatch.setattr("locker.api.server.read_query", noted)
    monkeypatch.chdir(tmp_path)
    words = COMMANDS[route.name].replace("/dev/null", str(tmp_path / "evidence.json")).split()
    options = ctl._parser().parse_args(["--socket", str(serving.path), *words, "--json"])
    async with asyncio.timeout(LIMIT_S):
        command = asyncio.create_task(ctl._run(options))
        if route.content_type == EVENTS:
            await reached.wait()
            command.cancel()
        with suppress(asyncio.CancelledError, RequestRefused):
            await command

    assert route.path in asked
    for line in capsys.readouterr().out.splitlines():
        assert isinstance(json.loads(line), dict)


def sources(package: ModuleType) -> str:
    """Every line of a package."""
    directory = Path(next(iter(package.__path__)))
    return "\n".join(file.read_text() for file in sorted(directory.rglob("*.py")))


def test_the_screens_ask_nothing_that_no_command_asks() -> None:
    questions = [name for name, _ in inspect.getmembers(ApiClient, inspect.isfunction) if name[0] != "_"]
    models = [name for name in dir(maintenance_schema) if name.endswith("Asked")]
    screens, commands = sources(tui), sources(locker.commands)

    def in_use(text: str) -> set[str]:
        asked = {name for name in questions if re.search(rf"\.{name}\(", text)}
        return asked | {name for name in models if re.search(rf"\b{name}\(", text)}

    def named(text: str) -> set[str]:
        return {name for name in models if re.search(rf"\b{name}\b", text)} | in_use(text)

    assert {"maintain", "audit_step", "evidence", "OpenAsked"} <= in_use(screens)
    assert in_use(screens) - {"close"} <= named(commands)
