"""Values for these tests: one of each durable thing, and entries in a row."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from immutables import Map

from locker.domain.attempts import Attempts
from locker.domain.automat import Automat, Facts
from locker.domain.codes import CodeKey, CodeTag
from locker.domain.commands import CommandRecord, Mode
from locker.domain.compartments import Compartment, Condition, Fixture
from locker.domain.events import Door
from locker.domain.health import LockHealth
from locker.domain.incidents import Incident, IncidentKind
from locker.domain.journal import Checkpoint, Parked, SealedEntry
from locker.domain.keypad import Keypad
from locker.domain.maintenance import Audit, Finding, Maintainer
from locker.domain.openings import Opening, Purpose, Stage
from locker.domain.parcels import Credential, Direction, Parcel, ParcelState, Role, Seen
from locker.domain.rules import Identity, Rules
from locker.domain.times import LastSeen

AT = datetime(2026, 3, 29, 0, 59, 59, 999_999, tzinfo=UTC)
TAG = CodeTag("ab" * 32)

FIXTURES = {label: Fixture(label, "S", 400, 120, 600) for label in ("1", "2", "3R1", "4")}

STORED = Parcel(
    "JJFI00000000000000001",
    "S",
    ParcelState.STORED,
    code_tag=TAG,
    recipient="r1",
    dimensions_mm=(390, 110, 590),
    accessible=True,
    compartment="1",
    deposited_at=AT,
    deadline_at=AT + timedelta(days=7),
    reminded_days=(2, 1),
)
SENT = Parcel(
    "JJFI00000000000000002",
    state=ParcelState.REGISTERED,
    direction=Direction.OUTBOUND,
    code_tag=CodeTag("12" * 32),
    valid_from=AT - timedelta(days=1),
    valid_until=AT + timedelta(days=1),
    compartment="4",
    deposited_at=AT,
    registered_at=AT + timedelta(hours=1),
    deposited_s=1100.5,
    announced_at=AT - timedelta(days=1),
)
REFUSED = Parcel(
    "JJFI00000000000000003",
    "XL",
    ParcelState.REFUSED,
    unpaid=True,
    redirected=True,
    refusal="too-heavy",
    closed_at=AT,
)
COLLECTED = Parcel(
    "JJFI00000000000000004",
    "S",
    ParcelState.COLLECTED,
    compartment="1",
    deposited_at=AT,
    closed_at=AT + timedelta(hours=1),
    reopen_until_s=1294.5,
)
FULL = Compartment(FIXTURES["1"], door=Door.SHUT, goods=True, tracking_id=STORED.tracking_id)
SUSPECT = Compartment(FIXTURES["3R1"], Condition.SUSPECT, reason="nobody has looked", goods=False)
BLOCKED = Compartment(FIXTURES["4"], blocked="wet paint", tracking_id=SENT.tracking_id)
COURIER = Credential("c7", Role.COURIER, CodeTag("cd" * 32), AT, AT + timedelta(days=30))
TECHNICIAN = Credential("t1", Role.TECHNICIAN, CodeTag("ef" * 32), AT, AT + timedelta(days=1))
BUCKET = Attempts("front", 7, 1234.5, (0.1, 99.0), guarded=True)
OPENING = Opening(
    "1", Purpose.PICKUP, "front", STORED.tracking_id, AT, Stage.OPEN, 2, 1, 17.25, AT, 12.125, reminded=True
)
REMOTE = Opening(
    "4",
    Purpose.REMOTE,
    "",
    None,
    AT,
    Stage.WAITING,
    person="o3",
    reason="asked by phone",
    stray="1",
    user="root (0)",
)
MAINTAINER = Maintainer("root (0)", "t1")
INCIDENT = Incident(
    3, IncidentKind.DOOR_DID_NOT_OPEN, "1", "three pulses", AT, acknowledged_at=AT, acknowledged_by=MAINTAINER
)
AUDIT = Audit(2, AT, MAINTAINER)
FINDING = Finding(
    "1", "parcel", AT, MAINTAINER, "JJFI00000000000000009", "JJFI00000000000000001", differs=True, reason="?"
)
SKIPPED = Finding("4", "skipped", AT, MAINTAINER, reason="wet paint")
CLEARED = Incident(2, IncidentKind.PART_LOST, "board A", "silent", AT, AT + timedelta(hours=2))
COMMAND = CommandRecord("cmd-1", "0f" * 32, "applied", AT)
CHECKPOINT = Checkpoint(2, AT)
LOCK = LockHealth("1", 12, 2, 1, 3, 180, (170, 200, 190), (1, 2, 1))
RETURNED = Seen("34" * 32, AT + timedelta(days=90))
FACTS = Facts(
    incidents_numbered=3,
    acknowledged_through=1,
    storage_low=True,
    clock_doubted=True,
    mode=Mode.EVACUATE,
    outage_since_s=1200.25,
    remote_openings_s=(17.5, 1234.0),
    outage_owed_s=12.5,
    pruned_through=1,
    word_awaited=("4", "o3", "front"),
    commission=("root (0)", "t1"),
    audits_numbered=2,
    forks_settled_through=1,
)
SEEN = LastSeen(AT, trusted=True, powered_s=1234.5)
EVERYTHING = (
    STORED,
    SENT,
    REFUSED,
    COLLECTED,
    FULL,
    SUSPECT,
    BLOCKED,
    COURIER,
    TECHNICIAN,
    BUCKET,
    OPENING,
    REMOTE,
    AUDIT,
    FINDING,
    SKIPPED,
    INCIDENT,
    CLEARED,
    COMMAND,
    LOCK,
    RETURNED,
    CHECKPOINT,
    FACTS,
    SEEN,
)


def blank_automat() -> Automat:
    """Make an automat that knows only its configuration."""
    return Automat(
        Identity("fi-1", "Kauppa", "+358 200 71000"),
        Rules(),
        CodeKey(b"k" * 32),
        Map({"front": Keypad("front")}),
    )


def entry(sequence: int, *, epoch: int = 1, subject: str | None = None) -> SealedEntry:
    """Make an entry with this number; its payload is only as opaque as the database sees it."""
    payload = b"%d-%d" % (epoch, sequence)
    digest = hashlib.sha256(payload).hexdigest()
    return SealedEntry(epoch, sequence, "door.opened", subject, AT, digest, payload)


def parked(sequence: int, epoch: int = 1) -> Parked:
    """Make a parked entry."""
    return Parked(epoch, sequence, "schema")


def files_beside(path: Path) -> dict[str, bytes]:
    """Return every file of a database and its bytes, but for the empty lock file that stays."""
    return {
        file.name: file.read_bytes()
        for file in path.parent.iterdir()
        if file.is_file() and not file.name.endswith("-lock")
    }
