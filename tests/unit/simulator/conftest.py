"""A running simulated automat, and the host's end of its ports."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from simulator.automat import SimulatedAutomat
from simulator.plan import demo_plan


class Host:
    """The host's end of a serial port, without any serial library."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def write(self, data: bytes) -> None:
        os.write(self.fd, data)

    async def read(self, size: int, limit_s: float = 5.0) -> bytes:
        """Exactly that many bytes, or those before the end of the port."""
        loop = asyncio.get_running_loop()
        data = b""
        async with asyncio.timeout(limit_s):
            while len(data) < size:
                ready = asyncio.Event()
                loop.add_reader(self.fd, ready.set)
                try:
                    await ready.wait()
                finally:
                    loop.remove_reader(self.fd)
                try:
                    piece = os.read(self.fd, size - len(data))
                except OSError:
                    return data
                if not piece:
                    return data
                data += piece
        return data

    def close(self) -> None:
        os.close(self.fd)


@pytest.fixture
async def automat(tmp_path: Path) -> AsyncIterator[SimulatedAutomat]:
    simulated = SimulatedAutomat(demo_plan(), directory=tmp_path / "ports")
    await simulated.start()
    yield simulated
    await simulated.stop()


@pytest.fixture
def locks(automat: SimulatedAutomat) -> Iterator[Host]:
    host = Host(automat.port("locks"))
    yield host
    host.close()
