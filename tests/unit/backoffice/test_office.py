"""What the back office knows, says and refuses to say, without any broker."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

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


async def test_every_command_of_the_contract_can_be_issued(office: BackOffice) -> None:
    await office.withdraw("JJFI1", "sender asked")
    await office.authorise_courier("k7", code="7777")
    await office.revoke_courier("k7")
    await office.release_guard("front", "desk")
    kinds = [json.loads(content)["type"] for _, _, content, _ in office.ledger.pending()]
    assert kinds == ["parcel.withdraw", "courier.authorise", "courier.revoke", "guard.release"]


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
