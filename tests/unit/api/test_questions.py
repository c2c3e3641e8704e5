"""Every question is answered from the automat's present state."""

from dataclasses import replace
from pathlib import Path

import pytest

from locker.api.client import ApiClient, RequestRefused
from locker.api.routes import EVENTS, ROUTES
from locker.api.server import ApiServer
from locker.domain.automat import Decision
from locker.domain.commands import Mode, SetMode
from locker.domain.events import Door, JournalAcknowledged, KeypadFaulted, PartLost, StorageChanged
from locker.engine import Watcher
from tests.unit.api.house import PICKUP_CODE, TAGS, TRACKING_ID, House, client_of, target_of
from tests.unit.api.raw import ask

SECOND = "JJFI65432110000070774"


async def test_the_greeting_names_the_automat_and_the_contract(client: ApiClient) -> None:
    greeting = await client.greeting()

    assert (greeting.service, greeting.api) == ("lockerd", "1.2")
    assert (greeting.automat_id, greeting.name) == ("fi-0001", "Kallio 3")


async def test_the_status_is_the_automat_on_one_page(house: House, client: ApiClient) -> None:
    house.wait(90)
    house.do(PartLost("board A", "silent"))
    house.do(KeypadFaulted("side", "stuck"))
    house.do(StorageChanged(low=True))
    house.do(JournalAcknowledged(house.automat.epoch, 3))
    house.do(JournalAcknowledged(house.automat.epoch, 3, ((2, "no such parcel"),)))
    house.link_connected = False
    house.server = None

    status = await client.status()

    assert status.free == {"L": 2, "S": 3}
    assert {state: n for state, n in status.parcels.items() if n} == {"stored": 1, "closed": 1}
    assert status.open_incidents == 4
    assert status.lost_parts == ("board A",)
    assert status.faulty_keypads == ("side",)
    assert status.storage_low
    assert not status.link_connected
    assert (status.broker, status.link_trouble) == ("broker.example:8883", "no route to host")
    assert status.journal.parked == 1
    assert status.uptime_s == 90
    assert status.clock.trust == "trusted"
    assert status.clock.wall_at == house.now.wall_at
    assert status.journal.last_sequence == house.head.sequence


async def test_the_status_tells_the_mode(house: House, client: ApiClient) -> None:
    assert (await client.status()).mode == "normal"
    house.command(SetMode(Mode.EVACUATE, "desk 4", "moving"))
    assert (await client.status()).mode == "evacuate"


async def test_unacknowledged_counts_what_the_back_office_does_not_hold(
    house: House, client: ApiClient
) -> None:
    house.acknowledge(house.head.sequence - 4)

    journal = (await client.status()).journal

    assert (journal.epoch, journal.unacknowledged) == (1, 4)


async def test_a_guarded_keypad_is_named(house: House, client: ApiClient) -> None:
    for _ in range(40):
        house.wait(house.automat.rules.token_refill_s)
        house.press("C 9999 OK")

    assert (await client.status()).guarded_keypads == ("front",)


async def test_compartments_show_door_parcel_and_opening(house: House, client: ApiClient) -> None:
    house.press(f"C {PICKUP_CODE} OK")
    label = house.opens()

    boxes = {box.label: box for box in await client.compartments()}

    assert list(boxes) == ["1", "2", "3", "4", "5", "6"]
    assert boxes[label].door == "open"
    assert boxes[label].opening == "open"
    assert not boxes[label].free
    assert boxes["5"].size == "L"
    assert (boxes["5"].width_mm, boxes["5"].height_mm, boxes["5"].depth_mm) == (350, 400, 600)


async def test_closed_parcels_show_only_if_asked_for(client: ApiClient) -> None:
    (parcel,) = await client.parcels()
    everyone = await client.parcels(closed=True)

    assert (parcel.tracking_id, parcel.state, parcel.compartment) == (SECOND, "stored", "1")
    assert parcel.last_pickup_date == "2026-03-09"
    assert [each.tracking_id for each in everyone] == [TRACKING_ID, SECOND]


async def test_cleared_incidents_show_only_if_asked_for(house: House, client: ApiClient) -> None:
    house.do(StorageChanged(low=True))
    house.do(StorageChanged(low=False))
    house.door("4", Door.OPEN)

    (incident,) = await client.incidents()

    assert (incident.kind, incident.about) == ("door-opened-unasked", "4")
    assert incident.meaning
    assert [each.number for each in await client.incidents(cleared=True)] == [1, 2]


async def test_without_a_number_the_newest_entries_come_in_order(house: House, client: ApiClient) -> None:
    page = await client.journal(limit=3)

    last = house.head.sequence
    assert [entry.sequence for entry in page.entries] == [last - 2, last - 1, last]
    assert page.entries[-1].kind == "code.missed"
    assert page.entries[-1].data == {"keypad": "front", "tokens": 9, "missestoday": 1}
    assert page.entries[-1].hash == house.head.hash
    assert not page.more


