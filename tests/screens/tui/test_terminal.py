"""A terminal that goes away without a signal, as below `make` or `sudo`."""

import asyncio
import os
import pty
import sys
from contextlib import suppress
from pathlib import Path

LIMIT_S = 30.0


async def test_the_screens_end_with_their_terminal_although_nobody_tells_them(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    command = (sys.executable, "-m", "tui.cli", "--socket", str(tmp_path / "none.sock"))
    environment = {**os.environ, "TERM": "xterm-256color"}
    process = await asyncio.create_subprocess_exec(
        *command, stdin=slave, stdout=slave, stderr=slave, env=environment
    )
    os.close(slave)
    try:
        async with asyncio.timeout(LIMIT_S):
            await _says(master, b"No connection")
            os.close(master)
            assert await process.wait() == 1
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _says(master: int, text: bytes) -> None:
    """Read until a text was written."""
    loop, written = asyncio.get_running_loop(), bytearray()
    while text not in written:
        readable: asyncio.Future[None] = loop.create_future()
        loop.add_reader(master, readable.set_result, None)
        try:
            await readable
        finally:
            loop.remove_reader(master)
        with suppress(OSError):
            written += os.read(master, 65_536)
