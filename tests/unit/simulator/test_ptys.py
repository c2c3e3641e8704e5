"""A pty port is raw, stable under its link, survives its hosts and never blocks."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulator.ptys import PtyPort
from tests.unit.simulator.conftest import Host

EVERY_BYTE = bytes(range(256))


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Heard:
    """Collects what a port hears and lets a test wait for it."""

    def __init__(self) -> None:
        self.data = b""
        self._more = asyncio.Event()

    def __call__(self, data: bytes) -> None:
        self.data += data
        self._more.set()

    async def until(self, size: int) -> bytes:
        async with asyncio.timeout(5):
            while len(self.data) < size:
                self._more.clear()
                await self._more.wait()
        return self.data


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def port(tmp_path: Path, heard: Heard) -> AsyncIterator[PtyPort]:
    plugged = PtyPort(tmp_path / "ports" / "p.tty", heard)
    plugged.plug()
    yield plugged
    plugged.unplug()


async def test_every_byte_passes_unchanged_both_ways(port: PtyPort, heard: Heard) -> None:
    host = Host(port.link)
    host.write(EVERY_BYTE)
    assert await heard.until(256) == EVERY_BYTE
    assert port.send(EVERY_BYTE)
    assert await host.read(256) == EVERY_BYTE
    host.close()


async def test_a_port_survives_a_host_that_closes_it(port: PtyPort, heard: Heard) -> None:
    for round_ in (1, 2):
        host = Host(port.link)
        host.write(b"x")
        assert len(await heard.until(round_)) == round_
        host.close()


async def test_a_host_that_never_reads_costs_bytes_not_time(port: PtyPort) -> None:
    while port.send(b"y" * 1000):
        pass
    assert port.lost_bytes > 0


async def test_unplugging_ends_the_hosts_file_and_removes_the_link(port: PtyPort) -> None:
    host = Host(port.link)
    port.unplug()
    assert await host.read(1) == b""
    assert not port.link.exists()
    assert not port.link.is_symlink()
    assert not port.send(b"z")
    host.close()


async def test_replugging_is_a_new_terminal_under_the_same_link(port: PtyPort, heard: Heard) -> None:
    before = Host(port.link)
    port.unplug()
    port.plug()
    after = Host(port.link)
    after.write(b"again")
    assert await heard.until(5) == b"again"
    with pytest.raises(OSError, match=r"Input/output error"):
        os.write(before.fd, b"lost")
    before.close()
    after.close()


async def test_a_hung_port_neither_hears_nor_speaks_until_it_recovers(port: PtyPort, heard: Heard) -> None:
    host = Host(port.link)
    port.hang(hung=True)
    host.write(b"waits")
    assert not port.send(b"x")
    assert heard.data == b""
    port.hang(hung=False)
    assert await heard.until(5) == b"waits"
    host.close()


async def test_unplugging_leaves_no_descriptor_behind(tmp_path: Path, heard: Heard) -> None:
    before = open_descriptors()
    other = PtyPort(tmp_path / "q.tty", heard)
    for _ in range(20):
        other.plug()
        other.unplug()
    assert open_descriptors() == before
