"""Runs parts of the proof, as many at a time as there are cores for, and reads what each wrote."""

import asyncio
import json
import math
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.proof.parts import Command, Part
from tests.references import ROOT

BESIDE = ("nice", "-n", "10")
WORDS_OF_A_FAILURE = 2000
ENDING_S = 10.0


class Verdict(StrEnum):
    """What became of a part."""

    HELD = "held"
    FOUND = "found something"
    UNFINISHED = "not at its end"
    FAILED = "could not be run to its end"
    MISSING = "missing"


@dataclass(frozen=True)
class Found:
    """One thing that broke a promise, and the command that shows it again."""

    what: str
    replay: str


@dataclass(frozen=True)
class Outcome:
    """One part as it ran: what it counted, how long it took, what it found.

    `detail`: why it failed, or how far it is; `commits`: of what product the pieces ran, each once;
    `kept`: how many of them ran in an earlier sitting.
    """

    part: Part
    verdict: Verdict
    seconds: float = 0.0
    ran: Mapping[str, int | float | str] = field(default_factory=dict)
    found: tuple[Found, ...] = ()
    detail: str = ""
    command: Command = ()
    commits: tuple[str, ...] = ()
    kept: int = 0


@dataclass(frozen=True)
class Sitting:
    """How parts are run: at which size, from which seed, of which commit, with the figures in `directory`.

    `resume`: a piece whose figures of an earlier sitting say that it held is not run again; `until_s`: no
    piece is begun from that monotonic time on.
    """

    directory: Path
    commit: str
    seed: int = 1
    long: bool = False
    resume: bool = False
    until_s: float = math.inf


async def run_all(parts: Sequence[Part], sitting: Sitting, *, cores: float) -> list[Outcome]:
    """Run every part that is there; a part begins when the cores that it keeps busy are free.

    Patient parts have the same cores once more, beside them, at a lower priority. The directory is there;
    each part leaves its figures and what it said in it.
    """
    free, beside = _Cores(cores), _Cores(cores)

    async def one(part: Part) -> Outcome:
        async with (beside if part.patient else free).taken(min(part.cores, cores)):
            tell(f"{part.name}: begins")
            outcome = await run_part(part, sitting)
            tell(f"{part.name}: {outcome.verdict} after {outcome.seconds:.0f} s")
            return outcome

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(part)) for part in parts]
    return [task.result() for task in tasks]


async def run_part(part: Part, sitting: Sitting) -> Outcome:
    """Run all pieces of one part, each within its limit; stop at the first that does not hold."""
    if not part.is_there():
        return Outcome(part, Verdict.MISSING, detail=f"there is no {part.needs}")
    commands = part.commands(long=sitting.long, seed=sitting.seed)
    whole = Outcome(part, Verdict.HELD)
    for number, command in enumerate(commands, 1):
        name = part.name if len(commands) == 1 else f"{part.name}-{number}"
        kept = _kept(part, command, sitting.directory / f"{name}.json") if sitting.resume else None
        if kept is None and time.monotonic() >= sitting.until_s:
            detail = f"{number - 1} of {len(commands)} pieces"
            return replace(whole, verdict=Verdict.UNFINISHED, detail=detail)
        whole = _joined(whole, kept or await _run_piece(part, command, sitting, name))
        if whole.verdict is not Verdict.HELD:
            break
        if len(commands) > 1:
            tell(
                f"{part.name}: {number} of {len(commands)} pieces{', of an earlier sitting' if kept else ''}"
            )
    return whole


async def _run_piece(part: Part, command: Command, sitting: Sitting, name: str) -> Outcome:
    """Run one piece; what it says itself goes to a log beside its figures."""
    figures, said = sitting.directory / f"{name}.json", sitting.directory / f"{name}.log"
    figures.unlink(missing_ok=True)
    began_s = time.monotonic()
    with said.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(BESIDE if part.patient else ()),
            *command,
            "--json",
            str(figures),
            cwd=ROOT,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
            process_group=0,
        )
        try:
            async with asyncio.timeout(part.long_limit_s if sitting.long else part.limit_s):
                code: int | None = await process.wait()
        except TimeoutError:
            code = None
        finally:
            await _end(process)
    outcome = Outcome(
        part,
        Verdict.FAILED,
        time.monotonic() - began_s,
        command=command,
        commits=(sitting.commit,),
    )
    if code is None:
        return replace(outcome, detail=f"ended after {outcome.seconds:.0f} s, its limit\n{_tail(said)}")
    outcome = _judged(outcome, code, figures, said)
    if outcome.verdict is Verdict.HELD:
        _keep(outcome, figures)
    return outcome


def _judged(outcome: Outcome, code: int, figures: Path, said: Path) -> Outcome:
    try:
        written = json.loads(figures.read_text(encoding="utf-8"))
        ran = dict(written["ran"])
        found = tuple(_found(each) for each in written["findings"])
    except (OSError, ValueError, TypeError, KeyError) as problem:
        return replace(outcome, detail=f"exit code {code}, no figures: {problem!r}\n{_tail(said)}")
    outcome = replace(outcome, ran=ran, found=found)
    if found:
        return replace(outcome, verdict=Verdict.FOUND)
    if code != 0:
        return replace(outcome, detail=f"exit code {code}, and no finding\n{_tail(said)}")
    if not any(ran.values()):
        return replace(outcome, detail="it ended well and ran nothing")
    return replace(outcome, verdict=Verdict.HELD)


def _keep(outcome: Outcome, figures: Path) -> None:
    """Write beside the figures of a piece that held what a later sitting must know of it."""
    written = json.loads(figures.read_text(encoding="utf-8"))
    written["held"] = {
        "command": outcome.command[1:],
        "seconds": outcome.seconds,
        "commit": outcome.commits[0],
    }
    figures.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def _kept(part: Part, command: Command, figures: Path) -> Outcome | None:
    """Return what an earlier sitting made of this very piece, if it held."""
    try:
        written = json.loads(figures.read_text(encoding="utf-8"))
        held, ran = written["held"], dict(written["ran"])
        if tuple(held["command"]) != command[1:]:
            return None
        return Outcome(
            part,
            Verdict.HELD,
            float(held["seconds"]),
            ran,
            command=command,
            commits=(str(held["commit"]),),
            kept=1,
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _joined(whole: Outcome, piece: Outcome) -> Outcome:
    """Add what a piece came to; its command and what went wrong are the whole's."""
    ran = dict(whole.ran)
    for name, value in piece.ran.items():
        before = ran.get(name, 0)
        ran[name] = value if isinstance(before, str) or isinstance(value, str) else before + value
    return replace(
        piece,
        seconds=whole.seconds + piece.seconds,
        ran=ran,
        commits=tuple(dict.fromkeys((*whole.commits, *piece.commits))),
        kept=whole.kept + piece.kept,
    )


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
