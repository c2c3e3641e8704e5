"""One week from a seed: people, troubles, every promise judged at every step; then all must come to rest.

The same seed gives the same week, to the last byte of the last entry.
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from locker.domain.automat import Decision
from locker.domain.journal import SealedEntry
from simulator.plan import demo_plan, plan_of
from simulator.virtual_loop import NothingWillHappenError, TimeStandsStillError, run
from simulator.week.calendar import Calendar
from simulator.week.front import Front
from simulator.week.people import People
from simulator.week.plans import LANGUAGES, Terms, drawn_plan, drawn_terms
from simulator.week.settling import settle
from simulator.week.stand import HEARTBEAT_S, DaemonDiedError, Stand
from simulator.week.technicians import Technician
from simulator.week.trace import Trace
from simulator.week.troubles import Trouble, Troublemaker, plan_cuts, plan_troubles
from simulator.week.witness import PromiseBrokenError, Witness

DAY_S = 86_400
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
YEARS = 3
PARCELS_A_DAY = (0.5, 1.0, 2.0, 4.0, 8.0)
TROUBLES = (0, 2, 5, 10, 20)
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it; nothing has to last there
LINES_TOLD = 400


@dataclass(frozen=True, slots=True)
class Settings:
    """What a week is made of; what is not said is drawn from the seed.

    `kept`: the numbers of the troubles that happen; None: all. `ends_after_days`: the planned week goes on
    no longer. `nobody` comes and nothing is announced. `compartments`: 0 for the demo's automat, in English.
    `troubles`: how many are planned. `cuts_a_day` are power cuts at entries, besides. `skips`: lines rest
    while nothing moves. `settles`: in the end everything has to come to rest. `heartbeat_s`: None for the
    daemon's own.
    """

    seed: int
    days: float = 7.0
    parcels_a_day: float | None = None
    kept: tuple[int, ...] | None = None
    ends_after_days: float | None = None
    nobody: bool = False
    compartments: int | None = None
    cuts_a_day: float = 0.0
    troubles: int | None = None
    skips: bool = True
    settles: bool = True
    heartbeat_s: float | None = HEARTBEAT_S


@dataclass
class Outcome:
    """What became of a week; `broken` says which promise was not kept."""

    seed: int
    days: float
    hash: str
    lines: int
    entries: int
    starts: int
    counts: dict[str, int]
    """How often each kind of entry was written."""
    caused: dict[str, int]
    """How often each kind of trouble came."""
    cpu_s: float
    lived_days: float
    troubles: tuple[Trouble, ...]
    ended_on_purpose: int = 0
    stays_in_safe_mode: int = 0
    kept: tuple[int, ...] | None = None
    broken: str | None = None
    broken_at_s: float | None = None
    trace: list[str] = field(default_factory=list)


def live(settings: Settings) -> Outcome:
    """Live through one week."""
    where = IN_MEMORY if IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="week-", dir=where) as directory:
        weeks: list[Week] = []
        try:
            return run(_live(settings, Path(directory), weeks))
        except (NothingWillHappenError, TimeStandsStillError) as problem:
            return weeks[0].outcome(str(problem), None)


async def _live(settings: Settings, directory: Path, weeks: list["Week"]) -> Outcome:
    weeks.append(Week(settings, directory))
    return await weeks[0].live()


class Week:
    """One automat's week."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        """Draw everything that is to happen; needs a running loop."""
        self._settings = settings
        self._began_s = time.process_time()
        self._loop = asyncio.get_running_loop()
        dice = random.Random(settings.seed)
        begins_at = FIRST_DAY + timedelta(hours=dice.randrange(24 * 365 * YEARS))
        self.trace = Trace(self._loop.time)
        of_the_plan = _more(dice)
        plan, language, terms = drawn_plan(of_the_plan), dice.choice(LANGUAGES), drawn_terms(of_the_plan)
        if settings.compartments is not None:
            plan = plan_of(settings.compartments) if settings.compartments else demo_plan()
            language, terms = "en", Terms()
        self.stand = Stand(
            directory / "a",
            plan,
            _more(dice),
            begins_at,
            self.trace,
            settings.heartbeat_s,
            language,
            terms.rules(),
        )
        self.stand.wires.skips = settings.skips
        self.front = Front(self.stand.automat, _more(dice), language)
        parcels, troubles = dice.choice(PARCELS_A_DAY), dice.choice(TROUBLES)
        self._parcels_a_day = parcels if settings.parcels_a_day is None else settings.parcels_a_day
        troubles = troubles if settings.troubles is None else settings.troubles
        planned = plan_troubles(_more(dice), settings.days, troubles)
        planned += plan_cuts(_more(dice), settings.days, settings.cuts_a_day)
        kept = range(len(planned)) if settings.kept is None else settings.kept
        self._troubles = tuple(planned[number] for number in kept)
        self._ends_s = DAY_S * (settings.ends_after_days or settings.days)
        self._alarm = asyncio.Event()
        self.witness = Witness(
            [box.label for box in self.stand.plan.compartments],
            now_s=self._loop.time,
            true_at=self.stand.truth.at,
            on_break=self._alarm.set,
            storage_days=terms.storage_days,
        )
        self.troublemaker = Troublemaker(
            self.stand, self.witness, lambda what: self.trace.add("trouble", what), lambda: self.people
        )
        self._people_dice, self._calendar_dice = _more(dice), _more(dice)
        self.people: People
        self.technician: Technician
        self._tasks: set[asyncio.Task[None]] = set()

    async def live(self) -> Outcome:
        """Let it all happen; tell what became of it."""
        settings = self._settings
        broken: str | None = None
        broken_at_s: float | None = None
        async with self.begun():
            try:
                await self._days()
                if settings.settles:
                    await settle(self)
            except (PromiseBrokenError, DaemonDiedError) as problem:
                broken, broken_at_s = str(problem), self._loop.time()
        return self.outcome(broken, broken_at_s)

    def outcome(self, broken: str | None, broken_at_s: float | None) -> Outcome:
        """Return what became of it so far."""
        return Outcome(
            seed=self._settings.seed,
            days=self._settings.days,
            hash=self.trace.hash,
            lines=self.trace.lines,
            entries=len(self.witness.entries),
            starts=self.stand.starts,
            counts=dict(sorted(self.witness.counts.items())),
            caused=dict(sorted(self.troublemaker.caused.items())),
            ended_on_purpose=self.stand.ended_on_purpose,
            stays_in_safe_mode=self.stand.stays_in_safe_mode,
            cpu_s=time.process_time() - self._began_s,
            lived_days=self._loop.time() / DAY_S,
            troubles=self._troubles,
            kept=self._settings.kept,
            broken=broken,
            broken_at_s=broken_at_s,
            trace=list(self.trace.newest(LINES_TOLD)) if broken else [],
        )

    @asynccontextmanager
    async def begun(self) -> AsyncIterator[None]:
        """Have everything there and the power on, and whoever has a code of their own authorised."""
        stand = self.stand
        async with stand:
            stand.automat.subscribe(self.witness.saw)
            stand.watchers.append(self._decided)
            self.people = People(
                self.front,
                lambda: stand.office,
                self._people_dice,
                lambda what: self.trace.add("people", what),
            )
            self.technician = Technician(
                stand.place.socket, self.people, lambda what: self.trace.add("socket", what)
            )
            try:
                await self.troublemaker.power_on()
                await self.people.begin()
                yield
            finally:
                self._alarm.clear()
                await self._end_tasks()
                await self.troublemaker.restored()

    # -- time

    async def until(self, at_s: float) -> None:
        """Let time pass; PromiseBrokenError, DaemonDiedError at once when something is wrong."""
        while True:
            self.check()
            left_s = at_s - self._loop.time()
            if left_s <= 0:
                return
            try:
                async with asyncio.timeout(min(left_s, 3600.0)):
                    await self._alarm.wait()
            except TimeoutError:
                pass

    async def pause(self, seconds: float) -> None:
        """Let so much time pass."""
        await self.until(self._loop.time() + seconds)

    async def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Let somebody do something, to its end."""
        task = self.spawn(work)
        while not task.done():
            self.check()
            alarm = asyncio.ensure_future(self._alarm.wait())
            await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
            alarm.cancel()
        self.check()

    def check(self) -> None:
        """Raise what was found to be wrong."""
        if self.witness.problem is not None:
            raise self.witness.problem
        self.stand.check()

    # -- what happens

    async def _days(self) -> None:
        for trouble in self._troubles:
            if trouble.at_s < self._ends_s:
                self.spawn(self._trouble(trouble))
        calendar = Calendar(
            self.people,
            self._calendar_dice,
            self._settings.days,
            self._parcels_a_day,
            self.technician.visit,
        )
        for at_s, who, what in [] if self._settings.nobody else calendar.events():
            if at_s > self._ends_s:
                break
            await self.until(at_s)
            self.spawn(self._visit(who, what))
        await self.until(self._ends_s)

    @property
    def had_troubles(self) -> bool:
        """Whether anything went wrong that was planned to."""
        return bool(self._troubles)

    async def end_troubles(self) -> None:
        """Wait until every trouble is over and nobody stands in front of the automat."""
        while self._tasks:
            await self.pause(60.0)
        await self.troublemaker.restored()

    async def _visit(self, who: str, what: Callable[[], Awaitable[None]]) -> None:
        if who == "office":
            await what()
        else:
            await self.people.visit(who, what)

    async def _trouble(self, trouble: Trouble) -> None:
        await asyncio.sleep(trouble.at_s)
        await self.troublemaker.cause(trouble)

    def _decided(self, decision: Decision, sealed: Sequence[SealedEntry]) -> None:
        self.witness.decided(decision, sealed)
        for entry in sealed:
            number = f"{entry.epoch}-{entry.sequence}"
            self.trace.add("entry", f"{number} {entry.kind} {entry.subject} {entry.hash}")
            self.troublemaker.saw(entry.kind)

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Let somebody do something beside all else; what it raises is a finding."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            self.witness.blame(f"the stand itself failed: {problem!r}")

    async def _end_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _more(dice: random.Random) -> random.Random:
    return random.Random(dice.getrandbits(64))
