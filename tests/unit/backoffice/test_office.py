"""What the back office knows, says and refuses to say, without any broker."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from simulator.backoffice.entries import Entry
from simulator.backoffice.keys import Enrolment
from simulator.backoffice.office import BackOffice

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[BackOffice]:
    made = BackOffice(
        [Enrolment("a", KEY.public_key(), bytes(32))],
        host="127.0.0.1",
        port=1,
        ledger_file=tmp_path / "ledger.db",
        clock=lambda: NOW,
    )
    async with made:
        yield made


async def test_a_code_is_made_up_and_only_its_tag_is_written(office: BackOffice, tmp_path: Path) -> None:
    await office.announce("JJFI1", "M", recipient="r-1")
    code = office.code_of("r-1")
    assert len(code) == 6
    assert office.code_of("JJFI1") == code
    ((_, _, content, _),) = office.ledger.pending()
    data = json.loads(content)["data"]
    assert data == {
        "trackingid": "JJFI1",
        "size": "M",
        "codetag": office._automat(None).tag(code),
        "recipient": "r-1",
    }
    assert not occurs(code, tmp_path)
    assert code not in repr(office.letters)


async def test_every_command_of_the_contract_is_issued_as_the_contract_has_it(office: BackOffice) -> None:
    who: dict[str, Any] = {"operator": "desk 4", "reason": "x"}
    await office.announce(
        "JJFI1", dimensions_mm=(300, 200, 100), weight_g=900, product="postipaketti", services=["fragile"]
    )
    await office.withdraw("JJFI1", "sender asked", cause="redirect")
    await office.replace_code("JJFI1")
    await office.release("JJFI1")
    await office.lengthen("JJFI1", NOW)
    await office.expect_drop_off("JJFI2", "M", accessible=True)
    await office.register("JJFI2")
    await office.authorise_courier("k7", code="7777")
    await office.revoke_courier("k7")
    await office.authorise_technician("t1", code="8888")
    await office.revoke_technician("t1")
    await office.release_guard("front", "desk")
    await office.open_compartment("7", **who)
    await office.block_compartment("7", **who)
    await office.unblock_compartment("7", operator="desk 4")
    await office.set_mode("frozen", **who)
    sent = [json.loads(content) for _, _, content, _ in office.ledger.pending()]
    assert [content["type"] for content in sent] == list(SHAPES)
    for content in sent:
        assert set(content["data"]) == SHAPES[content["type"]], content["type"]
    assert len({office.code_of(whom) for whom in ("JJFI1", "JJFI2", "k7", "t1")}) == 4


DESCRIBED = {"trackingid", "codetag"}
SHAPES = {
    "parcel.announce": {*DESCRIBED, "dimensionsmm", "weightg", "product", "services"},
    "parcel.withdraw": {"trackingid", "cause", "reason"},
    "parcel.replace-code": DESCRIBED,
    "parcel.release": {"trackingid"},
    "parcel.lengthen": {"trackingid", "until"},
    "dropoff.expect": {*DESCRIBED, "size", "accessible", "validfrom", "validuntil"},
    "parcel.register": {"trackingid"},
    "courier.authorise": {"courierid", "codetag", "validfrom", "validuntil"},
    "courier.revoke": {"courierid"},
    "technician.authorise": {"technicianid", "codetag", "validfrom", "validuntil"},
    "technician.revoke": {"technicianid"},
    "guard.release": {"keypad", "operator"},
    "compartment.open": {"compartment", "operator", "reason"},
    "compartment.block": {"compartment", "operator", "reason"},
    "compartment.unblock": {"compartment", "operator"},
    "mode.set": {"mode", "operator", "reason"},
}


def note(office: BackOffice, sequence: int, kind: str, subject: str) -> None:
    """Let an entry be known as one that was committed before."""
    name, before = f"{sequence:064d}", f"{sequence - 1:064d}"
    entry = Entry("a", 1, sequence, name, before, f"automat.{kind}", "", subject, {}, b"")
    office.ledger.write([entry], {})


def registrations(office: BackOffice) -> list[str]:
    sent = [json.loads(content) for _, _, content, _ in office.ledger.pending()]
    return [content["data"]["trackingid"] for content in sent if content["type"] == "parcel.register"]


async def test_what_was_missed_is_registered_once_it_may_be(office: BackOffice) -> None:
    office.let_register(on=False)
    for number, (kind, subject) in enumerate(
        [
            ("parcel.dropped-off", "JJFI1"),
            ("parcel.registered", "JJFI1"),
            ("parcel.dropped-off", "JJFI2"),
            ("parcel.stored", "JJFI3"),
        ],
        start=1,
    ):
        note(office, number, kind, subject)
    assert registrations(office) == []
    office.let_register(on=True)
    office.let_register(on=True)
    assert registrations(office) == ["JJFI2"]


async def test_waiting_in_vain_tells_what_for_and_how_far_things_are(office: BackOffice) -> None:
    with pytest.raises(TimeoutError, match=r"waiting for a parcel; back office not connected; a: 0 entries"):
        await office.until(lambda _: False, 0.01, "a parcel")


async def test_several_automats_have_to_be_told_apart(tmp_path: Path) -> None:
    enrolments = [Enrolment(name, KEY.public_key(), bytes(32)) for name in ("a", "b")]
    async with BackOffice(enrolments, host="127.0.0.1", port=1, ledger_file=tmp_path / "l.db") as office:
        with pytest.raises(ValueError, match="say which automat: a, b"):
            await office.revoke_courier("k7")
        await office.revoke_courier("k7", automat_id="b")


def occurs(text: str, folder: Path) -> bool:
    return any(text.encode() in file.read_bytes() for file in folder.iterdir())
