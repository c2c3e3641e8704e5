"""One automat, many kills at random moments: people come and go, the daemon dies and is started again."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.broker import BrokerError
from simulator.daemon import DaemonError
from simulator.demo import DemoEvent, EntryArrived
from simulator.events import CoilPulsed, DisplayChanged, DoorMoved, SimulatorEvent
from simulator.stock import Stock
from simulator.stories.stage import StoryFailedError
from tests.crash.acts import ACTS, REFILL_S, Crowd, bring, guess, hire, look, take_away
from tests.crash.codes import (
    EVERYTHING_TIMES_OUT_S,
    collect,
    give_back,
    lying_here,
    settle,
    taken_away,
    try_dead_code,
)
from tests.crash.epilogue import START_MOST_S, STILLBORN_SHARE
from tests.crash.nursery import Nursery
from tests.crash.stand import TOLD_MOST, HangsError, Stand, limited, opened

TROUBLES = (StoryFailedError, DaemonError, BrokerError, TimeoutError, ValueError, KeyError, RuntimeError)
"""How an act ends when the daemon dies under it, or a person cannot do what they wanted."""
ACT_MOST_S = 1.5
AT_ANY_TIME_SHARE = 0.3
HAPPENINGS_MOST, HAPPENINGS_MOST_S, SHORTLY_AFTER_S = 20, 2.5, 0.05
"""A kill follows so many pulses, movements of doors, new texts and entries at the back office."""
PLAIN_SHARE = 0.02
SOMEBODY_ELSE_S = 65.0
"""Longer than a keypad waits for the word of somebody who had a door open."""
SIEGE_SHARE, SIEGE_KILLS = 0.015, 8
"""How often a robot begins to guess codes, and for how many lives of the daemon it goes on."""
FREE_BOXES_LEAST = 4
CODES_SHARE, DEAD_SHARE = 0.9, 0.3
"""After how many of the kills somebody comes with a right code, and with a dead one."""
BROUGHT = 3
FITS_ANYWHERE = ("S",)
"""Parcels that a courier brings where none lies any more: each free box is large enough for them."""
TIDY_LIMIT_S, ROUND_LIMIT_S = 40.0, 240.0


@dataclass(frozen=True)
class LifeOutcome:
    """What came of a life: `doors` that opened, `entries` that the ledger holds.

    `returns`: how often it served again; `proved`: after how many of these a right code opened.
    """

    kills: int
    returns: int
    proved: int
    doors: int
    entries: int
    codes: Mapping[str, int]
    findings: tuple[str, ...]


async def live(
    nursery: Nursery, stock: Stock, *, seed: int, kills: int, hurry: Callable[[], bool] = lambda: False
) -> LifeOutcome:
    """Let one automat live until its daemon has been killed so often, something is wrong, or time is over."""
    async with opened(nursery, stock, seed=seed) as stand:
        witness, crowd = stand.witness, Crowd(stand)
        try:
            async with limited(witness, ROUND_LIMIT_S, "hiring"):
                await hire(crowd)
            while witness.kills < kills and not witness.findings and not hurry():
                async with limited(witness, ROUND_LIMIT_S, f"what followed kill {witness.kills}"):
                    await _go_round(crowd)
            async with limited(witness, ROUND_LIMIT_S, "the last look"):
                await _end(crowd)
        except HangsError:
            pass  # noted already
        except TROUBLES as error:
            witness.find(f"after kill {witness.kills}: {type(error).__name__} {str(error)[:TOLD_MOST]}")
        book = witness.book
        doors = sum(map(len, witness.doors.opened.values()))
        return LifeOutcome(
            witness.kills,
            stand.returns,
            stand.proved,
            doors,
            book.read,
            stand.codes,
            tuple(witness.findings),
        )


async def _go_round(crowd: Crowd) -> None:
    """Kill the daemon, start it again, and see what it makes of that."""
    stand = crowd.stand
    await _until_killed(crowd)
    await stand.in_the_dark()
    await _start_again(stand)
    await stand.leave_doors()
    if crowd.besieged:
        crowd.besieged -= 1
    else:
        # Who comes next must not be taken for who stood there.
        stand.demo.move_clock(SOMEBODY_ELSE_S)
        crowd.besieged = SIEGE_KILLS if crowd.dice.random() < SIEGE_SHARE else 0
    if await _crowded(stand):
        await _tidy(crowd)
    if not crowd.besieged and stand.dice.random() < CODES_SHARE:
        await _try_codes(crowd)


async def _until_killed(crowd: Crowd) -> None:
    """Let people come, one after another, until SIGKILL at a moment that the dice say."""
    stand = crowd.stand
    left = asyncio.create_task(_moment(crowd))
    people = asyncio.create_task(_come_and_go(crowd))
    died = asyncio.create_task(stand.witness.died.wait())
    try:
        await asyncio.wait({left, people, died}, return_when=asyncio.FIRST_COMPLETED)
        if died.done():
            stand.witness.find(f"lockerd ended by itself; {stand.demo.describe()}")
        await stand.kill()
    finally:
        for task in (left, people, died):
            task.cancel()
        await asyncio.gather(left, people, died, return_exceptions=True)


async def _moment(crowd: Crowd) -> None:
    """Wait until the daemon is to be killed: after some time, or shortly after something happened."""
    dice, stand = crowd.dice, crowd.stand
    if dice.random() < AT_ANY_TIME_SHARE:
        await asyncio.sleep(dice.uniform(0.0, ACT_MOST_S))
        return
    left, enough = dice.randint(1, HAPPENINGS_MOST), asyncio.Event()

    def count(event: SimulatorEvent | DemoEvent) -> None:
        nonlocal left
        left -= isinstance(event, CoilPulsed | DoorMoved | DisplayChanged | EntryArrived)
        if left <= 0:
            enough.set()

    ends = (stand.demo.automat.subscribe(count), stand.demo.subscribe(count))
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HAPPENINGS_MOST_S):
                await enough.wait()
        await asyncio.sleep(dice.choice((0.0, dice.uniform(0.0, SHORTLY_AFTER_S))))
    finally:
        for end in ends:
            end()


async def _come_and_go(crowd: Crowd) -> None:
    while crowd.besieged:
        with contextlib.suppress(*TROUBLES):
            await guess(crowd)
    while True:
        (act,) = crowd.dice.choices([act for act, _ in ACTS], [weight for _, weight in ACTS])
        with contextlib.suppress(*TROUBLES):
            await act(crowd)


async def _start_again(stand: Stand) -> None:
    """Start the daemon; now and then it is killed while it starts, once or more often."""
    while stand.dice.random() < STILLBORN_SHARE:
        stand.be_stillborn(after_s=stand.dice.uniform(0.0, START_MOST_S))
        if stand.dice.random() < 0.5:
            break
    stand.nursery.plain = stand.nursery.sabotage == () and stand.dice.random() < PLAIN_SHARE
    await stand.begin_again()
    stand.nursery.plain = False


async def _crowded(stand: Stand) -> bool:
    boxes = (await stand.demo.ask("/v1/compartments"))["compartments"]
    return sum(bool(box["free"]) for box in boxes) < FREE_BOXES_LEAST


async def _try_codes(crowd: Crowd) -> None:
    """Once everything has timed out a right code opens, whatever was cut short; a dead one does not."""
    stand, dice = crowd.stand, crowd.dice
    await settle(stand)
    await give_back(stand)
    gone = taken_away(stand)
    here = await lying_here(stand)
    if not here:
        # Whoever guessed before has left nothing in the bucket for the courier's code.
        stand.demo.move_clock(REFILL_S)
        await bring(crowd, BROUGHT, FITS_ANYWHERE)
        here = await lying_here(stand)
    person, label = dice.choice(here)
    stand.proved += await collect(stand, person, label, must=True)
    if gone and dice.random() < DEAD_SHARE:
        await try_dead_code(stand, dice.choice(gone))


async def _tidy(crowd: Crowd) -> None:
    """Let couriers settle what kills have left in doubt, and take away what nobody comes for."""
    stand = crowd.stand
    stand.demo.move_clock(10 * REFILL_S)
    await stand.demo.backoffice.release_guard("front", "Aino")
    for act in (look, take_away):
        with contextlib.suppress(*TROUBLES):
            async with asyncio.timeout(TIDY_LIMIT_S):
                await act(crowd)
        await stand.leave_doors()
        stand.demo.move_clock(EVERYTHING_TIMES_OUT_S)


async def _end(crowd: Crowd) -> None:
    """Let everything time out, settle it, and look at all of it once more."""
    stand = crowd.stand
    stand.demo.move_clock(EVERYTHING_TIMES_OUT_S)
    await _tidy(crowd)
    await stand.witness.examine()
    await stand.witness.audit()
