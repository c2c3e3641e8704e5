"""The audit walk at the socket: steps, refusals, and what the event stream tells of it."""

import json

import pytest

from locker.api.client import ApiClient, RequestRefused
from locker.api.maintenance_schema import (
    AuditBeginAsked,
    AuditEndAsked,
    AuditSkipAsked,
    FoundAsked,
    OpenAsked,
)
from locker.api.schema import AuditItem
from locker.domain.journal import EntryKind
from tests.unit.api.house import House

SECOND = "JJFI65432110000070774"
WHO = "t-7"


async def look(house: House, client: ApiClient, label: str, verdict: str, **more: str) -> None:
    """Open one compartment, shut it, and say what lies inside."""
    await client.maintain(OpenAsked(technician=WHO, compartment=label, reason="audit"))
    assert house.opens_and_shuts() == label
    body = {"technician": WHO, "compartment": label, "verdict": verdict, **more}
    await client.maintain(FoundAsked.model_validate_json(json.dumps(body)))


async def test_without_a_round_it_says_so_and_what_should_lie_where(client: ApiClient) -> None:
    audit = await client.audit()

    assert (audit.under_way, audit.number, audit.next, audit.done, audit.total) == (False, None, None, 0, 6)
    assert audit.stops[0].expected == SECOND


async def test_words_at_the_socket_are_findings_of_the_round(house: House, client: ApiClient) -> None:
    begun = await client.audit_step(AuditBeginAsked(technician=WHO))
    assert (begun.under_way, begun.number, begun.technician, begun.next) == (True, 1, WHO, "1")

    await look(house, client, "1", "empty")
    await look(house, client, "2", "damaged")
    skipped = await client.audit_step(AuditSkipAsked(technician=WHO, compartment="3", reason="a van"))

    assert (skipped.done, skipped.next) == (3, "4")
    first, second, third, *_ = skipped.stops
    assert (first.verdict, first.expected, first.differs, first.technician) == ("empty", SECOND, True, WHO)
    assert (second.verdict, second.differs) == ("damaged", True)
    assert (third.verdict, third.reason, third.differs) == ("skipped", "a van", False)
    inspected = house.last(EntryKind.COMPARTMENT_INSPECTED)
    assert (inspected.data["audit"], inspected.data["technician"]) == (1, WHO)


@pytest.mark.parametrize(
    ("step", "status", "reason"),
    [
        (AuditEndAsked(technician=WHO), 409, "no-audit"),
        (AuditSkipAsked(technician=WHO, compartment="1", reason="x"), 409, "no-audit"),
    ],
)
async def test_without_a_round_no_step_can_be_taken(
    client: ApiClient, step: AuditEndAsked | AuditSkipAsked, status: int, reason: str
) -> None:
    with pytest.raises(RequestRefused) as refused:
        await client.audit_step(step)

    assert (refused.value.status, refused.value.error.reason) == (status, reason)
    assert refused.value.error.remedy


async def test_refusals_say_what_to_do_and_change_nothing(house: House, client: ApiClient) -> None:
    await client.audit_step(AuditBeginAsked(technician=WHO))
    await look(house, client, "2", "empty")
    before = house.automat
    told = {}
    for step in (
        AuditEndAsked(technician=WHO),
        AuditSkipAsked(technician=WHO, compartment="99", reason="x"),
        AuditSkipAsked(technician=WHO, compartment="2", reason="x"),
    ):
        with pytest.raises(RequestRefused) as refused:
            await client.audit_step(step)
        told[refused.value.error.reason] = refused.value.status

    assert told == {"compartments-missing": 409, "unknown-compartment": 404, "already-looked": 409}
    assert (house.automat.findings, house.automat.audit) == (before.findings, before.audit)


async def test_the_stream_tells_of_every_step_once(house: House, client: ApiClient) -> None:
    items = client.events()
    assert (await anext(items)).kind == "snapshot"

    await client.audit_step(AuditBeginAsked(technician=WHO))
    await client.audit_step(AuditSkipAsked(technician=WHO, compartment="3", reason="x"))
    house.happen()
    await client.audit_step(AuditBeginAsked(technician=WHO, afresh=True))
    await client.audit_step(AuditEndAsked(technician=WHO, partial=True))

    told: list[tuple[bool, int, int]] = []
    while len(told) < 4:
        item = await anext(items)
        if isinstance(item, AuditItem):
            told.append((item.under_way, item.done, item.total))
    await items.aclose()
    assert told == [(True, 0, 6), (True, 1, 6), (True, 0, 6), (False, 0, 6)]
