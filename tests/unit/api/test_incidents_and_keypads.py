"""Incidents and keypads over the socket: what technicians say and try, and what the stream tells of it."""

import getpass
import os
import re
from contextlib import aclosing
from pathlib import Path

import pytest

from locker.api.client import ApiClient, RequestRefused
from locker.api.maintenance import REFUSALS
from locker.api.maintenance_schema import AcknowledgeAsked, Asked, ClearAsked, DeviceAsked, ReleaseAsked
from locker.api.schema import KeypadItem, KeypadView, SnapshotItem
from locker.domain.events import ForkReported, LabelScanned, PartLost
from locker.domain.flows import settle
from locker.domain.incidents import REMEDY, IncidentKind
from locker.domain.journal import EntryKind
from tests.unit.api.house import House

USER = f"{getpass.getuser()} ({os.getuid()})"


async def refusal_of(client: ApiClient, asked: Asked) -> tuple[int, str, str]:
    """Ask for what is refused; return status, reason and remedy."""
    with pytest.raises(RequestRefused) as refused:
        await client.maintain(asked)
    error = refused.value.error
    return refused.value.status, error.reason, error.remedy


async def front(client: ApiClient) -> KeypadView:
    """The front keypad as the socket shows it."""
    return next(pad for pad in await client.keypads() if pad.name == "front")


async def test_an_acknowledged_incident_says_who_looks_after_it(house: House, client: ApiClient) -> None:
    house.do(PartLost("line locks", "unplugged"))
    answer = await client.maintain(AcknowledgeAsked(technician="t-1", incident=1))
    assert answer.incident is not None
    assert (answer.incident.acknowledged_by, answer.incident.cleared_at) == ("t-1", None)
    assert house.last(EntryKind.INCIDENT_ACKNOWLEDGED).data["user"] == USER
    assert (await client.incidents())[0].acknowledged_by == "t-1"


async def test_what_a_word_settles_is_cleared_with_the_reason(house: House, client: ApiClient) -> None:
    house.do(ForkReported(0, 1))
    answer = await client.maintain(ClearAsked(technician="t-1", incident=1, reason="ours holds"))
    assert answer.incident is not None
    assert answer.incident.cleared_at is not None
    assert house.last(EntryKind.INCIDENT_CLEARED).data["why"] == "ours holds"


async def test_what_a_word_does_not_settle_is_refused_with_what_to_do_about_this_kind(
    house: House, client: ApiClient
) -> None:
    house.do(PartLost("line locks", "unplugged"))
    asked = ClearAsked(technician="t-1", incident=1, reason="trust me")
    assert await refusal_of(client, asked) == (
        409,
        "clears-by-itself",
        REMEDY[IncidentKind.PART_LOST],
    )


async def test_an_incident_that_there_is_not_is_not_found(client: ApiClient) -> None:
    assert (await refusal_of(client, AcknowledgeAsked(technician="t-1", incident=9)))[:2] == (
        404,
        "unknown-incident",
    )


async def test_a_trial_is_told_with_counts_and_never_in_which_order(house: House, client: ApiClient) -> None:
    assert (await front(client)).trial is None
    answer = await client.maintain(DeviceAsked(technician="t-1", keypad="front", device="keys"))
    assert answer.keypad is not None
    assert answer.keypad.occupied
    house.press("OK 9 1 9 C")
    house.do(LabelScanned("front", "JJFI65432110000070773"))
    trial = (await front(client)).trial
    assert trial is not None
    assert trial.model_dump() == {
        "technician": "t-1",
        "keys": {"1": 1, "9": 2, "C": 1, "OK": 1},
        "scans": 1,
        "scanned": "JJFI65432110000070773",
    }
    assert list(trial.keys) == ["1", "9", "C", "OK"]


async def test_every_step_of_a_trial_is_an_event_and_what_others_type_is_none(
    house: House, client: ApiClient
) -> None:
    async with aclosing(client.events()) as events:
        assert isinstance(await anext(events), SnapshotItem)
        await client.maintain(DeviceAsked(technician="t-1", keypad="front", device="keys"))
        house.press("C 1234 OK", "side")
        house.press("5")
        await client.maintain(DeviceAsked(technician="t-1", keypad="front", device="none"))
        told: list[KeypadView] = []
        while len(told) < 3:
            item = await anext(events)
            if isinstance(item, KeypadItem):
                told.append(item.keypad)
    assert [(pad.name, pad.trial.keys if pad.trial else None) for pad in told] == [
        ("front", {}),
        ("front", {"5": 1}),
        ("front", None),
    ]


async def test_refused_trials_and_releases_say_why(house: House, client: ApiClient) -> None:
    house.press("C")
    for asked, status, reason in (
        (DeviceAsked(technician="t-1", keypad="front", device="keys"), 409, "keypad-busy"),
        (DeviceAsked(technician="t-1", keypad="side", device="none"), 409, "no-trial"),
        (DeviceAsked(technician="t-1", keypad="nowhere", device="sounder"), 404, "unknown-keypad"),
        (ReleaseAsked(technician="t-1", keypad="front"), 409, "not-guarded"),
        (ReleaseAsked(technician="t-1", keypad="nowhere"), 404, "unknown-keypad"),
    ):
        assert (await refusal_of(client, asked))[:2] == (status, reason)


def test_every_reason_that_a_flow_of_maintenance_gives_is_put_into_words() -> None:
    flows = Path(settle.__file__).parent
    given = set(settle.NOT_BY_WORD.values())
    for flow in ("settle", "trials", "audit", "maintain"):
        given |= set(re.findall(r'draft\.refuse\("([a-z-]+)"\)', (flows / f"{flow}.py").read_text()))
    assert {"unknown-incident", "keypad-busy"} <= given
    assert given <= REFUSALS.keys()
    assert all(detail and remedy for detail, remedy in REFUSALS.values())
