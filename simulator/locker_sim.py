"""A whole simulated automat for plain, synchronous tests: people, parcels and faults, in their own words.

The daemon is the real one in its own process, with its own database, on pseudo-terminals and a real broker.
Nothing here reads the display to go on, so that a test may do without one.
"""

import inspect
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, TypeVar

from simulator.automat import SimulatedAutomat
from simulator.background import BackgroundLoop
from simulator.backoffice.entries import Entry
from simulator.broker import BrokerError
from simulator.daemon import DaemonError
from simulator.demo import Demo
from simulator.events import DoorState
from simulator.faults import FaultValue
from simulator.people import Person, new_code, new_tracking_id
from simulator.plan import CabinetPlan, demo_plan, plan_of
from simulator.plan_file import read_plan
from simulator.stock import Stock
from simulator.stories.audit import audit
from simulator.stories.stage import LIMIT_S, Stage, StoryFailedError
from simulator.transcript import Transcript
from simulator.world import DoorView

RECEIPT = "parcel.handed-over"
_FAILURES = (StoryFailedError, DaemonError, BrokerError, TimeoutError)
_MISTAKES = (KeyError, ValueError)
"""How the simulated hardware answers names that it does not have, and what no hand can do."""

Result = TypeVar("Result")


class LockerSimError(AssertionError):
    """Something that was expected did not come; the text says what, and what was seen instead."""


