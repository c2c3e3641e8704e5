"""A back office for one or more automats: keeps the ledger, acknowledges, issues commands.

It answers only for what it has committed. Everything may come twice, late or not at all, and it repeats
its own commands until the journal tells what became of them.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

import aiomqtt

from simulator.backoffice.connection import Connect, Connection, open_connection
from simulator.backoffice.entries import Entry, Unproven, read_entry
from simulator.backoffice.keys import Enrolment, SigningKey
from simulator.backoffice.ledger import Ledger
from simulator.backoffice.orders import Desk, rfc3339

ACK_BATCH_MOST = 200
ACK_EVERY_S = 0.02
ACK_EXPIRY_S = 60
RETRY_S = 0.3
LOOK_S = 0.5
ASK_AGAIN_S = 5.0
LATE_GRACE_S = 60.0
DROPPED_OFF = "automat.parcel.dropped-off"
REGISTERED = "automat.parcel.registered"
REFUSED_TOLD_MOST = 100


@dataclass
class Conduct:
    """How the back office behaves; change it at any time, then call `BackOffice.reconsider`."""

    deaf: bool = False  # reads, commits, never answers
    ack_delay_s: float = ACK_EVERY_S
    refuse: dict[int, str] = field(default_factory=dict)  # number of an entry -> why it is refused for ever
    repeat_commands_after_s: float = 10.0
    register_drop_offs: bool = True  # at once; change it by `BackOffice.let_register`


class BackOffice(Desk):
    """Start it with `start` or `async with`; its ledger is its own SQLite file."""

    def __init__(
        self,
        enrolments: Iterable[Enrolment],
        *,
        host: str,
        port: int,
        ledger_file: Path,
        protocol: Literal["5", "3.1.1"] = "5",
        signing_key: SigningKey | None = None,
        conduct: Conduct | None = None,
        client_id: str = "backoffice",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        dice: random.Random | None = None,
        connect: Connect = open_connection,
        look_s: float = LOOK_S,
        retry_most_s: float = RETRY_S,
    ) -> None:
        """Open the ledger; connect nothing yet. Without a `signing_key` commands go out unsigned.

        The pauses between attempts to connect grow up to `retry_most_s`.
        """
        super().__init__(enrolments, signing_key=signing_key, clock=clock, dice=dice)
        self._connect, self._look_s, self._retry_most_s = connect, look_s, retry_most_s
        self._host, self._port, self._protocol, self._client_id = host, port, protocol, client_id
        self.conduct = conduct or Conduct()
        self.ledger = Ledger(ledger_file)
        self.unproven: list[Unproven] = []
        self.states: dict[str, dict[str, Any]] = {}
        self.statuses: dict[str, dict[str, Any]] = {}
        self.connected = False
        self._observers: list[Callable[[Entry], None]] = []
        self._arrived: list[Entry] = []
        self._to_acknowledge: set[tuple[str, int]] = set()
        self._work = asyncio.Event()
        self._command_work = asyncio.Event()
        self._news = asyncio.Condition()
        self._sent_s: dict[str, float] = {}
        self._online_s: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self._registering: set[tuple[str, str]] = set()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Begin to keep the connection; what was dropped off while we were away is registered."""
        self._register_the_missed()
        self._task = asyncio.create_task(self._stay_connected())

    async def stop(self) -> None:
        """End the connection and close the ledger."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
            self.ledger.close()

    # -- registering what senders leave

    def let_register(self, *, on: bool) -> None:
        """Register drop-offs as soon as they are known, what was missed meanwhile too; or no more."""
        self.conduct.register_drop_offs = on
        self._register_the_missed()

    def _register_the_missed(self) -> None:
        for automat_id in self._enrolments:
            rows = list(self.ledger.rows(automat_id))
            registered = {row.subject for row in rows if row.type == REGISTERED}
            for row in rows:
                if row.subject not in registered:
                    self._register_if_dropped_off(automat_id, row.type, row.subject)

    def _register_if_dropped_off(self, automat_id: str, kind: str, subject: str | None) -> None:
        if kind != DROPPED_OFF or subject is None or not self.conduct.register_drop_offs:
            return
        if (automat_id, subject) not in self._registering:
            self._registering.add((automat_id, subject))
            self._issue("parcel.register", {"trackingid": subject}, automat_id=automat_id)

    # -- what became of commands

    def outcome(self, command_id: str) -> str | None:
        """Tell what became of a command: "applied", "refused", "late", or nothing yet."""
        return self.ledger.outcome(command_id)[0]

    def reason(self, command_id: str) -> str | None:
        """Tell why a command was refused."""
        return self.ledger.outcome(command_id)[1]

    def sent(self, command_id: str) -> bool:
        """Whether the broker has taken a command at least once."""
        return command_id in self._sent_s

    # -- observing

    def subscribe(self, observer: Callable[[Entry], None]) -> Callable[[], None]:
        """Call `observer` for each new entry, after its commit; returns what ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    async def until(self, predicate: Callable[["BackOffice"], bool], limit_s: float, what: str) -> None:
        """Wait until something is true; TimeoutError tells what did not come, and how far things are."""

        def settled() -> bool:
            return self._failure is not None or predicate(self)

        try:
            async with asyncio.timeout(limit_s), self._news:
                await self._news.wait_for(settled)
        except TimeoutError as error:
            raise TimeoutError(f"after {limit_s:g} s still waiting for {what}; {self.describe()}") from error
        if self._failure is not None:
            raise RuntimeError(f"the back office failed while waiting for {what}") from self._failure

    def describe(self) -> str:
        """Say in one line how far things are."""
        parts = [f"back office {'connected' if self.connected else 'not connected'}"]
        for automat_id in self._enrolments:
            kinds = [row.type for row in self.ledger.rows(automat_id)]
            parts.append(f"{automat_id}: {len(kinds)} entries, the last {', '.join(kinds[-5:]) or 'none'}")
        return "; ".join(parts)

    async def reconsider(self) -> None:
        """Answer anew for everything: after a change of conduct."""
        self._to_acknowledge.update(self.ledger.epochs())
        self._work.set()

    # -- the connection

    async def _stay_connected(self) -> None:
        pause_s = RETRY_S
        try:
            while True:
                try:
                    async with self._connect(
                        self._host, self._port, client_id=self._client_id, protocol=self._protocol
                    ) as connection:
                        pause_s = RETRY_S
                        await self._use(connection)
                except aiomqtt.MqttError:
                    await self._tell(connected=False)
                await asyncio.sleep(pause_s)
                pause_s = min(self._retry_most_s, 2 * pause_s)
        except Exception as error:
            self._failure = error
            await self._tell(connected=False)
            raise

    async def _use(self, connection: Connection) -> None:
        tasks = [
            asyncio.create_task(part)
            for part in (self._read(connection), self._answer(connection), self._send_commands(connection))
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _read(self, connection: Connection) -> None:
        async for message in connection.messages():
            _, automat_id, kind = (*str(message.topic).split("/", 2), "", "")[:3]
            enrolment = self._enrolments.get(automat_id)
            if enrolment is None:
                continue  # an old session may hold subscriptions of another set of automats
            if kind == "journal":
                entry = read_entry(message.payload, automat_id, enrolment.public_key)
                if isinstance(entry, Unproven):
                    self.unproven.append(entry)
                else:
                    self._arrived.append(entry)
                    self._work.set()
            elif kind in ("state", "status"):
                await self._note(kind, automat_id, message.payload)

    async def _note(self, kind: str, automat_id: str, payload: bytes) -> None:
        try:
            content = json.loads(payload)
        except ValueError:
            return
        if not isinstance(content, dict):
            return
        if kind == "status":
            self.statuses[automat_id] = content
            self._online_s[automat_id] = asyncio.get_running_loop().time()
        else:
            self.states[automat_id] = content
            epoch, acknowledged = content.get("epoch"), content.get("acknowledgedthrough")
            if type(epoch) is int and type(acknowledged) is int and self._lacks(automat_id, epoch):
                # we were restored from a backup: the automat believes that we hold what we lost
                self._to_acknowledge.add((automat_id, epoch))
                self._work.set()
        await self._tell()

    async def _answer(self, connection: Connection) -> None:
        while True:
            await self._wait_for_work()
            batch, self._arrived = self._arrived[:ACK_BATCH_MOST], self._arrived[ACK_BATCH_MOST:]
            new = self.ledger.write(batch, self.conduct.refuse)
            self._to_acknowledge.update((entry.automat_id, entry.epoch) for entry in batch)
            for entry in new:
                self._learn_outcome(entry)
                self._register_if_dropped_off(entry.automat_id, entry.type, entry.subject)
                for observer in list(self._observers):
                    observer(entry)
            await self._tell()
            if not self.conduct.deaf:
                due, self._to_acknowledge = self._to_acknowledge, set()
                for automat_id, epoch in sorted(due):
                    await connection.publish(
                        f"automats/{automat_id}/journal/ack",
                        self._acknowledgement(automat_id, epoch),
                        expiry_s=ACK_EXPIRY_S,
                    )

    async def _wait_for_work(self) -> None:
        while not self._arrived and (self.conduct.deaf or not self._to_acknowledge):
            lacking = {key for key in self.ledger.epochs() if self._lacks(*key)}
            self._work.clear()
            try:
                async with asyncio.timeout(ASK_AGAIN_S if lacking else None):
                    await self._work.wait()
            except TimeoutError:
                self._to_acknowledge |= lacking
        # gather what comes in one burst, so that one commit and one answer serve it
        await asyncio.sleep(0 if len(self._arrived) >= ACK_BATCH_MOST else self.conduct.ack_delay_s)

    def _lacks(self, automat_id: str, epoch: int) -> bool:
        return bool(self.ledger.progress(automat_id, epoch).missing(self._believed(automat_id, epoch)))

    def _believed(self, automat_id: str, epoch: int) -> int:
        """How far the automat believes that we hold its journal."""
        state = self.states.get(automat_id, {})
        believed = state.get("acknowledgedthrough")
        return believed if state.get("epoch") == epoch and type(believed) is int else 0

    def _acknowledgement(self, automat_id: str, epoch: int) -> bytes:
        progress = self.ledger.progress(automat_id, epoch)
        refused = self.ledger.refused(automat_id, epoch)[-REFUSED_TOLD_MOST:]
        content = {
            "epoch": epoch,
            "through": progress.through,
            "missing": progress.missing(self._believed(automat_id, epoch)),
            "refused": [{"sequence": sequence, "reason": reason} for sequence, reason in refused],
            "forks": [sequence for sequence, _ in self.ledger.forks(automat_id, epoch)][-100:],
            "time": rfc3339(self._clock()),
        }
        return json.dumps(content, separators=(",", ":")).encode("utf-8")

    def _learn_outcome(self, entry: Entry) -> None:
        if entry.type not in ("automat.command.applied", "automat.command.refused"):
            return
        command_id, outcome = entry.data.get("id"), entry.type.rpartition(".")[2]
        if isinstance(command_id, str):
            self.ledger.settle_command(command_id, outcome, str(entry.data.get("reason", "")) or None)

    def _keep(self, command_id: str, automat_id: str, kind: str, payload: bytes, not_after: str) -> None:
        self.ledger.add_command(command_id, automat_id, kind, payload, not_after)
        self._command_work.set()

    # -- commands on their way

    async def _send_commands(self, connection: Connection) -> None:
        # subscriptions first: nobody may be told anything before the answer can be heard
        for automat_id in self._enrolments:
            for kind in ("journal", "state", "status"):
                await connection.subscribe(f"automats/{automat_id}/{kind}")
        await self._tell(connected=True)
        await self.reconsider()
        while True:
            self._command_work.clear()
            for command_id, automat_id, content, not_after in self.ledger.pending():
                left_s = (datetime.fromisoformat(not_after) - self._clock()).total_seconds()
                if self._due(command_id, automat_id):
                    await connection.publish(
                        f"automats/{automat_id}/commands", content, expiry_s=max(1, int(left_s))
                    )
                    self._sent_s[command_id] = asyncio.get_running_loop().time()
                    await self._tell()
                elif left_s < -LATE_GRACE_S:
                    self.ledger.settle_command(command_id, "late", None)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_s):
                    await self._command_work.wait()

    def _due(self, command_id: str, automat_id: str) -> bool:
        sent_s = self._sent_s.get(command_id)
        if sent_s is None:
            return True
        if self.statuses.get(automat_id, {}).get("status") != "online":
            return False  # the broker keeps it for the automat; if it does not, we repeat it afterwards
        since_s = max(sent_s, self._online_s.get(automat_id, 0.0))
        return asyncio.get_running_loop().time() - since_s >= self.conduct.repeat_commands_after_s

    async def _tell(self, *, connected: bool | None = None) -> None:
        if connected is not None:
            self.connected = connected
        async with self._news:
            self._news.notify_all()
