"""A real simulated automat on ptys, hosted by hand instead of by a daemon, beside a real ledger."""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.app import App
from textual.message import Message
from textual.pilot import Pilot

from simulator.automat import SimulatedAutomat
from simulator.backoffice.entries import FIRST_PREVHASH, Entry, Unproven
from simulator.backoffice.ledger import Ledger
from simulator.boards.xor_bcc import framed
from simulator.demo import ClockMoved, DaemonEnded, DaemonStarted, DemoEvent, EntryArrived
from simulator.panel import Panel
from simulator.people import PeopleChanged, Person
from simulator.plan import CabinetPlan, demo_plan

PARCEL, OTHER = "JJFI64312000000000017", "JJFI64312000000000018"
SENT = "JJFI64312000000000021"
LIMIT_S = 20.0
"""How long anything may take on a machine that has much else to do."""
PEOPLE = [
    Person("courier", "courier 1", "482913"),
    Person("recipient", "recipient 1", "024204", PARCEL),
    Person("recipient", "recipient 2", "771002", OTHER),
]


class Office:
    """A back office that was handed its entries; every one is in its real ledger."""

    def __init__(self, file: Path) -> None:
        self.ledger = Ledger(file)
        self.unproven: list[Unproven] = []


class Counter:
    """Customer service that notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.registering = True

    async def replace_code(self, tracking_id: str) -> None:
        self.asked.append(("replace_code", tracking_id))

    async def pay(self, tracking_id: str) -> None:
        self.asked.append(("pay", tracking_id))

    async def open(self, label: str, operator: str, reason: str) -> None:
        self.asked.append(("open", label, operator, reason))

    async def block(self, label: str, operator: str, reason: str) -> None:
        self.asked.append(("block", label, operator, reason))

    async def unblock(self, label: str, operator: str) -> None:
        self.asked.append(("unblock", label, operator))

    async def set_mode(self, mode: str, operator: str, reason: str) -> None:
        self.asked.append(("set_mode", mode, operator))

    async def withdraw(self, tracking_id: str, cause: str) -> None:
        self.asked.append(("withdraw", tracking_id, cause))

    async def announce(
        self, size: str, *, services: tuple[str, ...] = (), tracking_id: str | None = None
    ) -> None:
        self.asked.append(("announce", size, services, tracking_id))

    async def expect_drop_off(self, size: str) -> None:
        self.asked.append(("expect_drop_off", size))

    async def let_register(self, *, on: bool) -> None:
        self.registering = on
        self.asked.append(("let_register", on))

    async def release_guard(self, keypad: str, operator: str) -> None:
        self.asked.append(("release_guard", keypad, operator))

    async def revoke_courier(self, name: str) -> None:
        self.asked.append(("revoke_courier", name))

    async def authorise_courier(self) -> None:
        self.asked.append(("authorise_courier",))


@dataclass
class Switch:
    """A broker that is only on or off."""

    running: bool = True
    held: asyncio.Event = field(default_factory=asyncio.Event)

    async def stop(self) -> None:
        self.running = False

    async def restart(self) -> None:
        """Hang until let go."""
        await self.held.wait()
        self.running = True


class Stand:
    """What the panel needs of a demo, in one process."""

    def __init__(self, directory: Path, plan: CabinetPlan | None = None) -> None:
        self.automat = SimulatedAutomat(plan or demo_plan(), directory=directory / "ports")
        self.backoffice = Office(directory / "ledger.db")
        self.broker = Switch()
        self.counter = Counter()
        self.people = list(PEOPLE)
        self.daemon_running = True
        self.daemon_fails: str | None = None
        self._observers: list[Callable[[DemoEvent], None]] = []
        self._hosts: dict[str, int] = {}
        self._last: Entry | None = None

    async def start(self) -> None:
        await self.automat.start()

    async def stop(self) -> None:
        for host in self._hosts.values():
            os.close(host)
        await self.automat.stop()
        self.backoffice.ledger.close()

    def subscribe(self, observer: Callable[[DemoEvent], None], /) -> Callable[[], None]:
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    @property
    def observed(self) -> bool:
        return bool(self._observers)

    async def kill_daemon(self) -> None:
        self.daemon_running = False
        self.tell(DaemonEnded(1, -9))

    async def start_daemon(self) -> None:
        if self.daemon_fails:
            raise RuntimeError(self.daemon_fails)
        self.daemon_running = True
        self.tell(DaemonStarted(2))

    def move_clock(self, seconds: float) -> None:
        self.tell(ClockMoved(seconds))

    def invite(self, *people: Person) -> None:
        self.people += people
        self.tell(PeopleChanged())

    def tell(self, event: DemoEvent) -> None:
        for observer in tuple(self._observers):
            observer(event)

    # The host's side, by hand.

    def host(self, port: str) -> int:
        if port not in self._hosts:
            flags = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK
            self._hosts[port] = os.open(self.automat.port(port), flags)
        return self._hosts[port]

    def unlock(self, channel: int) -> None:
        os.write(self.host("locks"), framed(0x8A, 1, channel, 0x11))

    def show(self, upper: str, lower: str = "", *, beep: bool = False) -> None:
        data = f"\x1b@\x1bQA{upper}\r\x1bQB{lower}\r".encode("cp858") + b"\x07" * beep
        os.write(self.host("display-front"), data)

    async def heard(self, port: str, count: int, limit_s: float = LIMIT_S) -> bytes:
        """What a port sends to its host, until there are so many bytes."""
        loop, host, data = asyncio.get_running_loop(), self.host(port), b""
        ready = asyncio.Event()
        loop.add_reader(host, ready.set)
        try:
            async with asyncio.timeout(limit_s):
                while len(data) < count:
                    await ready.wait()
                    ready.clear()
                    with contextlib.suppress(BlockingIOError):
                        data += os.read(host, count - len(data))
        finally:
            loop.remove_reader(host)
        return data

    async def keys(self, count: int) -> bytes:
        """What the keypad sends, until there are so many bytes."""
        return await self.heard("keypad-front", count)

    async def poll(self, channel: int) -> bytes:
        """Ask the board for the state of a channel, as a daemon does all day."""
        os.write(self.host("locks"), framed(0x80, 1, channel, 0x33))
        return await self.heard("locks", 5)

    def enter(
        self, kind: str, subject: str | None = None, *, prevhash: str | None = None, **data: Any
    ) -> Entry:
        """Let the back office commit one more entry, chained to the one before it or to `prevhash`."""
        before = self._last
        sequence = before.sequence + 1 if before else 1
        entry = Entry(
            automat_id=self.automat.plan.automat_id,
            epoch=1,
            sequence=sequence,
            hash=hashlib.sha256(f"{sequence}".encode()).hexdigest(),
            prevhash=prevhash or (before.hash if before else FIRST_PREVHASH),
            type=f"automat.{kind}",
            time="2026-03-02T09:30:00.000Z",
            subject=subject,
            data=data,
            payload=b"{}",
        )
        self._last = entry
        self.backoffice.ledger.write([entry], {})
        self.tell(EntryArrived(entry))
        return entry


def entry_of(
    sequence: int, kind: str, subject: str | None = None, *, prevhash: str | None = None, **data: Any
) -> Entry:
    """An entry that continues the one numbered before it, or `prevhash`."""
    before = prevhash or (f"hash {sequence - 1}" if sequence > 1 else FIRST_PREVHASH)
    return Entry(
        "demo-1", 1, sequence, f"hash {sequence}", before, f"automat.{kind}", "", subject, data, b"{}"
    )


@dataclass
class Seen:
    """The panel as somebody in front of it sees it."""

    panel: Panel
    pilot: Pilot[None]
    changed: asyncio.Event

    def text(self) -> str:
        return screen_text(self.panel)

    def part(self, name: str) -> list[str]:
        """The lines of one part of the screen, its frame included."""
        region = self.panel.screen.query_one(f"#{name}").region
        lines = self.text().split("\n")[region.y : region.bottom]
        return [line[region.x : region.right] for line in lines]

    def row(self, name: str, about: str) -> str:
        """The only line of a part that speaks of something."""
        (line,) = (line for line in self.part(name) if about in line)
        return line

    async def until(self, predicate: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
        """Wait until something is true of the screen, looking whenever it may have changed."""
        try:
            async with asyncio.timeout(limit_s):
                while not predicate():
                    await self.changed.wait()
                    self.changed.clear()
                    await self.pilot.pause()
        except TimeoutError:
            raise TimeoutError(f"waited {limit_s} s for {what}; the screen:\n{self.text()}") from None

    async def shows(self, *texts: str, part: str | None = None, limit_s: float = LIMIT_S) -> None:
        """Wait until all these texts stand on the screen, or in a part of it."""

        def seen() -> bool:
            text = "\n".join(self.part(part)) if part else self.text()
            return all(wanted in text for wanted in texts)

        await self.until(seen, f"{texts} in {part or 'the screen'}", limit_s)

    async def press(self, keys: str) -> None:
        """Press keys of the computer's keyboard."""
        await self.pilot.press(*keys.split())


async def choose(screen: Seen, opens: str, *answers: str) -> None:
    """Press the key that opens a menu, then answer one question after another, each once it is asked."""
    front = screen.panel.screen
    await screen.press(opens)
    await screen.until(lambda: screen.panel.screen is not front, "the menu")
    for answer in answers:
        asked = screen.panel.screen
        await screen.until(lambda: bool(screen.panel.screen.query("#choose")), "a question")
        await screen.press(answer)
        await screen.until(lambda now=asked: screen.panel.screen is not now, "the answer taken")  # type: ignore[misc]  # mypy knows no default of a lambda


def screen_text(app: App[Any]) -> str:
    """What the screen shows, without any colour."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips)


@asynccontextmanager
async def seen(panel: Panel, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Seen]:
    """Run the panel without a terminal."""
    changed = asyncio.Event()

    def hook(_: Message) -> None:
        changed.set()

    async with panel.run_test(size=size, message_hook=hook, notifications=True) as pilot:
        yield Seen(panel, pilot, changed)
