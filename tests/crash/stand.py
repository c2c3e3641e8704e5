"""One automat whose daemon is killed again and again; its hardware, broker and back office live on."""

import asyncio
import contextlib
import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from simulator.daemon import DaemonError, Process
from simulator.demo import Demo
from simulator.stock import Stock
from simulator.stories.stage import Stage
from simulator.stories.story import Story
from simulator.transcript import Transcript
from tests.crash.nursery import Nursery
from tests.crash.steps import Doom
from tests.crash.witness import Witness

STILLBORN_LIMIT_S = 40.0
SAME_KEY_GAP_S = 0.25
"""As a finger presses one key twice, on a machine that is far too busy."""
PUSHES, PUSH_AGAIN_S = 10, 4.0
SERVED_LIMIT_S = 120.0
TOLD_MOST = 1000
"""Letters of an error that a finding tells."""
START_LIMIT_S, STOP_LIMIT_S = 180.0, 60.0
TAKES_AWAY = ("pickup", "reopen", "collect")
"""Purposes of a door behind which a hand takes out what it finds."""


class HangsError(RuntimeError):
    """Something did not come to its end; the witness has noted it as a finding."""


@dataclass
class Stand:
    """An automat, who watches it, and the dice of its seed."""

    demo: Demo
    nursery: Nursery
    witness: Witness
    dice: random.Random
    stage: Stage
    unknown_codes: set[str] = field(default_factory=set)
    """Parcels whose codes were replaced, or that have none."""
    codes: Counter[str] = field(default_factory=Counter)
    """What became of codes: right ones that "opened" or were "excused" by the display, or were "retyped"
    for a key that is in them twice in a row, as numbers of parcels are; and "dead" ones."""
    returns: int = 0
    """How often it served again after a kill."""
    proved: int = 0
    """After how many of these a right code has opened that nothing could excuse."""

    def see_anew(self) -> Stage:
        """Forget what was seen before a kill."""
        self.leave_stage()
        self.stage = _stage(self.demo)
        return self.stage

    def leave_stage(self) -> None:
        """Observe no more."""
        self.stage.close()
        self.codes["retyped"] += self.stage.retyped

    async def in_the_dark(self) -> None:
        """Let doors come to rest while no daemon runs; some people finish what they came for meanwhile."""
        await self.witness.rest()
        for label, view in self.demo.automat.doors().items():
            if view.open and self.dice.random() < 0.4:
                self.witness.book.note_unwatched(label, self.witness.doors)
                await self.leave_door(label)

    async def leave_door(self, label: str) -> None:
        """Let whoever stands at an open door take what is theirs, or leave it there, and shut the door."""
        automat = self.demo.automat
        opening = self.witness.book.under_way.get(label)
        takes = opening is None or opening.purpose in TAKES_AWAY
        if takes and automat.door(label).state == "open":
            automat.take(label)
        await self.push_shut(label)

    async def push_shut(self, label: str) -> None:
        """Push a door until it is shut: while its coil is on, the latch does not catch."""
        automat = self.demo.automat
        for _ in range(PUSHES):
            automat.push_shut(label)
            with contextlib.suppress(TimeoutError):
                await automat.until(lambda: automat.door(label).shut, PUSH_AGAIN_S, f"door {label} shut")
                return
        raise TimeoutError(f"door {label} does not shut; {automat.describe()}")

    async def leave_doors(self) -> None:
        """Let everybody shut their doors and go."""
        await self.witness.rest()
        for label, view in self.demo.automat.doors().items():
            if not view.shut:
                await self.leave_door(label)

    async def begin_again(self) -> None:
        """Start the daemon, and hold everything against one another before anybody does anything."""
        self.witness.quiet = True
        self.witness.died.clear()
        await self.demo.start_daemon()
        self.see_anew()
        await self.demo.until_served(SERVED_LIMIT_S)
        self.returns += 1
        await self.witness.examine()
        self.witness.quiet = False

    def be_stillborn(self, *, after_s: float | None = None, doom: Doom | None = None) -> None:
        """Let the next daemon that is started die while it starts, so long after its fork or at a step."""
        nursery = self.nursery

        async def die(process: Process) -> None:
            self.witness.kills += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STILLBORN_LIMIT_S if after_s is None else after_s):
                    await process.wait()
            nursery.doom = None

        nursery.doom, nursery.stillborn = doom, die

    async def kill(self) -> None:
        """SIGKILL, now."""
        self.witness.kills += 1
        await self.demo.kill_daemon()


@contextlib.asynccontextmanager
async def opened(
    nursery: Nursery,
    stock: Stock,
    *,
    seed: int,
    story: Story | None = None,
    from_the_start: Doom | None = None,
) -> AsyncIterator[Stand]:
    """Give an automat that serves, and end everything of it afterwards.

    Steps are counted once it serves, or, with `from_the_start`, from its first start on, which dies there.
    """
    with tempfile.TemporaryDirectory(prefix="kill-", ignore_cleanup_errors=True) as made:
        directory = Path(made)
        nursery.armed = directory / "armed"
        demo = Demo(
            directory,
            plan=None if story is None else story.plan,
            seed=seed,
            story=True,
            languages=("en",) if story is None else story.languages,
            paced=False,
            stock=stock,
            spawn=nursery.spawn,
        )
        demo.automat.type_like_people()
        demo.automat.same_key_gap_s = SAME_KEY_GAP_S
        witness = Witness(demo)
        stand = Stand(demo, nursery, witness, random.Random(seed), _stage(demo))
        if from_the_start is not None:
            nursery.armed.touch()
            stand.be_stillborn(doom=from_the_start)
        try:
            async with limited(witness, START_LIMIT_S, "the first start"):
                await demo.start()
            nursery.armed.touch()
            yield stand
        finally:
            stand.leave_stage()
            witness.close()
            async with limited(witness, STOP_LIMIT_S, "the end of all its processes"):
                with contextlib.suppress(DaemonError):
                    await demo.stop()


@contextlib.asynccontextmanager
async def limited(witness: Witness, limit_s: float, what: str) -> AsyncIterator[None]:
    """Give something so much time: what does not come to its end is a finding, and HangsError."""
    limit = asyncio.timeout(limit_s)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        witness.find(f"{what} did not end within {limit_s:g} s; {witness.demo.describe()}")
        raise HangsError(what) from None


def _stage(demo: Demo) -> Stage:
    return Stage(demo, Transcript(lambda: 0.0, lambda _line: None))
