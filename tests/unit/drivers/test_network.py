"""Lines behind a TCP connection to a base unit."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import pytest

from drivers.bus import Bus, BusSettings, Question
from drivers.errors import CallerMistake, LineDown, NoAnswer, PortMissing
from drivers.keeper import KeeperSettings, PortChange, PortDown, PortKeeper, PortUp
from drivers.network import host_and_port, open_network, unconfirmed_bytes
from drivers.port import Port, PortSettings
from drivers.xor_bcc import codec

QUICK = KeeperSettings(first_wait_s=0.01, longest_wait_s=0.02, technician_wait_s=0.02, steady_s=0.0)
READ = codec.encode_read(1, 1)


class BaseUnit:
    """A TCP server on loopback that may go away and come back at the same port."""

    def __init__(self) -> None:
        self.port = 0
        self.received: asyncio.Queue[tuple[bytes, asyncio.StreamWriter]] = asyncio.Queue()
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while data := await reader.read(100):
                self.received.put_nowait((data, writer))
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()


@pytest.fixture
async def unit() -> AsyncIterator[BaseUnit]:
    made = BaseUnit()
    await made.start()
    async with asyncio.timeout(10):
        yield made
    await made.stop()


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("tcp://192.168.0.7:5000", "192.168.0.7", 5000),
        ("tcp://locks.local:5000", "locks.local", 5000),
        ("tcp://[::1]:1", "::1", 1),
    ],
)
def test_an_address_is_host_and_port(address: str, host: str, port: int) -> None:
    assert host_and_port(address) == (host, port)


@pytest.mark.parametrize(
    "address",
    [
        "tcp://",
        "tcp://host",
        "tcp://host:0",
        "tcp://host:70000",
        "tcp://host:5000/",
        "tcp://a b:5",
        "host:5000",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(CallerMistake):
        host_and_port(address)


async def test_a_lost_base_unit_is_connected_again_and_bytes_pass(unit: BaseUnit) -> None:
    changes: asyncio.Queue[PortChange] = asyncio.Queue()
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    keeper = PortKeeper(PortSettings(unit.address), settings=QUICK, on_change=changes.put_nowait)
    keeper.on_bytes = heard.put_nowait
    keeper.start()
    assert await changes.get() == PortUp(unit.address)
    keeper.write(b"first")
    await unit.received.get()
    await unit.stop()
    assert isinstance(await changes.get(), PortDown)
    refused = await changes.get()
    assert isinstance(refused, PortDown)
    assert not refused.needs_technician
    assert "no base unit there" in refused.reason
    with pytest.raises(LineDown):
        keeper.write(b"x")
    await unit.start()
    assert await changes.get() == PortUp(unit.address)
    keeper.write(b"ask")
    asked, writer = await unit.received.get()
    assert asked == b"ask"
    writer.write(b"answer")
    assert await heard.get() == b"answer"
    await keeper.stop()


async def test_an_unknown_name_may_become_known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    with pytest.raises(PortMissing, match="name is not known"):
        await open_network("tcp://nowhere:5000")


async def test_a_unit_that_takes_no_connection_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.network.CONNECT_LIMIT_S", 0.02)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        host, port = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex((host, port))
            with pytest.raises(PortMissing, match="no answer"):
                await open_network(f"tcp://{host}:{port}")
        finally:
            for one in waiting:
                one.close()


async def test_an_unlock_that_did_not_reach_the_unit_never_arrives_later() -> None:
    """The unit's buffers are full: what is sent stays here, and ending the connection drops it."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        host, port = listening.getsockname()
        changes: asyncio.Queue[PortChange] = asyncio.Queue()
        settings = PortSettings(f"tcp://{host}:{port}")
        keeper = PortKeeper(settings, settings=QUICK, on_change=changes.put_nowait)
        bus = Bus(keeper, BusSettings(gap_s=0.0))
        keeper.start()
        bus.start()
        async with asyncio.timeout(10):
            await changes.get()
            far, _ = listening.accept()
            port_of = keeper._port
            assert isinstance(port_of, Port)
            assert port_of._fd is not None
            while unconfirmed_bytes(port_of._fd) < 4096:
                try:
                    os.write(port_of._fd, b"\x00" * 4096)
                except BlockingIOError:
                    break
            question: Question[codec.Reply] = Question(
                codec.encode_unlock(1, 3),
                codec.ReplyDecoder,
                lambda: lambda _frame: False,
                reply_timeout_s=0.02,
                urgent=True,
            )
            with pytest.raises(NoAnswer):
                await bus.ask(question)
            lost = await changes.get()
            assert isinstance(lost, PortDown)
            assert "did not arrive" in lost.reason
        await bus.stop()
        await keeper.stop()
        with far:
            far.settimeout(5)
            assert b"\x8a" not in everything(far)


def everything(connection: socket.socket) -> bytes:
    """What is still to be read, until the other end has cut it off."""
    received = bytearray()
    try:
        while data := connection.recv(65_536):
            received += data
    except ConnectionResetError:
        return bytes(received)
    pytest.fail("the connection ended in good order, with all that was sent")
