"""Runs parts of the proof, as many at a time as there are cores for, and reads what each wrote."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.proof.parts import Part
from tests.references import ROOT

WORDS_OF_A_FAILURE = 2000
ENDING_S = 10.0


class Verdict(StrEnum):
    """What became of a part."""

    HELD = "held"
    FOUND = "found something"
    FAILED = "could not be run to its end"
    MISSING = "missing"


@dataclass(frozen=True)
class Found:
    """One thing that broke a promise, and the command that shows it again."""

    what: str
    replay: str


@dataclass(frozen=True)
class Outcome:
    """One part as it ran: what it counted, how long it took, what it found; `detail` says why it failed."""

    part: Part
    verdict: Verdict
    seconds: float = 0.0
    ran: Mapping[str, int | float | str] = field(default_factory=dict)
    found: tuple[Found, ...] = ()
    detail: str = ""
    command: tuple[str, ...] = ()


async def run_all(
    parts: Sequence[Part], *, long: bool, seed: int, cores: int, directory: Path
) -> list[Outcome]:
    """Run every part that is there; a part begins when the cores that it keeps busy are free.

    The directory is there; each part leaves its figures and what it said in it.
    """
    free = _Cores(cores)

    async def one(part: Part) -> Outcome:
        async with free.taken(min(part.cores, cores)):
            tell(f"{part.name}: begins")
            outcome = await run_part(part, long=long, seed=seed, directory=directory)
            tell(f"{part.name}: {outcome.verdict} after {outcome.seconds:.0f} s")
            return outcome

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(part)) for part in parts]
    return [task.result() for task in tasks]


async def run_part(part: Part, *, long: bool, seed: int, directory: Path) -> Outcome:
    """Run one part within its limit; what it says itself goes to a log beside its figures."""
    if not part.is_there():
        return Outcome(part, Verdict.MISSING, detail=f"there is no {part.needs}")
    figures, said = directory / f"{part.name}.json", directory / f"{part.name}.log"
    figures.unlink(missing_ok=True)
    command = part.command(long=long, seed=seed)
    began_s = time.monotonic()
    with said.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            "--json",
            str(figures),
            cwd=ROOT,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
            process_group=0,
        )
        try:
            async with asyncio.timeout(part.long_limit_s if long else part.limit_s):
                code: int | None = await process.wait()
        except TimeoutError:
            code = None
        finally:
            await _end(process)
    seconds = time.monotonic() - began_s
    if code is None:
        detail = f"ended after {seconds:.0f} s, its limit\n{_tail(said)}"
        return Outcome(part, Verdict.FAILED, seconds, detail=detail, command=command)
    return _judged(part, command, code, seconds, figures, said)


def _judged(
    part: Part, command: tuple[str, ...], code: int, seconds: float, figures: Path, said: Path
) -> Outcome:
    try:
        written = json.loads(figures.read_text(encoding="utf-8"))
        ran = dict(written["ran"])
        found = tuple(_found(each) for each in written["findings"])
    except (OSError, ValueError, TypeError, KeyError) as problem:
        detail = f"exit code {code}, no figures: {problem!r}\n{_tail(said)}"
        return Outcome(part, Verdict.FAILED, seconds, detail=detail, command=command)
    if found:
        return Outcome(part, Verdict.FOUND, seconds, ran, found, command=command)
    if code != 0:
        detail = f"exit code {code}, and no finding\n{_tail(said)}"
        return Outcome(part, Verdict.FAILED, seconds, ran, detail=detail, command=command)
    if not any(ran.values()):
        detail = "it ended well and ran nothing"
        return Outcome(part, Verdict.FAILED, seconds, ran, detail=detail, command=command)
    return Outcome(part, Verdict.HELD, seconds, ran, command=command)


def _found(written: Any) -> Found:
    return Found(str(written["what"]), str(written["replay"]))


def _tail(said: Path) -> str:
    return said.read_text(encoding="utf-8", errors="replace")[-WORDS_OF_A_FAILURE:].strip()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the part with every process that it left in its group: first asked, then forced."""
    for ask in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            break
        _signal_group(process.pid, ask)
        try:
            async with asyncio.timeout(ENDING_S):
                await process.wait()
        except TimeoutError:
            continue
    _signal_group(process.pid, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


class _Cores:
    """Cores that are taken and given back, in the order in which they were asked for."""

    def __init__(self, count: float) -> None:
        self._free = count
        self._change = asyncio.Condition()
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def taken(self, count: float) -> AsyncIterator[None]:
        async with self._turn, self._change:
            await self._change.wait_for(lambda: self._free >= count)
            self._free -= count
        try:
            yield
        finally:
            async with self._change:
                self._free += count
                self._change.notify_all()


def tell(line: str) -> None:
    """Say how far things are; the page is the result, this is only speech."""
    sys.stderr.write(f"{line}\n")
