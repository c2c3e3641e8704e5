"""Plays a story on a fresh automat and says whether everything came true."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from simulator.broker import Broker, BrokerError
from simulator.daemon import DaemonError
from simulator.demo import Demo
from simulator.stock import Stock
from simulator.stories.audit import audit
from simulator.stories.stage import Stage, StoryFailedError
from simulator.stories.story import Story
from simulator.transcript import Line, Transcript


async def perform(
    story: Story,
    directory: Path,
    emit: Callable[[Line], None],
    *,
    seed: int = 0,
    broker: Broker | None = None,
    stock: Stock | None = None,
) -> bool:
    """Play one story in a directory of its own; true only if all expectations came true."""
    transcript = Transcript(asyncio.get_running_loop().time, emit)
    transcript.add("story", f"{story.name}: {story.about}", story=story.name, seed=seed)
    demo = Demo(
        directory,
        plan=story.plan,
        seed=seed,
        broker=broker,
        story=True,
        languages=story.languages,
        stock=stock,
    )
    demo.automat.type_like_people()
    demo.automat.subscribe(transcript.hardware)
    demo.subscribe(transcript.demo)
    problem: str | None = None
    try:
        await demo.start()
        stage = Stage(demo, transcript, seed=seed)
        try:
            await story.play(stage)
            await audit(stage)
        finally:
            stage.close()
    except (StoryFailedError, DaemonError, BrokerError, TimeoutError) as error:
        problem = str(error)
        transcript.add("failed", problem)
    finally:
        await demo.stop()
    ok = problem is None
    transcript.add("result", f"{story.name} {'came true' if ok else 'FAILED'}", story=story.name, ok=ok)
    return ok
