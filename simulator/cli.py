"""`locker-sim`: a simulated automat to try, to tell stories about, or to drive from another program.

stdout is data, stderr is speech.
"""

import argparse
import asyncio
import contextlib
import difflib
import json
import logging
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simulator.transcript import JsonPrinter, Line, TextPrinter

if TYPE_CHECKING:
    from simulator.plan import CabinetPlan

OK: Final = 0
FAILED: Final = 1
MISUSED: Final = 2
INTERRUPTED: Final = 130
EXIT_MEANING = {
    OK: "it went well; with --story: everything expected came true",
    FAILED: "something failed, or an expectation did not come true",
    MISUSED: "what was asked for makes no sense; nothing was started",
    INTERRUPTED: "ended by Ctrl-C or a signal",
}
ALL = "all"
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class MisusedError(Exception):
    """The arguments do not fit; says why and what would."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    chosen = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = chosen.command
    try:
        return command(chosen)
    except MisusedError as error:
        _speak(str(error))
        return MISUSED


def _demo(chosen: argparse.Namespace) -> int:
    if chosen.list:
        return _list()
    if chosen.story is None:
        if chosen.json or chosen.runs is not None:
            raise MisusedError("--json and --runs belong to a story: add --story NAME")
        plan = None if chosen.plan is None else _plan(chosen.plan)
        with _directory(chosen) as directory, _log(directory):
            return _until_signal(_front(directory, chosen.seed or 0, plan, chosen.link))
    if chosen.plan is not None:
        raise MisusedError("a story brings its own automat: leave out --plan, or --story")
    runs = 1 if chosen.runs is None else chosen.runs
    if runs < 1:
        raise MisusedError("--runs takes a number from 1")
    names = _stories(chosen.story)
    with _directory(chosen) as directory, _log(directory):
        return _until_signal(_tell(names, directory, chosen, runs))


def _list() -> int:
    from simulator.stories.catalogue import STORIES  # a story needs all of the simulator, --help does not

    width = max(map(len, STORIES))
    for story in STORIES.values():
        sys.stdout.write(f"{story.name:<{width}}  {story.about}\n")
    return OK


def _stories(wanted: str) -> list[str]:
    from simulator.stories.catalogue import STORIES  # as above

    if wanted == ALL:
        return list(STORIES)
    if wanted not in STORIES:
        near = difflib.get_close_matches(wanted, STORIES, n=3, cutoff=0.4)
        hint = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(STORIES)}"
        raise MisusedError(f"no story is called {wanted!r}; {hint}")
    return [wanted]


async def _front(directory: Path, seed: int, plan: "CabinetPlan | None", link: Path | None) -> int:
    from simulator.backoffice.keys import KeyFileError  # slow to import, as all that follows here
    from simulator.broker import BrokerError
    from simulator.daemon import DaemonError
    from simulator.demo import Demo
    from simulator.panel import Panel

    demo = Demo(directory, plan=plan, seed=seed)
    _speak(f"starting the automat in {directory}")
    try:
        await demo.start()
        beside = None if link is None else link.with_name(demo.enrolment_file.name)
        with linked(link, demo.socket), linked(beside, demo.enrolment_file):
            await Panel(demo).run_async()
    except (BrokerError, DaemonError, KeyFileError, TimeoutError) as error:
        _speak(str(error))
        return FAILED
    finally:
        await demo.stop()
    return OK


async def _tell(names: Sequence[str], directory: Path, chosen: argparse.Namespace, runs: int) -> int:
    from simulator.stock import Stock
    from simulator.stories.catalogue import seeded  # slow to import
    from simulator.stories.perform import perform

    stock = None if chosen.stock is None else Stock(chosen.stock)
    printer = JsonPrinter(_answer) if chosen.json else TextPrinter(_answer)
    failed: list[str] = []
    played = 0
    for name in names:
        for run in range(runs):
            seed = None if chosen.seed is None and runs == 1 else (chosen.seed or 0) + run
            place = directory / (name if runs == 1 else f"{name}-{run + 1}")
            emit: Callable[[Line], None] = printer if runs == 1 else _only_results(printer, run + 1)
            played += 1
            if not await perform(seeded(name, seed), place, emit, seed=seed or 0, stock=stock):
                failed.append(name if seed is None else f"{name} with --seed {seed}")
            elif not chosen.keep and chosen.directory is None:
                shutil.rmtree(place, ignore_errors=True)
    if played > 1:
        _speak(
            f"{played - len(failed)} of {played} came true"
            + (f"; failed: {', '.join(failed)}" if failed else "")
        )
    return FAILED if failed else OK


def _only_results(printer: Callable[[Line], None], run: int) -> Callable[[Line], None]:
    """Of many runs only what they came to."""

    def emit(line: Line) -> None:
        if line.kind in ("result", "failed"):
            printer(replace(line, text=f"run {run}: {line.text}", data={**line.data, "run": run}))

    return emit


def _run(chosen: argparse.Namespace) -> int:
    from simulator.plan import PlanError, demo_plan, plan_of  # the others need no plan

    if chosen.plan is not None:
        plan = _plan(chosen.plan)
    else:
        try:
            plan = demo_plan() if chosen.compartments is None else plan_of(chosen.compartments)
        except PlanError as error:
            raise MisusedError(str(error)) from None
    configuration = None if chosen.configuration is None else chosen.configuration.absolute()
    return _until_signal(_hardware(plan, chosen.directory.absolute(), configuration, chosen.seed))


def _plan(path: Path) -> "CabinetPlan":
    from simulator.plan import PlanError  # as above
    from simulator.plan_file import read_plan

    try:
        return read_plan(path)
    except PlanError as error:
        raise MisusedError(str(error)) from None


async def _hardware(plan: "CabinetPlan", directory: Path, configuration: Path | None, seed: int) -> int:
    from simulator.automat import SimulatedAutomat  # the others need no hardware
    from simulator.configuration import write_bench_configuration
    from simulator.control import ControlServer

    automat = SimulatedAutomat(plan, directory=directory / "ports", seed=seed)
    control = ControlServer(automat, directory / "control.sock")
    await automat.start()
    try:
        await control.start()
        for name in plan.ports():
            _answer(f"{name}\t{automat.address(name)}")
        _answer(f"control\t{directory / 'control.sock'}")
        if configuration is not None:
            port_of = {name: automat.address(name) for name in plan.ports()}
            try:
                write_bench_configuration(plan, configuration, port_of=port_of)
            except FileExistsError as error:
                _speak(str(error))
                return MISUSED
            _answer(f"configuration\t{configuration}")
        sys.stdout.flush()
        await asyncio.Event().wait()
    except OSError as error:
        _speak(f"{directory}: {error.strerror or error}; choose a directory that is yours, with a short path")
        return FAILED
    finally:
        await control.stop()
        await automat.stop()
    return OK


def _poke(chosen: argparse.Namespace) -> int:
    from simulator.control import ControlError, poke  # the others do not talk to a running simulator

    try:
        request = json.loads(" ".join(chosen.request))
    except (ValueError, RecursionError):
        raise MisusedError('a request is one JSON object, such as {"do": "help"}') from None
    if not isinstance(request, dict):
        raise MisusedError('a request is one JSON object, such as {"do": "help"}')

    async def ask() -> int:
        try:
            _answer(json.dumps(await poke(chosen.socket, request), ensure_ascii=False))
        except ControlError as error:
            _speak(str(error))
            return FAILED
        return OK

    return _until_signal(ask())


def _until_signal(work: Coroutine[Any, Any, int]) -> int:
    """Run to the end; a signal cancels the work, which ends what it started."""

    async def watched() -> int:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
        for number in ENDING_SIGNALS:
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            _speak("ended")
            return INTERRUPTED
        finally:
            for number in ENDING_SIGNALS:
                loop.remove_signal_handler(number)

    return asyncio.run(watched())


@contextlib.contextmanager
def linked(link: Path | None, target: Path) -> Iterator[None]:
    """Let a symbolic link lead to a file for a while; MisusedError if something else stands there."""
    if link is None:
        yield
        return
    try:
        if link.is_symlink():
            link.unlink()  # of a demo that was killed
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    except OSError as error:
        raise MisusedError(f"{link}: {error.strerror}; choose another place for the link") from None
    try:
        yield
    finally:
        if link.is_symlink() and link.readlink() == target:
            link.unlink()


@contextlib.contextmanager
def _directory(chosen: argparse.Namespace) -> Iterator[Path]:
    """The directory that was asked for, which must be empty; else one that is removed in the end."""
    if chosen.directory is not None:
        directory: Path = chosen.directory.absolute()
        try:
            directory.mkdir(parents=True, exist_ok=True)
            taken = any(directory.iterdir())
        except OSError as error:
            raise MisusedError(f"{directory}: {error.strerror}; choose another directory") from None
        if taken:
            raise MisusedError(
                f"{directory} is not empty; an automat of the demo begins in an empty directory"
            )
        yield directory
        return
    directory = Path(tempfile.mkdtemp(prefix="locker-"))
    try:
        yield directory
    finally:
        if chosen.keep:
            _speak(f"everything is kept in {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def _log(directory: Path) -> Iterator[None]:
    """What libraries have to say while a broker goes and comes belongs into a file, not between the lines."""
    handler = logging.FileHandler(directory / "simulator.log", delay=True)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()


def _week(chosen: argparse.Namespace) -> int:
    from simulator.week import command  # the whole daemon comes with it
    from simulator.week.week import Settings

    command.with_fixed_hashes()
    logging.disable()
    kept = None
    if chosen.troubles is not None:
        numbers = chosen.troubles.replace("none", "").split(",")
        kept = tuple(int(number) for number in numbers if number)
    settings = Settings(chosen.seed, chosen.days, kept=kept)
    return OK if command.run_week(settings, _answer, shortest=not chosen.whole).broken is None else FAILED


def _weeks(chosen: argparse.Namespace) -> int:
    from simulator.week import command  # as above

    command.with_fixed_hashes()
    logging.disable()
    first, last = chosen.seeds
    ran = command.run_weeks(first, last, chosen.days, chosen.jobs, _answer)
    if chosen.json is not None:
        command.write_json(ran, chosen.json)
    return FAILED if ran.findings else OK


def _span(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    if not (first.isdecimal() and (last or first).isdecimal()) or int(last or first) < int(first):
        raise argparse.ArgumentTypeError(f"{text!r} is no span of seeds; write it as 1-200")
    return int(first), int(last or first)


def _parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"  {code:3d}  {meaning}" for code, meaning in EXIT_MEANING.items())
    parser = argparse.ArgumentParser(
        prog="locker-sim",
        description="Simulated hardware, broker and back office around the real daemon.",
        epilog=f"exit codes:\n{codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="a whole automat on this machine, on screen or as a story")
    demo.add_argument("--story", metavar="NAME", help=f"play this story without a screen; {ALL!r}: every one")
    demo.add_argument("--list", action="store_true", help="name the stories")
    demo.add_argument(
        "--seed", type=int, metavar="N", help="for everything random; power-cut then cuts anywhere"
    )
    demo.add_argument("--runs", type=int, metavar="N", help="play it so often, with one seed after another")
    demo.add_argument("--json", action="store_true", help="print the story as one JSON object a line")
    demo.add_argument(
        "--directory", type=Path, metavar="DIR", help="work in this empty directory and keep it"
    )
    demo.add_argument(
        "--stock",
        type=Path,
        metavar="DIR",
        help="copy keys and blank database from here, made at first: many stories, quick starts",
    )
    demo.add_argument("--plan", type=Path, metavar="FILE", help="the automat that a plan describes")
    demo.add_argument(
        "--link",
        type=Path,
        metavar="PATH",
        help="let a symbolic link lead to the daemon's socket meanwhile, and one beside it to the enrolment",
    )
    demo.add_argument("--keep", action="store_true", help="do not remove the temporary directory")
    demo.set_defaults(command=_demo)

    run = commands.add_parser("run", help="only the hardware: serial ports and a control socket")
    run.add_argument("--directory", type=Path, required=True, metavar="DIR", help="where the ports appear")
    kind = run.add_mutually_exclusive_group()
    kind.add_argument("--compartments", type=int, metavar="N", help="how many; default: the demo's automat")
    kind.add_argument("--plan", type=Path, metavar="FILE", help="the automat that a plan describes")
    run.add_argument(
        "--configuration", type=Path, metavar="FILE", help="write a lockerd.toml that fits; paths beside it"
    )
    run.add_argument("--seed", type=int, default=0, metavar="N", help="for everything random")
    run.set_defaults(command=_run)

    week = commands.add_parser("week", help="one simulated week of the whole automat, from a seed")
    week.add_argument("--seed", type=int, required=True, metavar="N", help="what the week is drawn from")
    week.add_argument("--days", type=float, default=7.0, metavar="D", help="how long it is; default: 7")
    week.add_argument(
        "--troubles", metavar="N,N", help="of all that goes wrong only these, by number; none: nothing"
    )
    week.add_argument("--whole", action="store_true", help="do not look for a shorter week that breaks too")
    week.set_defaults(command=_week)

    weeks = commands.add_parser("weeks", help="a simulated week of each of many seeds")
    weeks.add_argument("--seeds", type=_span, required=True, metavar="A-B", help="the first and the last")
    weeks.add_argument("--days", type=float, default=7.0, metavar="D", help="how long each is; default: 7")
    weeks.add_argument("--jobs", type=int, default=2, metavar="N", help="how many at a time; default: 2")
    weeks.add_argument("--json", type=Path, metavar="FILE", help="write what ran and what was found")
    weeks.set_defaults(command=_weeks)

    poke = commands.add_parser("poke", help="ask a running simulator for something")
    poke.add_argument("socket", type=Path, metavar="SOCKET", help="the control socket that `run` printed")
    poke.add_argument("request", nargs="+", metavar="JSON", help='such as \'{"do": "help"}\'')
    poke.set_defaults(command=_poke)
    return parser


def _answer(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _speak(text: str) -> None:
    sys.stderr.write("".join(f"locker-sim: {line}\n" for line in text.splitlines()))


if __name__ == "__main__":
    sys.exit(main())
