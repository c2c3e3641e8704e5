"""A used automat behind a socket, and a client."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from locker.api.client import ApiClient
from locker.api.server import ApiServer
from tests.unit.api.house import House, client_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the socket will be."""
    return tmp_path / "lockerd.sock"


@pytest.fixture
def house() -> House:
    """An automat that has been used a little."""
    house = House()
    house.use()
    return house


@pytest.fixture
async def server(house: House, path: Path) -> AsyncIterator[ApiServer]:
    """It serves."""
    async with house.serving(path) as server:
        yield server


@pytest.fixture
async def client(server: ApiServer) -> AsyncIterator[ApiClient]:
    """Somebody asks."""
    async with client_of(server.path) as client:
        yield client