@dataclass(frozen=True)
class Parcel:
    """A parcel, the code of its recipient, and where it lies once it was delivered."""

    tracking_id: str
    code: str = field(repr=False)
    compartment: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a command of the back office: "applied", or "refused" with its reason."""

    what: str
    reason: str | None = None


class LockerSim:
    """One automat. Every call returns when it is done, or raises LockerSimError within `limit_s`."""

    def __init__(
        self,
        plan: CabinetPlan | None = None,
        *,
        seed: int = 0,
        languages: tuple[str, ...] = ("en",),
        stock: Stock | None = None,
    ) -> None:
        """Describe it; `with` or `start` runs it. Without a plan it is the demo's: 14 doors, a scanner.

        A `stock` of blank automats makes the start quicker for all but the first of them.
        """
        self._plan, self._seed, self._languages, self._stock = plan, seed, languages, stock
        self._loop: BackgroundLoop
        self._directory: Path | None = None
        self._demo: Demo
        self._stage: Stage
        self._courier: Person | None = None
        self._delivered: list[Parcel] = []

    def start(self) -> Self:
        """Start broker, hardware, daemon and back office; LockerSimError says what failed."""
        self._loop = BackgroundLoop("locker-sim")
        # Sockets have short names, and the temporary directories of test runners are deep.
        self._directory = Path(tempfile.mkdtemp(prefix="locker-sim-"))
        try:
            self._run(self._begin(self._directory))
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End every process and thread, and delete everything; safe to call twice."""
        directory, self._directory = self._directory, None
        if directory is None:
            return
        try:
            self._run(self._end())
        finally:
            self._loop.close()
            shutil.rmtree(directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- the back office

    def announce(
        self, tracking_id: str | None = None, *, size: str = "S", code: str | None = None, **said: Any
    ) -> Parcel:
        """Announce a parcel and wait until the automat knows it; `said` is what else the back office says."""
        parcel = self._new_parcel(tracking_id, code)
        outcome = self.command("announce", parcel.tracking_id, size, code=parcel.code, **said)
        if outcome.what != "applied":
            raise LockerSimError(f"parcel {parcel.tracking_id} was not announced: {outcome.reason}")
        return parcel

    def command(self, name: str, *arguments: Any, **said: Any) -> Outcome:
        """Send any command of the back office, by the name of its method, and wait for what becomes of it.

        `command("withdraw", tracking_id, "moved house")`
        """
        office = self._demo.backoffice
        send: Callable[..., Awaitable[str]] | None = getattr(office, name, None)
        if name.startswith("_") or not inspect.iscoroutinefunction(send):
            raise LockerSimError(
                f"the back office has no command {name!r}; simulator/backoffice/orders.py has them"
            )
        return self._run(self._outcome(send(*arguments, **said)))

    def journal(self, kind: str | None = None, *, subject: str | None = None) -> list[Entry]:
        """Return the entries that the back office verified, up to the last: of a kind, about a parcel.

        A kind is written without "automat.": "parcel.stored". Without the daemon: what has arrived.
        """
        if self._demo.daemon_running:
            self._run(self._stage.in_step())
        return [
            entry
            for entry in self._stage.entries
            if (kind is None or entry.type == f"automat.{kind}") and subject in (None, entry.subject)
        ]

    def receipts(self) -> list[Entry]:
        """Return the receipts of all handovers to recipients."""
        return self.journal(RECEIPT)

    def expect(
        self, kind: str, *, subject: str | None = None, limit_s: float = LIMIT_S, **data: Any
    ) -> Entry:
        """Wait for an entry at the back office that carries `data`; each is expected only once."""
        return self._run(self._stage.expect_entry(kind, subject=subject, limit_s=limit_s, **data))

    # -- whole visits

    def deliver(
        self,
        parcel: Parcel | str | None = None,
        *,
        size: str = "S",
        code: str | None = None,
    ) -> Parcel:
        """Let a courier bring a parcel, by the keypad; one that was not announced yet is announced before."""
        announced = parcel if isinstance(parcel, Parcel) else self.announce(parcel, size=size, code=code)
        stored = self._run(self._deliver(announced))
        self._delivered.append(stored)
        return stored

    def collect(self, what: Parcel | str) -> list[Entry]:
        """Type the code of a delivered parcel, take out whatever opens, shut the doors; the receipts."""
        code = what.code if isinstance(what, Parcel) else what
        parcels = [parcel for parcel in self._delivered if parcel.code == code]
        if not parcels:
            raise LockerSimError("no parcel with this code was delivered here; press keys with `type`")
        receipts = self._run(self._collect(code, parcels))
        self._delivered = [parcel for parcel in self._delivered if parcel not in parcels]
        return receipts

    # -- fingers, hands, eyes

    def type(self, keys: str) -> None:
        """Press keys: "C 024204 OK"."""
        self._run(self._stage.type(keys))

    def stand_at(self, keypad: str) -> None:
        """Go to another keypad, which has a display of the same name: its keys and its texts count then."""
        self._run(_done(lambda: self._stage.stand_at(keypad)))

    def scan(self, text: str) -> None:
        """Hold a label in front of the scanner."""
        self._run(_done(lambda: self._scan(text)))

    def display(self) -> str:
        """Return what the display shows now, in one line."""
        return " ".join(self.automat.display(self._stage.display).text().split())

    def see(self, text: str, *, limit_s: float = LIMIT_S) -> str:
        """Wait until the display has shown a text since the last deed; the whole of what it showed."""
        return self._run(self._stage.see_display(text, limit_s))

    def door(self, label: str) -> DoorView:
        """Look at a compartment: its `state`, how many `pulses` its lock had, its `contents`."""
        return self._run(_done(lambda: self.automat.door(label)))

    def see_door(self, label: str, state: DoorState, *, limit_s: float = LIMIT_S) -> None:
        """Wait for a door to be "open" or "shut"."""
        self._run(self._stage.see_door(label, state, limit_s))

    def put(self, label: str, what: str) -> None:
        """Lay something into an open compartment."""
        self._run(_done(lambda: self._stage.hand.put(label, what)))

    def take(self, label: str) -> list[str]:
        """Take everything out of an open compartment."""
        return self._run(_done(lambda: self._stage.hand.take(label)))

    def shut(self, label: str) -> None:
        """Push a door shut, and wait until it is."""
        self._run(self._shut(label))

    # -- troubles and time

    def fault(self, name: str, target: str, value: FaultValue | None = True) -> None:
        """Set a fault of `simulator.faults` on a door, board, line, keypad, display, scanner or port."""
        self._run(_done(lambda: self.automat.set_fault(name, target, value)))

    def heal(self, name: str, target: str) -> None:
        """Take a fault away."""
        self.fault(name, target, None)

    def unplug(self, port: str) -> None:
        """Pull a serial adapter out: "locks", "keypad-front", "display-front", "scanner-front"."""
        self._run(_done(lambda: self._stage.hand.unplug(port)))

    def replug(self, port: str) -> None:
        """Plug it in again."""
        self._run(_done(lambda: self._stage.hand.replug(port)))

    def cut_power(self) -> None:
        """Cut the power of the daemon's computer: SIGKILL."""
        self._run(self._stage.kill_daemon())

    def restore_power(self) -> None:
        """Give it back; returns when the automat serves again."""
        self._run(self._stage.start_daemon())

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Let time pass, for the automat and the back office alike; no rule is changed by it."""
        passed_s = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        self._run(_done(lambda: self._stage.move_clock(passed_s, "time passes")))

    # -- looking behind

    def ask(self, path: str) -> Any:
        """GET from the daemon's local API: `ask("/v1/status")`."""
        return self._run(self._demo.ask(path))

    def audit(self) -> None:
        """Hold journal, back office and the compartments' contents against one another."""
        self._run(audit(self._stage))

    @property
    def automat(self) -> SimulatedAutomat:
        """The simulated hardware, for what has no word here; its thread is not the caller's."""
        return self._demo.automat

    @property
    def socket(self) -> Path:
        """The daemon's local socket, for `lockerctl --socket`."""
        return self._demo.socket

    @property
    def enrolment_file(self) -> Path:
        """What the device gave the back office."""
        return self._demo.enrolment_file

    # -- inside

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        try:
            return self._loop.run(work)
        except _FAILURES as error:
            raise LockerSimError(str(error)) from None
        except _MISTAKES as error:
            # A KeyError writes its text in quotes.
            raise LockerSimError(str(error.args[0] if error.args else error)) from error

    async def _begin(self, directory: Path) -> None:
        self._demo = Demo(
            directory,
            plan=self._plan,
            seed=self._seed,
            story=True,
            languages=self._languages,
            stock=self._stock,
        )
        self._demo.automat.type_like_people()
        await self._demo.start()
        self._stage = Stage(self._demo, Transcript(lambda: 0.0, lambda _line: None), seed=self._seed)

    async def _end(self) -> None:
        # What did not get as far as to be made needs no end.
        stage: Stage | None = getattr(self, "_stage", None)
        demo: Demo | None = getattr(self, "_demo", None)
        if stage is not None:
            stage.close()
        if demo is not None:
            await demo.stop()

    def _new_parcel(self, tracking_id: str | None, code: str | None) -> Parcel:
        people = self._demo.people
        parcel = Parcel(tracking_id or new_tracking_id(people), code or new_code(people, self._stage.dice))
        people.append(Person("recipient", "recipient", parcel.code, parcel.tracking_id))
        return parcel

    async def _outcome(self, sent: Awaitable[str]) -> Outcome:
        command = await sent
        office = self._demo.backoffice
        await office.until(
            lambda office: office.outcome(command) is not None, LIMIT_S, f"the outcome of command {command}"
        )
        return Outcome(office.outcome(command) or "", office.reason(command))

    async def _deliver(self, parcel: Parcel) -> Parcel:
        stage, subject = self._stage, parcel.tracking_id
        if self._courier is None:
            self._courier = await stage.hire()
        await stage.type(f"C {self._courier.code} OK")
        await stage.expect_entry("courier.signed-in")
        if subject[-8:].isdecimal():
            await stage.type(f"{subject[-8:]} OK")
        else:
            self._scan(subject)
        opened = await stage.expect_entry("door.opened", subject=subject)
        label = str(opened.data["compartment"])
        await stage.see_door(label, "open")
        stage.hand.put(label, subject)
        stage.hand.push_shut(label)
        await stage.expect_entry("door.closed", subject=subject)
        await stage.type("OK")
        await stage.expect_entry("parcel.stored", subject=subject, compartment=label)
        await stage.type("C")
        await stage.expect_entry("courier.signed-out")
        return replace(parcel, compartment=label)

    async def _collect(self, code: str, parcels: list[Parcel]) -> list[Entry]:
        stage = self._stage
        await stage.type(f"C {code} OK")
        receipts: list[Entry] = []
        for parcel in parcels:
            label = parcel.compartment or ""
            await stage.see_door(label, "open")
            taken = stage.hand.take(label)
            stage.check(parcel.tracking_id in taken, f"parcel {parcel.tracking_id} lay in {label}")
            stage.hand.push_shut(label)
            receipts.append(await stage.expect_entry(RECEIPT, subject=parcel.tracking_id))
        return receipts

    def _scan(self, text: str) -> None:
        if not self._demo.plan.scanners:
            raise LockerSimError("this automat has no scanner: type an id that ends in 8 digits, or plan one")
        self._stage.scan(text)

    async def _shut(self, label: str) -> None:
        self._stage.hand.push_shut(label)
        await self._stage.see_door(label, "shut")


async def _done(deed: Callable[[], Result]) -> Result:
    """Do something in the automat's own thread."""
    return deed()


def plan_from(
    *,
    plan: CabinetPlan | str | Path | None = None,
    compartments: int | None = None,
    board: str | None = None,
    baud: int | None = None,
    display: str | None = None,
) -> CabinetPlan:
    """Make the plan that a test asks for: the demo's, a given one or its file, or of so many compartments.

    `board` and `display` name families for all of them, `baud` is the speed of all lines. PlanError: no such.
    """
    given = read_plan(Path(plan)) if isinstance(plan, str | Path) else plan
    made = given or (demo_plan() if compartments is None else plan_of(compartments))
    return replace(
        made,
        boards=tuple(replace(one, family=board or one.family) for one in made.boards),
        lines=tuple(replace(one, baud=baud or one.baud) for one in made.lines),
        displays=tuple(replace(one, family=display or one.family) for one in made.displays),
    )
