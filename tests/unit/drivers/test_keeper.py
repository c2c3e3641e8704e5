import asyncio
import concurrent.futures
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.errors import LineDown, PortForbidden
from drivers.keeper import KeeperSettings, PortChange, PortDown, PortKeeper, PortUp
from drivers.port import PortSettings, open_serial
from drivers.wirelog import WireLog
from tests.unit.drivers.support import PtyDevice

QUICK = KeeperSettings(first_wait_s=0.005, longest_wait_s=0.02, technician_wait_s=0.02)


class Kept:
    """A keeper and what it told."""

    def __init__(self, path: Path, executor: concurrent.futures.Executor | None = None) -> None:
        self.changes: asyncio.Queue[PortChange] = asyncio.Queue()
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.log = WireLog()
        self.keeper = PortKeeper(
            PortSettings(str(path)),
            settings=QUICK,
            on_change=self.changes.put_nowait,
            wire_log=self.log,
            executor=executor,
        )
        self.keeper.on_bytes = self.heard.put_nowait
        self.keeper.start()


@pytest.fixture
async def kept(device: PtyDevice) -> AsyncIterator[Kept]:
    made = Kept(device.link)
    yield made
    await made.keeper.stop()


async def test_an_unplugged_port_comes_back_by_its_path(device: PtyDevice, kept: Kept) -> None:
    async with asyncio.timeout(5):
        assert await kept.changes.get() == PortUp(str(device.link))
        device.unplug()
        down = await kept.changes.get()
        assert isinstance(down, PortDown)
        assert not down.needs_technician
        with pytest.raises(LineDown):
            kept.keeper.write(b"x")
        missing = await kept.changes.get()
        assert isinstance(missing, PortDown)
        assert "no device there" in missing.reason
        device.plug()
        assert await kept.changes.get() == PortUp(str(device.link))
        kept.keeper.write(b"again")
        assert await device.read(5) == b"again"
        device.write(b"yes")
        assert await kept.heard.get()
    assert kept.changes.empty()


async def test_the_same_reason_is_told_once(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "absent")
    async with asyncio.timeout(5):
        await kept.changes.get()
    attempts = asyncio.get_running_loop().time() + 10 * QUICK.longest_wait_s
    with pytest.raises(TimeoutError):
        async with asyncio.timeout_at(attempts):
            await kept.changes.get()
    await kept.keeper.stop()


async def test_a_port_held_by_another_needs_a_person_and_heals_without_restart(
    device: PtyDevice,
) -> None:
    holder = open_serial(PortSettings(str(device.link)))
    kept = Kept(device.link)
    try:
        async with asyncio.timeout(5):
            down = await kept.changes.get()
            assert isinstance(down, PortDown)
            assert down.needs_technician
            holder.close()
            assert isinstance(await kept.changes.get(), PortUp)
    finally:
        holder.close()
        await kept.keeper.stop()


def test_waits_double_and_never_let_five_seconds_pass() -> None:
    settings = KeeperSettings()
    assert [settings.wait_after_s(n) for n in (1, 2, 3, 4, 10_000)] == [0.5, 1.0, 2.0, 2.0, 2.0]


async def test_opening_may_run_in_a_thread(device: PtyDevice) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        kept = Kept(device.link, executor)
        async with asyncio.timeout(5):
            assert isinstance(await kept.changes.get(), PortUp)
            kept.keeper.write(b"x")
            assert await device.read(1) == b"x"
        await kept.keeper.stop()
    assert not kept.keeper.is_up


async def test_a_hung_adapter_can_be_reopened(device: PtyDevice, kept: Kept) -> None:
    downs: list[str] = []
    kept.keeper.on_down = downs.append
    async with asyncio.timeout(5):
        await kept.changes.get()
        kept.keeper.reopen("no answers")
        assert downs == ["no answers"]
        await kept.changes.get()
        assert isinstance(await kept.changes.get(), PortUp)


async def test_a_port_that_is_lost_as_soon_as_it_is_open_is_not_opened_in_a_circle() -> None:
    opened: asyncio.Queue[float] = asyncio.Queue()

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.put_nowait(asyncio.get_running_loop().time())
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    waits = KeeperSettings(first_wait_s=0.05, longest_wait_s=0.05)
    keeper = PortKeeper(PortSettings(f"tcp://127.0.0.1:{port}"), settings=waits)
    keeper.start()
    async with asyncio.timeout(5):
        first, _, third = [await opened.get() for _ in range(3)]
    assert third - first >= 2 * 0.05
    await keeper.stop()
    server.close()


async def test_a_device_that_belongs_to_nobody_yet_is_tried_again_soon(
    device: PtyDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[object] = []

    def not_yet(settings: PortSettings) -> object:
        tries.append(settings)
        if len(tries) < 4:
            raise PortForbidden("not yet")
        return open_serial(settings)

    monkeypatch.setattr("drivers.keeper.open_serial", not_yet)
    changes: asyncio.Queue[PortChange] = asyncio.Queue()
    settings = KeeperSettings(first_wait_s=0.005, longest_wait_s=0.01, technician_wait_s=60.0)
    keeper = PortKeeper(PortSettings(str(device.link)), settings=settings, on_change=changes.put_nowait)
    keeper.start()
    async with asyncio.timeout(5):
        assert isinstance(await changes.get(), PortDown)
        assert await changes.get() == PortUp(str(device.link))
    await keeper.stop()
