"""domain.md section 8: when their time is over, nothing of parcels and persons is left in any byte."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from locker.api.routes import ROUTES
from locker.db.session import Database
from locker.domain.automat import Decision, Forgotten
from locker.domain.codes import Code, tracking_tag
from locker.domain.commands import AuthorisePerson, Cause, RevokePerson, WithdrawParcel
from locker.domain.events import JournalAcknowledged, PartLost, PartRestored
from locker.domain.incidents import Incident, IncidentKind
from locker.domain.journal import SealedEntry
from locker.domain.parcels import Role
from locker.domain.rules import Rules
from tests.unit.api.house import House
from tests.unit.api.raw import ask
from tests.unit.domain.stand import CODE_KEY

DAY_S = 86_400.0
PARCELS = [f"JJFI6543211000007{number:04d}" for number in range(70, 110)]
WITHDRAWN = "JJFI65432110000079999"
COURIERS = ["courier-kaarna", "courier-lumi"]
PERSONAL = (
    *PARCELS,
    WITHDRAWN,
    *(f"recipient-{tracking_id}" for tracking_id in PARCELS),
    *COURIERS,
    *(str(CODE_KEY.tag(Code(f"24{tracking_id[-4:]}"))) for tracking_id in PARCELS),
    *(str(CODE_KEY.tag(Code(code))) for code in ("7777", "7778", "3333")),
    *(f"24{tracking_id[-4:]}" for tracking_id in PARCELS[:1]),
)
TAGS = tuple(tracking_tag(CODE_KEY, tracking_id) for tracking_id in (*PARCELS, WITHDRAWN))


class Kept(House):
    """A house whose decisions go into a real database and whose journal is read from there."""

    def __init__(self, database: Database) -> None:
        self.database = database
        super().__init__()
        self.automat = replace(self.automat, epoch=1, rules=Rules(heartbeat_s=10 * DAY_S))

    async def read(self, epoch: int, first: int, limit: int) -> list[SealedEntry]:
        return self.database.entries(epoch, first, limit)

    async def read_about(self, subject: str, limit: int) -> Sequence[SealedEntry]:
        return self.database.entries_about(subject, limit)

    def live(self) -> None:
        """Let couriers bring parcels that are collected, one withdrawn, a line lost, a courier revoked."""
        for holder, code, days in zip(COURIERS, ("7777", "7778"), (30, 3_000), strict=True):
            begin, end = self.now.wall_at, self.now.wall_at + timedelta(days=days)
            body = AuthorisePerson(holder, Role.COURIER, CODE_KEY.tag(Code(code)), begin, end)
            assert self.command(body) is None
        for tracking_id in PARCELS:
            code = f"24{tracking_id[-4:]}"
            assert self.announce(tracking_id, code, recipient=f"recipient-{tracking_id}") is None
            self.press("C 7777 OK")
            self.press(f"{tracking_id[-8:]} OK")
            self.opens_and_shuts()
            self.press("OK C C")
            self.wait(3_600)
            self.press(f"C {code} OK")
            self.opens_and_shuts()
            self.wait(3_600)
        assert self.announce(WITHDRAWN, "3333") is None
        assert self.command(WithdrawParcel(WITHDRAWN, Cause.CANCEL, "the sender's wish")) is None
        self.do(PartLost("board A", "silent"))
        self.do(PartRestored("board A"))
        assert self.command(RevokePerson(COURIERS[1], Role.COURIER)) is None

    def pass_days(self, days: int) -> None:
        """Let days pass, the back office acknowledging all."""
        for _ in range(days // 5):
            self.wait(5 * DAY_S)
            self.do(JournalAcknowledged(1, self.automat.journal_end))

    def _tell(self, decision: Decision, sealed: Sequence[SealedEntry]) -> None:
        self.database.commit(decision.changes, sealed)
        super()._tell(decision, sealed)


async def places(house: Kept, path: Path, log: str, directory: Path) -> dict[str, bytes]:
    """Everything that can be read: every file, every answer, every line logged."""
    found = {file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}
    async with house.serving(directory / "s"):
        for route in ROUTES:
            if route.name != "events":
                found[route.name] = (await ask(directory / "s", f"{route.path}")).body
        for query in ("parcels?all=true", "incidents?all=true", "journal?limit=500", "journal?after=0"):
            reply = await ask(directory / "s", f"/v1/{query}")
            assert reply.status == 200
            found[query] = reply.body
    return found | {"log": log.encode()}


def holding(found: dict[str, bytes], things: Sequence[str]) -> set[tuple[str, str]]:
    """Where which of these things stands."""
    return {(place, thing) for place, data in found.items() for thing in things if thing.encode() in data}


async def test_after_its_time_no_byte_tells_of_parcels_and_persons_but_for_the_keyed_tags_of_twelve_months(
    database: Database, path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    house = Kept(database)
    house.live()
    full = await places(house, path, caplog.text, tmp_path)
    assert {thing for _, thing in holding(full, PERSONAL)} >= {*PARCELS, *COURIERS}, "else nothing is shown"
    caplog.clear()

    house.pass_days(130)
    found = await places(house, path, caplog.text, tmp_path)
    assert holding(found, PERSONAL) == set()
    assert {place for place, _ in holding(found, TAGS)} <= {path.name, f"{path.name}-wal"}
    assert house.automat.facts.pruned_through > 0
    report = (await ask_verify(house, tmp_path)).decode()
    assert '"first_bad":null' in report
    assert f'"first":{house.automat.facts.pruned_through + 1}' in report

    house.pass_days(300)
    found = await places(house, path, caplog.text, tmp_path)
    assert holding(found, (*PERSONAL, *TAGS)) == set()
    assert "JJFI" not in str(found)


async def ask_verify(house: Kept, directory: Path) -> bytes:
    """Verify the journal through the socket."""
    async with house.serving(directory / "v"):
        return (await ask(directory / "v", "/v1/verify")).body


def test_a_forgotten_incident_leaves_no_byte_of_what_it_told(database: Database, path: Path) -> None:
    told = f"parcel {PARCELS[0]}, its sender: not confirmed"
    begun = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    incident = Incident(1, IncidentKind.DEPOSIT_UNCONFIRMED, "1", told, begun, begun)
    database.commit([incident], [])
    database.commit([Forgotten(Incident, "1")], [])
    found = {file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}
    assert holding(found, PARCELS[:1]) == set()
