"""Nothing that a simulator starts outlives it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from simulator.tied import tied_to_us

STARTS_ONE_AND_WAITS = """
import subprocess
from simulator.tied import tied_to_us
subprocess.run(tied_to_us("/bin/sh", "-c", "echo $$; exec sleep 60"))
"""


async def test_a_program_gets_its_arguments_and_gives_its_exit_code() -> None:
    process = await asyncio.create_subprocess_exec(*tied_to_us("/bin/sh", "-c", "exit $1", "sh", "7"))
    assert await process.wait() == 7


async def test_a_child_ends_with_the_process_that_was_killed() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        STARTS_ONE_AND_WAITS,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        child = os.pidfd_open(int(await process.stdout.readline()))
        process.kill()
        assert await process.wait() == -signal.SIGKILL
        await ended(child)


async def ended(process: int) -> None:
    """Wait for the end of a process that need not be a child of ours, by its descriptor; closes it."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(process, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(process)
        os.close(process)
