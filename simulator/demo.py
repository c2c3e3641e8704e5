"""A whole automat on one machine: broker, hardware on ptys, the daemon's own process, back office."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from simulator.automat import SimulatedAutomat
from simulator.backoffice.entries import Entry
from simulator.backoffice.keys import Enrolment, SigningKey
from simulator.backoffice.office import BackOffice
from simulator.broker import Broker
from simulator.configuration import ENGLISH_FIRST, Place, write_configuration
from simulator.counter import CASH_ON_DELIVERY, Counter
from simulator.daemon import Daemon, DaemonError, Spawn, spawn_lockerd
from simulator.people import PeopleChanged, Person, new_code, new_tracking_id
from simulator.plan import CabinetPlan, CompartmentPlan, demo_plan
from simulator.serving import lacking
from simulator.steering import Steering, Trust
from simulator.stock import Stock, initialise

ONLINE_LIMIT_S = 60.0
SERVED_LIMIT_S = 60.0
COMMAND_LIMIT_S = 60.0
ASK_TIMEOUT = aiohttp.ClientTimeout(total=10.0)
PERSONAL_HANDOVER = "personal-handover"


@dataclass(frozen=True)
class DaemonStarted:
    """The daemon says that it is ready."""

    pid: int


@dataclass(frozen=True)
class DaemonEnded:
    """The daemon's process is gone; `code` is its exit code, negative for a signal.

    `asked` is false when nobody here had killed it or asked it to end.
    """

    pid: int
    code: int
    asked: bool = True


@dataclass(frozen=True)
class EntryArrived:
    """The back office has verified and committed a journal entry."""

    entry: Entry


@dataclass(frozen=True)
class ClockMoved:
    """The simulated clock was moved by so many seconds, for the daemon and the back office alike."""

    seconds: float


DemoEvent = DaemonStarted | DaemonEnded | EntryArrived | ClockMoved | PeopleChanged


class Demo:
    """Use `start`, and `stop` in the end: no process is left then. DaemonError, BrokerError say what failed.

    A `broker` that is handed in is used and not stopped. `story` begins without parcels and people, with
    a display that speaks English only unless `languages` says otherwise. `stock` makes the start quicker;
    `spawn` is how the daemon's process is started.
    """

    def __init__(
        self,
        directory: Path,
        *,
        plan: CabinetPlan | None = None,
        seed: int = 0,
        broker: Broker | None = None,
        story: bool = False,
        languages: tuple[str, ...] | None = None,
        paced: bool = True,
        stock: Stock | None = None,
        spawn: Spawn = spawn_lockerd,
    ) -> None:
        self.plan = plan or demo_plan()
        self.directory = directory.absolute()
        self.place = Place(self.directory / "automat")
        self.people: list[Person] = []
        self.automat = SimulatedAutomat(self.plan, directory=self.directory / "ports", seed=seed, paced=paced)
        self.backoffice: BackOffice
        self.broker: Broker
        self.steering: Steering
        self._enrolment: Enrolment
        self._signing_key: SigningKey
        self._given_broker = broker
        self._stock = stock
        self._story = story
        self._languages = languages or (("en",) if story else ENGLISH_FIRST)
        self._dice = random.Random(seed)
        self.counter = Counter(
            lambda: self.backoffice, self.people, self._dice, lambda: self._tell(PeopleChanged())
        )
        self._observers: list[Callable[[DemoEvent], None]] = []
        self._stack = AsyncExitStack()
        self._daemon = Daemon(self.place.configuration, self.place.log, self._daemon_ended, spawn)

    # -- life

    async def start(self) -> None:
        """Start everything; returns when the automat serves and the demo's people may come."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End every process and close every port; safe to call twice."""
        await self._stack.aclose()

    def subscribe(self, observer: Callable[[DemoEvent], None]) -> Callable[[], None]:
        """Tell the observer everything from now on; the answer ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer) if observer in self._observers else None

    async def ask(self, path: str) -> Any:
        """GET something from the daemon's local API; DaemonError if it does not answer with 200."""
        connector = aiohttp.UnixConnector(path=str(self.socket))
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=ASK_TIMEOUT) as session,
                session.get(f"http://lockerd{path}") as answer,
            ):
                if answer.status != 200:
                    raise DaemonError(f"lockerd answers {path} with {answer.status}: {await answer.text()}")
                return await answer.json()
        except aiohttp.ClientError as error:
            raise DaemonError(f"lockerd does not answer {path} ({error}); {self._daemon.tail()}") from error

    def describe(self) -> str:
        """How far things are, in one line, and the end of the daemon's log."""
        daemon = "runs" if self.daemon_running else "does not run"
        return f"lockerd {daemon}; {self.backoffice.describe()}; {self._daemon.tail()}"

    # -- the daemon

    @property
    def socket(self) -> Path:
        """The daemon's local API."""
        return self.place.socket

    @property
    def enrolment_file(self) -> Path:
        """What the device gave the back office: its id and its keys."""
        return self.directory / "backoffice" / "enrolment.json"

    @property
    def daemon_running(self) -> bool:
        """Whether the daemon's process lives."""
        return self._daemon.running

    @property
    def daemon_pid(self) -> int | None:
        """The daemon's process id, None while it does not run."""
        return self._daemon.pid

    async def start_daemon(self) -> None:
        """Start the daemon and wait until it is ready."""
        self._tell(DaemonStarted(await self._daemon.start()))

    async def stop_daemon(self) -> None:
        """End the daemon with SIGTERM."""
        await self._daemon.stop()

    async def kill_daemon(self) -> None:
        """End the daemon with SIGKILL, as a power cut would."""
        await self._daemon.kill()

    def cut_power(self) -> None:
        """Send SIGKILL to the daemon at this very moment; `kill_daemon` then waits for its end."""
        self._daemon.cut()

    async def until_online(self) -> None:
        """Wait until the back office sees the automat online; DaemonError if the daemon ends instead."""
        await self._unless_gone(
            self.backoffice.until(
                lambda office: office.statuses.get(self.plan.automat_id, {}).get("status") == "online",
                ONLINE_LIMIT_S,
                "the automat online",
            ),
            "the back office saw it",
        )

    async def until_served(self, limit_s: float = SERVED_LIMIT_S) -> None:
        """Wait until every port is open, every door was read and every keypad is served.

        For hardware without a fault; DaemonError says what is lacking when the time is over.
        """
        await self._unless_gone(self._serves(limit_s), "it served anybody")

    # -- the back office

    async def start_backoffice(self) -> None:
        """Open the back office over its ledger, as after a pause."""
        self.backoffice = BackOffice(
            [self._enrolment],
            host=self.broker.host,
            port=self.broker.port,
            ledger_file=self.directory / "backoffice" / "ledger.db",
            protocol=self.broker.protocol,
            signing_key=self._signing_key,
            clock=self.steering.now,
        )
        self.backoffice.subscribe(self.counter.note)
        self.backoffice.subscribe(lambda entry: self._tell(EntryArrived(entry)))
        await self.backoffice.start()

    async def stop_backoffice(self) -> None:
        """Close the back office; the broker keeps, or loses, what comes meanwhile."""
        await self.backoffice.stop()

    # -- time

    def move_clock(self, seconds: float) -> None:
        """Let that much simulated time pass, for both clocks of the daemon and for the back office.

        It moves the clock, never a rule: whatever waits for this time finds it over.
        """
        self.steering.move(seconds)
        self._tell(ClockMoved(seconds))

    def set_wall(self, offset_s: float) -> None:
        """Put the daemon's wall clock so many seconds off the machine's; powered time goes on."""
        self.steering.set_wall(offset_s)

    def set_trust(self, trust: Trust) -> None:
        """Say what the daemon's machine knows of its wall clock."""
        self.steering.set_trust(trust)

    # -- people

    async def authorise(self, name: str, *, code: str | None = None) -> Person:
        """Let the back office authorise a courier; waits until the automat has applied it."""
        code = code or new_code(self.people, self._dice)
        command = await self.backoffice.authorise_courier(name, code=code)
        await self._applied(command, f"{name} authorised")
        person = Person("courier", name, code, None, f"C {code} OK, then a parcel's last 8 digits and OK")
        self.people.append(person)
        return person

    async def announce(
        self,
        name: str,
        size: str,
        *,
        code: str | None = None,
        tracking_id: str | None = None,
        recipient: str | None = None,
    ) -> Person:
        """Let the back office announce a parcel; waits until the automat has applied it."""
        code = code or new_code(self.people, self._dice)
        tracking_id = tracking_id or new_tracking_id(self.people)
        command = await self.backoffice.announce(tracking_id, size, code=code, recipient=recipient)
        await self._applied(command, f"parcel {tracking_id} announced")
        person = Person("recipient", name, code, tracking_id, f"C {code} OK")
        self.people.append(person)
        return person

    # -- inside

    async def _unless_gone(self, expected: Coroutine[Any, Any, None], what: str) -> None:
        waiting = asyncio.create_task(expected)
        gone = asyncio.create_task(self._daemon.gone())
        try:
            await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise DaemonError(f"lockerd ended before {what}; {self._daemon.tail()}")
            await waiting
        finally:
            for task in (waiting, gone):
                task.cancel()
            await asyncio.gather(waiting, gone, return_exceptions=True)

    async def _serves(self, limit_s: float) -> None:
        """Look whenever something passed on a wire: a line that works is read again and again."""
        passed = asyncio.Event()
        forget = self.automat.subscribe(lambda _event: passed.set())
        missing = ["nothing was asked yet"]
        try:
            async with asyncio.timeout(limit_s):
                while missing:
                    passed.clear()
                    answers = [await self.ask(f"/v1/{what}") for what in ("status", "lines", "compartments")]
                    missing = lacking(self.plan, *answers)
                    if missing:
                        await passed.wait()
        except TimeoutError:
            raise DaemonError(
                f"lockerd does not serve after {limit_s:g} s: {'; '.join(missing)}; {self._daemon.tail()}"
            ) from None
        finally:
            forget()

    async def _start(self) -> None:
        stack = self._stack
        self.place.directory.mkdir(parents=True, exist_ok=True)
        office = self.directory / "backoffice"
        office.mkdir(mode=0o700, exist_ok=True)
        if self._given_broker is None:
            broker_directory = self.directory / "broker"
            broker_directory.mkdir(exist_ok=True)
            self.broker = await Broker.start(broker_directory)
            stack.push_async_callback(self.broker.stop)
        else:
            self.broker = self._given_broker
        await self.automat.start()
        stack.push_async_callback(self.automat.stop)
        self.steering = Steering(self.place.steering)
        signing_key = SigningKey.load_or_make(office / "signing.key")
        signing_key.write_public(self.place.command_key)
        write_configuration(
            self.plan,
            self.place,
            port_of={name: self.automat.address(name) for name in self.plan.ports()},
            broker=(self.broker.host, self.broker.port, self.broker.protocol),
            languages=self._languages,
        )
        self._enrolment, self._signing_key = await self._enrolled(), signing_key
        stack.push_async_callback(self.stop_backoffice)
        await self.start_backoffice()
        stack.push_async_callback(self._daemon.stop)
        await self.start_daemon()
        await self.until_online()
        await self.until_served()
        if not self._story:
            await self._invite()

    async def _enrolled(self) -> Enrolment:
        """The device's own enrolment; an automat is initialised once, and keeps its keys."""
        enrolment = self.enrolment_file
        if not enrolment.exists():
            if self._stock is None:
                await initialise(self.place, enrolment)
            else:
                await self._stock.furnish(self.place, self.plan.automat_id, enrolment)
        return Enrolment.read(enrolment)

    async def _invite(self) -> None:
        """Bring everybody that there is something to play for."""
        counter, codes = self.counter, self._dice
        await self.authorise("courier 1")
        await self.announce("recipient 1", self._size("S"))
        await self.announce("recipient 2", self._size("M"), code="0" + new_code(self.people, codes)[1:])
        both = new_code(self.people, codes)
        await self.announce("recipient 3", self._size("S"), code=both, recipient="recipient-3")
        await self.announce("recipient 3", self._size("L"), code=both, recipient="recipient-3")
        invited = {
            await counter.authorise_technician("technician"): "applied",
            await counter.expect_drop_off(self._size("M"), name="sender 1"): "applied",
            await counter.expect_drop_off(self._size("S"), name="returner"): "applied",
            await counter.announce(
                self._size("S"), services=(CASH_ON_DELIVERY,), name="recipient 4"
            ): "applied",
            await counter.announce(
                self._size("S"), services=(PERSONAL_HANDOVER,), name="recipient 5"
            ): "refused",
        }
        for command, outcome in invited.items():
            await self._settled(command, "everybody's invitation", outcome)

    async def _applied(self, command_id: str, what: str) -> None:
        await self._settled(command_id, what, "applied")

    async def _settled(self, command_id: str, what: str, expected: str) -> None:
        await self.backoffice.until(
            lambda office: office.outcome(command_id) is not None, COMMAND_LIMIT_S, what
        )
        if (outcome := self.backoffice.outcome(command_id)) != expected:
            raise DaemonError(f"{what}: the automat answered {outcome}")

    def _daemon_ended(self, pid: int, code: int, asked: bool) -> None:  # noqa: FBT001  (a plain callback)
        self._tell(DaemonEnded(pid, code, asked))

    def _tell(self, event: DemoEvent) -> None:
        for observer in tuple(self._observers):
            observer(event)

    def _size(self, wanted: str) -> str:
        """Give a size that this automat has: the wanted one, else one of its largest boxes."""
        boxes = self.plan.compartments
        return wanted if any(box.size == wanted for box in boxes) else max(boxes, key=_room).size


def _room(box: CompartmentPlan) -> int:
    return box.width_mm * box.height_mm * box.depth_mm
