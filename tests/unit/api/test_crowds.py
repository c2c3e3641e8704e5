"""Whoever may only look keeps nobody else from the socket: places, verifications, slow bodies, hanging up."""

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, suppress
from pathlib import Path

import pytest

from locker.api import reading
from locker.api.client import DaemonUnreachable, RequestRefused
from locker.api.commission_schema import CommissionWrite
from locker.api.connections import OF_ONE_VIEWER_MOST
from locker.api.server import VIEWERS_AT_ONCE, ApiServer
from locker.api.stream import STREAMS, EventStream
from locker.api.wire import FOLLOWERS
from tests.contracts.siege import connect
from tests.unit.api.house import House, client_of
from tests.unit.api.raw import ask
from tests.unit.hardware.wires import ASK, Records

LIMIT_S = 10
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: only root can ask as somebody else")


@pytest.fixture
def path() -> Iterator[Path]:
    """A socket in a directory that everybody may enter: pytest's own are closed to other users."""
    made = Path(tempfile.mkdtemp(prefix="crowd-"))
    made.chmod(0o711)
    yield made / "lockerd.sock"
    shutil.rmtree(made)


@pytest.fixture
async def server(house: House, path: Path) -> AsyncIterator[ApiServer]:
    """It serves, with one line."""
    records = Records()
    records.sent("left", ASK)
    house.wires = records.wires
    async with house.serving(path, EventStream()) as server:
        yield server


async def opened(stack: AsyncExitStack, path: Path, target: str) -> bytes:
    """Ask as a viewer, keep the connection, and give the line that says how it is answered."""
    reader, writer = await asyncio.open_unix_connection(sock=connect(path, viewer=True))
    stack.callback(writer.close)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: lockerd\r\n\r\n".encode())
    return await reader.readline()


@needs_root
@pytest.mark.parametrize(
    ("target", "places"),
    [("/v1/events", STREAMS), ("/v1/wire/follow?line=left", FOLLOWERS)],
)
async def test_viewers_leave_places_for_technicians(server: ApiServer, target: str, places: int) -> None:
    async with asyncio.timeout(LIMIT_S), AsyncExitStack() as stack:
        answers = [await opened(stack, server.path, target) for _ in range(places + 1)]
        assert b" 200 " in answers[0]
        assert b" 503 " in answers[-1]

        async with client_of(server.path) as client:
            if "wire" in target:
                followed = client.follow_wire("left", after=0)
                async with aclosing(followed):
                    await anext(followed)
            else:
                async with aclosing(client.events()) as events:
                    assert (await anext(events)).kind == "snapshot"


@needs_root
async def test_a_viewers_idle_connections_keep_nobody_out(server: ApiServer) -> None:
    async with asyncio.timeout(LIMIT_S), AsyncExitStack() as stack:
        idle = [stack.enter_context(connect(server.path, viewer=True)) for _ in range(OF_ONE_VIEWER_MOST)]
        turned_away = stack.enter_context(connect(server.path, viewer=True))
        said = await asyncio.get_running_loop().sock_recv(turned_away, 65_536)
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b'"reason":"too-many-connections"' in said
        async with client_of(server.path) as client:
            await client.status()

        idle[0].close()
        assert b" 200 " in await _once_let_in(stack, server.path)


async def _once_let_in(stack: AsyncExitStack, path: Path) -> bytes:
    """Ask until the daemon has noticed that somebody went."""
    while b" 503 " in (answer := await opened(stack, path, "/v1/status")):
        pass
    return answer


@needs_root
async def test_whoever_is_turned_away_is_told_why(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locker.api.connections.CONNECTIONS_MOST", 0)

    with pytest.raises((RequestRefused, DaemonUnreachable)) as refused:
        async with client_of(server.path):
            pass

    assert "connections" in str(refused.value)


@needs_root
async def test_a_viewers_verification_keeps_no_technician_waiting(house: House, server: ApiServer) -> None:
    reading_begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        if not reading_begun.is_set():
            reading_begun.set()
            await go_on.wait()

    house.before_reading = wait
    async with asyncio.timeout(LIMIT_S), AsyncExitStack() as stack:
        viewers = asyncio.create_task(opened(stack, server.path, "/v1/verify"))
        await reading_begun.wait()
        async with client_of(server.path) as client:
            assert (await client.verify()).first_bad is None
        assert b" 409 " in await opened(stack, server.path, "/v1/verify")
        go_on.set()
        assert b" 200 " in await viewers


@needs_root
async def test_many_questions_of_viewers_are_worked_on_a_few_at_once(house: House, server: ApiServer) -> None:
    under_way, most = 0, 0

    async def wait() -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(20):
            await asyncio.sleep(0)
        under_way -= 1

    house.before_reading = wait
    async with asyncio.timeout(LIMIT_S), AsyncExitStack() as stack:
        asking = [opened(stack, server.path, "/v1/journal") for _ in range(10)]
        answers = await asyncio.gather(*asking)

    assert all(b" 200 " in answer for answer in answers)
    assert 1 <= most <= VIEWERS_AT_ONCE


async def test_a_body_that_does_not_come_is_not_waited_for(
    house: House, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BODY_TIMEOUT_S", 0.05)

    reply = await ask(
        server.path,
        "/v1/maintenance/block",
        method="POST",
        headers="Content-Length: 100\r\n",
        body=b'{"technician":',
    )

    assert (reply.status, reply.refusal()["reason"]) == (408, "too-slow")
    assert house.automat.compartments["1"].blocked is None


async def test_a_step_goes_to_its_end_although_whoever_asked_hangs_up(
    house: House, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def write(user: str, *, partial: bool) -> None:
        begun.set()
        await go_on.wait()
        house.desk.asked.append(("write", user, partial))
        done.set()

    monkeypatch.setattr(house.desk, "write", write)
    async with asyncio.timeout(LIMIT_S):
        async with client_of(server.path) as client:
            step = asyncio.create_task(client.commission_step(CommissionWrite()))
            await begun.wait()
            step.cancel()
            with suppress(asyncio.CancelledError):
                await step
        async with client_of(server.path) as other:
            await other.status()  # by now the daemon knows that the first one has gone
        go_on.set()
        await done.wait()

    assert [what for what, *_ in house.desk.asked] == ["write"]


async def test_a_stopping_daemon_ends_a_step_that_does_not_end(
    house: House, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def write(_user: str, *, partial: bool) -> None:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError(partial)

    monkeypatch.setattr(house.desk, "write", write)
    async with asyncio.timeout(LIMIT_S):
        async with house.serving(path):
            with socket.socket(socket.AF_UNIX) as asking:
                asking.connect(os.fspath(path))
                asking.sendall(
                    b"POST /v1/commission/write HTTP/1.1\r\nHost: lockerd\r\nContent-Length: 2\r\n\r\n{}"
                )
                await begun.wait()