async def test_before_a_number_entries_come_page_by_page_backwards(house: House, client: ApiClient) -> None:
    house.fill(300)
    seen: list[int] = []
    before = house.head.sequence + 100
    while entries := (await client.journal(before=before, limit=70)).entries:
        seen = [entry.sequence for entry in entries] + seen
        before = seen[0]

    assert seen == list(range(1, house.head.sequence + 1))


async def test_before_a_number_only_one_kind_or_parcel_is_looked_for(house: House, client: ApiClient) -> None:
    (second,) = (await client.journal(kind="parcel.stored", limit=1)).entries
    house.fill(300)

    (first,) = (await client.journal(kind="parcel.stored", before=second.sequence)).entries
    about = (await client.journal(subject=TRACKING_ID, before=first.sequence + 1)).entries

    assert first.subject == TRACKING_ID
    assert about[-1].sequence == first.sequence


async def test_a_page_goes_in_one_direction_only(client: ApiClient) -> None:
    with pytest.raises(RequestRefused, match="neither `after` nor `epoch`"):
        await client.journal(before=5, after=1)
    with pytest.raises(RequestRefused, match="neither `after` nor `epoch`"):
        await client.journal(before=5, epoch=1)


async def test_after_a_number_entries_come_page_by_page(house: House, client: ApiClient) -> None:
    seen: list[int] = []
    after, more = 0, True
    while more:
        page = await client.journal(after=after, limit=5)
        seen += [entry.sequence for entry in page.entries]
        after, more = seen[-1], page.more

    assert seen == list(range(1, house.head.sequence + 1))


async def test_entries_of_one_subject_or_kind(house: House, client: ApiClient) -> None:
    about = (await client.journal(subject=TRACKING_ID)).entries
    stored = (await client.journal(kind="parcel.stored", limit=1)).entries
    from_start = await client.journal(kind="parcel.stored", limit=1, after=0)
    both = (await client.journal(subject=TRACKING_ID, kind="parcel.stored", after=0)).entries

    assert {entry.subject for entry in about} == {TRACKING_ID}
    assert [entry.subject for entry in stored] == [SECOND]
    assert [entry.subject for entry in from_start.entries] == [TRACKING_ID]
    assert from_start.more
    assert both == from_start.entries


async def test_one_kind_is_found_across_many_entries(house: House, client: ApiClient) -> None:
    house.fill(1000)

    (newest,) = (await client.journal(kind="code.missed", limit=5)).entries
    assert newest.kind == "code.missed"


async def test_an_earlier_epoch_begins_at_its_beginning(house: House, client: ApiClient) -> None:
    house.begin_epoch()
    house.fill(2)

    now = await client.journal()
    before = await client.journal(epoch=1, limit=2)

    assert [(entry.epoch, entry.sequence) for entry in now.entries] == [(2, 1), (2, 2)]
    assert [(entry.epoch, entry.sequence) for entry in before.entries] == [(1, 1), (1, 2)]
    assert before.more
    assert (await client.journal(epoch=9)).entries == ()


async def test_an_entry_that_was_damaged_shows_without_data(house: House, client: ApiClient) -> None:
    house.journal[2] = replace(house.journal[2], payload=b'{"data": [NaN')

    page = await client.journal(after=2, limit=1)

    assert page.entries[0].data is None


async def test_metrics_count_and_measure(house: House, client: ApiClient) -> None:
    house.press("C 1234 OK")
    house.door("4", Door.OPEN)
    house.acknowledge(house.head.sequence - 7)

    lines = (await client.metrics()).splitlines()

    assert f"locker_journal_sequence {house.head.sequence}.0" in lines
    assert "locker_journal_unacknowledged 7.0" in lines
    assert "locker_link_up 1.0" in lines
    assert 'locker_doors{state="open"} 1.0' in lines
    assert 'locker_doors{state="shut"} 5.0' in lines
    assert 'locker_incidents_open{kind="door-opened-unasked"} 1.0' in lines
    assert 'locker_journal_entries_total{kind="code.missed"} 1.0' in lines
    assert "locker_decisions_total 7.0" in lines
    assert 'locker_clock_trust{trust="trusted"} 1.0' in lines


def test_a_server_can_watch_an_engine(house: House, path: Path) -> None:
    watcher: Watcher = house.new_server(path).note

    watcher(Decision(house.automat), ())


async def test_two_automats_in_one_process_do_not_share_figures(tmp_path: Path, client: ApiClient) -> None:
    other = House()
    async with other.serving(tmp_path / "other.sock"), client_of(tmp_path / "other.sock") as second:
        other.press("C")
        assert "locker_decisions_total 1.0" in await second.metrics()
    assert "locker_decisions_total 0.0" in await client.metrics()


async def test_no_answer_holds_a_code_or_its_tag(house: House, server: ApiServer) -> None:
    stored = house.automat.parcels[SECOND]
    assert stored.code_tag in TAGS

    targets = [target_of(route) for route in ROUTES if route.content_type != EVENTS and route.method == "GET"]
    targets += ["/v1/parcels?all=true", "/v1/journal?after=0&limit=500"]
    for target in targets:
        reply = await ask(server.path, target)
        assert reply.status == 200, target
        for secret in (*TAGS, PICKUP_CODE):
            assert secret.encode() not in reply.body, target
