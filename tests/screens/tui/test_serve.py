"""The screens in a browser: a real `locker-tui --serve`, asked as a browser asks at the end of a tunnel."""

import asyncio
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, UnixConnector, WSServerHandshakeError

from locker.errors import ExitCode
from simulator.locker_sim import LockerSim
from tui.serve import CannotServe, TunnelServer, listen, serving

LIMIT_S = 30
NEAR_END = "http://localhost:8080"
NOBODY = 65534


@pytest.fixture
def place() -> Iterator[Path]:
    """Give a directory that everybody may enter and only this user may change."""
    made = Path(tempfile.mkdtemp(prefix="serve-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@asynccontextmanager
async def served(daemon: Path, path: Path) -> AsyncIterator[tuple[Process, str]]:
    """Serve the screens of a daemon; give the process and the path that nobody can guess."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tui.cli", "--socket", str(daemon), "--language", "en", "--serve", str(path),
        stdout=PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(LIMIT_S):
            said = (await process.stdout.readline()).decode()
        assert said.startswith(f"Open {NEAR_END}/")
        yield process, said.removeprefix(f"Open {NEAR_END}").split()[0]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def children(process: Process) -> list[int]:
    """Return what tells the end of each process that runs the screens of an open page."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [os.pidfd_open(int(child)) for child in listed.split()]


async def ended(child: int) -> None:
    """Wait for the end of a process."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(child, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(child)
        os.close(child)


def names_in(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


def browser(path: Path) -> ClientSession:
    return ClientSession(NEAR_END, connector=UnixConnector(path=str(path)))


async def shown(page: ClientWebSocketResponse, text: str) -> None:
    """Wait until a text was sent to the page's terminal."""
    seen = b""
    async with asyncio.timeout(LIMIT_S):
        while text.encode() not in seen:
            seen += await page.receive_bytes()


async def test_a_browser_at_the_tunnel_sees_the_screens_and_nobody_else_does(
    shared_sim: LockerSim, place: Path
) -> None:
    path = place / "tui.sock"
    async with served(shared_sim.socket, path) as (process, secret), browser(path) as session:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

        async with session.get(secret) as page:
            text = await page.text()
            assert page.status == 200
            assert f"ws://localhost:8080{secret}ws" in text
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
            assert "https:" not in page.headers["Content-Security-Policy"]
        async with session.get(f"{secret}static/js/textual.js") as script:
            assert script.status == 200
        async with session.ws_connect(f"{secret}ws", origin=NEAR_END) as terminal:
            await shown(terminal, "Overview")
            await terminal.send_json(["stdin", "8"])
            await shown(terminal, "begin")

        for wrong in (
            "https://example.org",
            f"{NEAR_END}.example.org",
            "http://localhost:9090",
            "null",
            None,
        ):
            with pytest.raises(WSServerHandshakeError) as refused:
                await session.ws_connect(f"{secret}ws", origin=wrong)
            assert refused.value.status == 403
        async with session.get(secret, headers={"Host": "evil.example.org:8080"}) as answer:
            assert answer.status == 403
        for guess in ("/", "/ws", "/static/js/textual.js", f"{secret[:-2]}x/"):
            async with session.get(guess) as answer:
                assert answer.status == 404

        async with session.ws_connect(f"{secret}ws", origin=NEAR_END) as terminal:
            await shown(terminal, "Overview")
            running = children(process)
            assert running
            process.send_signal(signal.SIGHUP)
            async with asyncio.timeout(LIMIT_S):
                assert await process.wait() == 0
                for child in running:
                    await ended(child)
    assert not path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: only root can try as another user")
def test_another_user_of_this_computer_may_not_open_the_socket(place: Path) -> None:
    path = place / "tui.sock"
    with listen(path):
        knock = f"import socket; socket.socket(socket.AF_UNIX).connect({str(path)!r})"
        command = ["/usr/bin/env", "python3", "-c", knock]
        tried = subprocess.run(command, user=NOBODY, capture_output=True, check=False)
        assert b"PermissionError" in tried.stderr
        path.chmod(0o666)  # the same knock, let in: it was the mode that refused
        subprocess.run(command, user=NOBODY, check=True)


def test_a_place_that_others_may_change_or_that_is_in_use_is_refused(place: Path) -> None:
    with listen(place / "used.sock"), pytest.raises(CannotServe, match="served there already"):
        listen(place / "used.sock")
    listen(place / "used.sock").close()  # whoever served there is gone
    (place / "file").write_text("a letter")
    with pytest.raises(CannotServe, match="this is no socket"):
        listen(place / "file")
    assert (place / "file").read_text() == "a letter"
    with pytest.raises(CannotServe, match="No such file"):
        listen(place / "none" / "tui.sock")
    place.chmod(0o777)
    with pytest.raises(CannotServe, match="others may change this directory"):
        listen(place / "tui.sock")


def test_one_that_was_stopped_is_not_waited_for(place: Path) -> None:
    path = place / "tui.sock"
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as waiting:
        busy.bind(str(path))
        busy.listen(0)
        waiting.connect(str(path))  # the queue is full now
        with pytest.raises(CannotServe, match="served there already"):
            listen(path)


async def test_another_ones_socket_is_not_removed_at_the_end(place: Path) -> None:
    path = place / "tui.sock"
    async with serving(path, TunnelServer(["true"], port=8080)):
        path.rename(place / "aside")
        with listen(path):
            pass
    assert names_in(place) == ["aside", "tui.sock"]


def test_the_command_line_says_why_it_does_not_serve(place: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tui.cli", "--serve", str(place / "none" / "tui.sock")],
        capture_output=True,
        check=False,
        text=True,
        timeout=LIMIT_S,
    )
    assert ended.returncode == ExitCode.CONFIGURATION
    assert ended.stderr.startswith("locker-tui: ")
    assert "name a socket in a directory of your own" in ended.stderr
