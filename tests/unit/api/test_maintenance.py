"""Doors at a technician's word over the socket: what is refused and how, what the stream and journal tell."""

import getpass
import json
import os
import re
from contextlib import aclosing
from pathlib import Path

import pytest

from locker.api.client import ApiClient, RequestRefused
from locker.api.maintenance import REFUSALS
from locker.api.maintenance_schema import (
    Asked,
    BlockAsked,
    FoundAsked,
    OpenAsked,
    TestAsked,
    UnblockAsked,
)
from locker.api.schema import CompartmentItem, SnapshotItem
from locker.api.server import ApiServer
from locker.domain.journal import EntryKind
from tests.unit.api.house import House
from tests.unit.api.raw import ask

USER = f"{getpass.getuser()} ({os.getuid()})"
WHO = "t-7"
OPEN = OpenAsked(technician=WHO, compartment="5", reason="it squeaks")
FLOWS = Path(__file__).parents[3] / "locker" / "domain" / "flows"


def said(verdict: str) -> FoundAsked:
    """A word on box 5."""
    return FoundAsked.model_validate({"technician": WHO, "compartment": "5", "verdict": verdict})


async def test_who_asked_is_the_kernels_word_and_the_technicians_own(house: House, client: ApiClient) -> None:
    answer = await client.maintain(OPEN)
    assert answer.compartment is not None
    assert answer.compartment.opening == "waiting"
    data = house.last(EntryKind.PULSE_INTENDED).data
    assert (data["user"], data["technician"], data["reason"]) == (USER, WHO, "it squeaks")


async def test_a_box_awaits_the_word_until_it_is_said(house: House, client: ApiClient) -> None:
    await client.maintain(OPEN)
    house.opens_and_shuts()
    async with aclosing(client.events()) as items:
        first = await anext(items)
        assert isinstance(first, SnapshotItem)
        box = next(box for box in first.compartments if box.label == "5")
        assert (box.condition, box.awaits_word_of) == ("suspect", WHO)
        await client.maintain(said("dirty"))
        async for item in items:
            if isinstance(item, CompartmentItem):
                assert (item.compartment.label, item.compartment.awaits_word_of) == ("5", None)
                break


async def test_the_end_of_a_look_is_told_although_nothing_durable_of_the_box_changed(
    house: House, client: ApiClient
) -> None:
    for _ in range(2):  # the second time it is dirty already
        await client.maintain(OPEN)
        house.opens_and_shuts()
        async with aclosing(client.events()) as items:
            await anext(items)
            await client.maintain(said("dirty"))
            async for item in items:
                if isinstance(item, CompartmentItem):
                    assert item.compartment.awaits_word_of is None
                    break


@pytest.mark.parametrize(
    ("asked", "status", "reason"),
    [
        (OPEN.model_copy(update={"compartment": "99"}), 404, "unknown-compartment"),
        (TestAsked(technician=WHO, compartment="99"), 404, "unknown-compartment"),
        (said("empty"), 409, "not-looked"),
        (UnblockAsked(technician=WHO, compartment="5"), 409, "not-blocked"),
        (BlockAsked(technician=WHO, compartment="99", reason="paint"), 404, "unknown-compartment"),
    ],
)
async def test_a_refusal_says_what_is_the_case_and_what_to_do(
    client: ApiClient, asked: Asked, status: int, reason: str
) -> None:
    with pytest.raises(RequestRefused) as refused:
        await client.maintain(asked)
    error = refused.value.error
    assert (refused.value.status, error.reason) == (status, reason)
    assert (error.detail, error.remedy) == REFUSALS[reason]


def test_every_reason_that_a_door_may_be_refused_for_has_its_sentences() -> None:
    text = (FLOWS / "maintain.py").read_text(encoding="utf-8")
    steering = (FLOWS / "steering.py").read_text(encoding="utf-8")
    blocking = steering[steering.index("def take_out_of_use") : steering.index("def set_mode")]
    reasons = set(re.findall(r'(?:return |else |refuse\()"([a-z]+(?:-[a-z]+)+)"', text + blocking))
    assert {"unknown-compartment", "not-looked", "door-open", "already-blocked"} <= reasons
    assert reasons <= REFUSALS.keys()


async def test_the_journal_of_one_compartment_has_what_happened_there_alone(
    house: House, client: ApiClient
) -> None:
    house.deliver("JJFI65432110000070775", "2233")
    await client.maintain(OPEN)
    house.opens_and_shuts()
    await client.maintain(said("dirty"))
    page = await client.journal(compartment="5")
    assert {"opened.by-person", "compartment.inspected", "incident.raised"} <= {e.kind for e in page.entries}
    for entry in page.entries:
        assert entry.data is not None
        assert "5" in (entry.data.get("compartment"), entry.data.get("about"))
    numbers = [entry.sequence for entry in page.entries]
    assert numbers == sorted(numbers)
    newest = await client.journal(compartment="5", limit=2)
    assert [entry.sequence for entry in newest.entries] == numbers[-2:]
    older = await client.journal(compartment="5", limit=2, before=numbers[-2])
    assert [entry.sequence for entry in older.entries] == numbers[-4:-2]
    with pytest.raises(RequestRefused):
        await client.journal(compartment="5", after=1)


async def test_the_journal_of_a_compartment_looks_back_only_so_far(
    house: House, client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.deliver("JJFI65432110000070775", "2233")
    house.fill(300)
    monkeypatch.setattr("locker.api.journal.LOOKED_AT_MOST", 250)
    assert not (await client.journal(compartment="1")).entries
    assert len((await client.journal(compartment="3", limit=500)).entries) <= 400


@pytest.mark.parametrize(
    "reason",
    ["a\u009b2Jb", "\u202eekorb", "a\u2066b", "a\u2028b", "\u00a0", "\u200b\u200b", " \ufeff", "a\nb", ""],
)
async def test_a_reason_that_would_not_read_as_it_was_written_is_refused(
    house: House, server: ApiServer, reason: str
) -> None:
    body = json.dumps({"technician": "t-7", "compartment": "5", "reason": reason}).encode()
    for path in ("maintenance/block", "maintenance/open"):
        reply = await ask(
            server.path,
            f"/v1/{path}",
            method="POST",
            headers=f"Content-Length: {len(body)}\r\n",
            body=body,
        )
        assert (reply.status, reply.refusal()["reason"]) == (400, "bad-body")
    assert house.automat.compartments["5"].blocked is None


async def test_a_reason_in_any_language_is_kept(house: House, client: ApiClient) -> None:
    reason = "märkä \u2013 \u6fe1\u308c\u3066\u3044\u308b"
    await client.maintain(BlockAsked(technician="t-7", compartment="5", reason=reason))
    assert house.automat.compartments["5"].blocked == reason
