"""The socket file: its mode, and whom it is taken from."""

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from locker.api.listening import SocketRefused, listen
from locker.api.server import ApiServer
from locker.errors import ExitCode
from tests.unit.api.house import House, client_of


def mode_of(path: Path) -> int:
    """Who may do what."""
    return stat.S_IMODE(path.stat().st_mode)


def exists(path: Path) -> bool:
    """Whether there is anything."""
    return path.exists()


def put_aside(path: Path) -> None:
    """Give a file another name; it keeps its inode, so that nobody else gets that."""
    path.rename(path.with_name("aside"))


async def test_the_socket_is_for_its_owner_and_group(house: House, path: Path) -> None:
    before = os.umask(0o000)
    try:
        async with house.serving(path):
            assert mode_of(path) == 0o660
    finally:
        os.umask(before)


def test_it_is_never_wider_than_that(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    chmod = Path.chmod

    def watched(self: Path, mode: int) -> None:
        modes.append(mode_of(self))
        chmod(self, mode)

    monkeypatch.setattr(Path, "chmod", watched)
    before = os.umask(0o000)
    try:
        listen(path).close()
    finally:
        os.umask(before)

    assert modes == [0o660]


async def test_a_start_that_is_cut_short_leaves_no_socket_behind(house: House, path: Path) -> None:
    turns = 0
    while not await _started_within(turns, server := house.new_server(path)):
        assert not exists(path)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        turns += 1
    assert turns > 1
    await server.stop()


async def _started_within(turns: int, server: ApiServer) -> bool:
    starting = asyncio.create_task(server.start())
    for _ in range(turns):
        await asyncio.sleep(0)
    if starting.done():
        return True
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    return False


async def test_the_socket_goes_with_the_server(house: House, path: Path) -> None:
    async with house.serving(path) as server:
        assert exists(path)
    assert not exists(path)
    await server.stop()


async def test_a_socket_left_behind_is_replaced(house: House, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert exists(path)

    async with house.serving(path), client_of(path) as client:
        assert (await client.status()).automat_id == "fi-0001"


async def test_a_living_daemon_keeps_its_socket(house: House, path: Path) -> None:
    async with house.serving(path), client_of(path) as client:
        second = house.new_server(path)
        with pytest.raises(SocketRefused, match="another process listens here") as refused:
            await second.start()
        await second.stop()
        assert (await client.status()).automat_id == "fi-0001"
    assert refused.value.exit_code is ExitCode.CONFIGURATION


async def test_a_busy_daemon_keeps_its_socket_too(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as waiting:
        busy.bind(str(path))
        busy.listen(0)
        waiting.connect(str(path))  # the queue is full now
        with pytest.raises(SocketRefused, match="another process"):
            listen(path)


def test_a_file_that_is_no_socket_is_left_alone(path: Path) -> None:
    path.write_text("precious")

    with pytest.raises(SocketRefused, match="no socket stands here"):
        listen(path)
    assert path.read_text() == "precious"


def test_a_link_to_a_file_is_left_alone(path: Path) -> None:
    target = path.with_name("precious")
    target.write_text("precious")
    path.symlink_to(target)

    with pytest.raises(SocketRefused):
        listen(path)
    assert path.is_symlink()


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(SocketRefused, match=f"make the directory {tmp_path}/none"):
        listen(tmp_path / "none" / "lockerd.sock")


def test_a_path_too_long_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SocketRefused, match="at most 107 bytes"):
        listen(tmp_path / ("x" * 150))


async def test_another_ones_socket_is_not_removed_at_the_end(house: House, path: Path) -> None:
    async with house.serving(path):
        put_aside(path)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
    assert exists(path)
