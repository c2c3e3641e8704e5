"""A daemon's insides without the daemon: real decisions, really sealed, behind a real socket."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from locker.api.client import ApiClient
from locker.api.commission import StepRefused
from locker.api.commission_schema import Commission
from locker.api.exports import Signer
from locker.api.maintenance_schema import EvidenceQuery
from locker.api.roles import Roles
from locker.api.routes import Route
from locker.api.server import ApiServer
from locker.api.stream import EventStream
from locker.api.wire import Dumps
from locker.domain.automat import Decision
from locker.domain.codes import Code
from locker.domain.events import Event
from locker.domain.journal import NO_HASH, ChainHead, Entry, EntryKind, SealedEntry, seal
from locker.lines import Lines
from locker.wire import Wires
from tests.unit.domain.stand import CODE_KEY, IDENTITY, Stand

TRACKING_ID = "JJFI65432110000070773"
PICKUP_CODE = "024204"
COURIER_CODE = "7777"
TAGS = tuple(str(CODE_KEY.tag(Code(code))) for code in (PICKUP_CODE, COURIER_CODE))


NOT_BEGUN = Commission(
    under_way=False,
    user=None,
    technician=None,
    commissioned=False,
    map=None,
    lines=("locks",),
    unproved=("1",),
    search=None,
    trial=None,
    doors=(),
    boards=(),
)


class Notebook:
    """A desk that keeps what was asked of it, and refuses to test a door."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.told = NOT_BEGUN

    def progress(self) -> Commission:
        return self.told

    async def begin(self, user: str, technician: str, *, afresh: bool) -> None:
        self.asked.append(("begin", user, technician, afresh))

    async def search(self, line: str, *, every_family: bool, last_address: int | None) -> None:
        self.asked.append(("search", line, every_family, last_address))

    async def test(self, user: str, compartment: str) -> None:
        raise StepRefused("no-commission", f"{user} has not begun", f"begin before {compartment}")

    async def name_door(self, user: str, label: str | None) -> None:
        self.asked.append(("door", user, label))

    async def write(self, user: str, *, partial: bool) -> None:
        self.asked.append(("write", user, partial))

    async def end(self, user: str) -> None:
        self.asked.append(("end", user))


class House(Stand):
    """A stand that seals its entries, keeps them in a list and tells a server of every decision."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.head = ChainHead(1, 0, NO_HASH)
        self.journal: list[SealedEntry] = []
        self.link_connected = True
        self.server: ApiServer | None = None
        self.before_reading: Callable[[], Awaitable[None]] | None = None
        self.wires: Wires | None = None
        self.lines: Lines | None = None
        self.dumps: Dumps | None = None
        self.desk = Notebook()
        self.roles: Roles | None = None
        super().__init__()

    def do(self, event: Event) -> Decision:
        decision = super().do(event)
        self._tell(decision, self.write(*decision.entries))
        return decision

    async def ask(self, event: Event) -> Decision:
        """Decide an event as the engine does."""
        return self.do(event)

    def write(self, *entries: Entry) -> list[SealedEntry]:
        """Seal entries behind the journal's end."""
        sealed = []
        for entry in entries:
            one = seal(entry, self.head, self.now, automat_id=IDENTITY.automat_id, sign=self.key.sign)
            self.head = one.head
            sealed.append(one)
        self.journal += sealed
        return sealed

    def fill(self, count: int) -> None:
        """Write many entries, silently."""
        self.write(
            *(Entry(EntryKind.DOOR_CLOSED, f"X{n:09d}", {"compartment": "3", "n": n}) for n in range(count))
        )

    def happen(self, count: int = 1, *, size: int = 1) -> None:
        """Let the stream hear of so many events, of about so many bytes."""
        for _ in range(count):
            entry = Entry(EntryKind.DOOR_CLOSED, data={"compartment": "3" * size})
            self._tell(Decision(self.automat, entries=(entry,)), self.write(entry))

    def begin_epoch(self) -> None:
        """Start another epoch."""
        self.head = ChainHead(self.head.epoch + 1, 0, NO_HASH)

    def acknowledge(self, through: int) -> None:
        """Let the back office hold entries up to a number."""
        facts = replace(self.automat.facts, acknowledged_through=through)
        self.automat = replace(self.automat, facts=facts)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Check with the device's public key."""
        try:
            self.key.public_key().verify(signature, message)
        except InvalidSignature:
            return False
        return True

    async def read(self, epoch: int, first: int, limit: int) -> list[SealedEntry]:
        """Read the journal as the database does, after whatever is to come before."""
        if self.before_reading is not None:
            await self.before_reading()
        chosen = [e for e in self.journal if e.epoch == epoch and first <= e.sequence < first + 2 * limit]
        return chosen[:limit]

    async def read_about(self, subject: str, limit: int) -> Sequence[SealedEntry]:
        """Read the newest entries about a subject as the database does."""
        return [entry for entry in self.journal if entry.subject == subject][-limit:]

    def new_server(
        self, path: Path, stream: EventStream | None = None, *, stall_s: float = 10.0
    ) -> ApiServer:
        """Make a server of this automat."""
        return ApiServer(
            path,
            automat=lambda: self.automat,
            head=lambda: self.head,
            entries=self.read,
            entries_about=self.read_about,
            verify=self.verify,
            link_connected=lambda: self.link_connected,
            link_trouble=lambda: None if self.link_connected else "no route to host",
            broker="broker.example:8883",
            now=lambda: self.now,
            wires=self.wires,
            lines=self.lines,
            dumps=self.dumps,
            desk=self.desk,
            ask=self.ask,
            roles=self.roles,
            signer=Signer(self.key.sign, self.key.public_key().public_bytes_raw()),
            stream=stream,
            stall_s=stall_s,
        )

    @asynccontextmanager
    async def serving(
        self, path: Path, stream: EventStream | None = None, *, stall_s: float = 10.0
    ) -> AsyncIterator[ApiServer]:
        """Serve on a socket for a while."""
        server = self.new_server(path, stream, stall_s=stall_s)
        await server.start()
        self.server = server
        try:
            yield server
        finally:
            self.server = None
            await server.stop()

    def use(self) -> None:
        """Let a parcel come and go, another stay, and somebody mistype a code."""
        self.deliver(TRACKING_ID, PICKUP_CODE)
        self.press(f"C {PICKUP_CODE} OK")
        self.opens_and_shuts()
        self.wait(timedelta(minutes=10).total_seconds())
        self.deliver("JJFI65432110000070774", PICKUP_CODE)
        self.press("C 9999 OK")

    def _tell(self, decision: Decision, sealed: Sequence[SealedEntry]) -> None:
        if self.server is not None:
            self.server.note(decision, sealed)


def target_of(route: Route) -> str:
    """Where a question can be asked, with the parameters that it cannot do without."""
    return route.path + (f"?parcel={TRACKING_ID}" if route.query is EvidenceQuery else "")


def client_of(path: Path) -> ApiClient:
    """Make an impatient client."""
    return ApiClient(path, timeout_s=5.0, verify_timeout_s=30.0, retry_first_s=0.01)
