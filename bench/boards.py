"""A process of its own that plays one paced line of lock boards.

`python -m bench.boards DIRECTORY BAUD BOARDS CHANNELS` says the path of its line and ends
when its stdin does.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from simulator.automat import SimulatedAutomat
from simulator.plan import LinePlan, plan_of


async def play(directory: Path, baud: int, boards: int, channels: int) -> None:
    """Play one line until stdin ends."""
    whole = plan_of(boards * channels, boards_a_line=boards, channels=channels)
    plan = replace(whole, lines=(LinePlan("locks", baud),), keypads=(), displays=())
    automat = SimulatedAutomat(plan, directory=directory)
    await automat.start()
    sys.stdout.write(f"{automat.port('locks')}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await automat.stop()


if __name__ == "__main__":
    asyncio.run(play(Path(sys.argv[1]), *(int(word) for word in sys.argv[2:])))
