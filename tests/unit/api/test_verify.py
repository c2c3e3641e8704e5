"""Flip, cut or swap any entry: the verification names it."""

import asyncio
import base64
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from locker.api import verification
from locker.api.client import ApiClient, RequestRefused
from locker.api.schema import VerifyReport
from locker.api.verification import verify_journal
from locker.db.migrate import ensure_current
from locker.db.session import Database
from locker.domain.journal import Entry, EntryKind, SealedEntry
from tests.unit.api.house import House, client_of

Verified = Callable[[], Awaitable[VerifyReport]]


@pytest.fixture
def verified(house: House) -> Verified:
    """Verify the journal as it is now."""
    return lambda: verify_journal(house.read, house.head, house.verify)


def bad_of(report: VerifyReport) -> tuple[int, int]:
    """Where the first bad entry stands."""
    assert report.first_bad is not None
    return report.first_bad.epoch, report.first_bad.sequence


async def test_an_untouched_journal_is_good(house: House, client: ApiClient) -> None:
    report = await client.verify()

    assert report.first_bad is None
    assert report.checked == len(house.journal)
    assert (report.head.epoch, report.head.sequence) == (1, len(house.journal))


async def test_every_byte_of_an_entry_counts(house: House, verified: Verified) -> None:
    dice = random.Random(7)
    for place in range(len(house.journal[4].payload)):
        original = house.journal[4]
        changed = bytearray(original.payload)
        changed[place] ^= 1 << dice.randrange(8)
        house.journal[4] = replace(original, payload=bytes(changed))

        assert bad_of(await verified()) == (1, 5), (place, bytes(changed))

        house.journal[4] = original


async def test_any_entry_cut_is_named(house: House, verified: Verified) -> None:
    whole = list(house.journal)
    for place in range(len(whole)):
        house.journal = whole[:place] + whole[place + 1 :]

        report = await verified()

        assert bad_of(report) == (1, place + 1)
        assert report.checked == place
        assert report.first_bad is not None
        assert report.first_bad.reason.startswith("it is missing")


async def test_any_two_entries_swapped_are_named(house: House, verified: Verified) -> None:
    whole = list(house.journal)
    for place in range(len(whole) - 1):
        first, second = whole[place], whole[place + 1]
        house.journal = list(whole)
        house.journal[place] = replace(second, sequence=first.sequence)
        house.journal[place + 1] = replace(first, sequence=second.sequence)

        assert bad_of(await verified()) == (1, place + 1)


async def test_an_end_cut_off_is_named(house: House, verified: Verified) -> None:
    del house.journal[-3:]

    assert bad_of(await verified()) == (1, len(house.journal) + 1)


async def test_a_beginning_cut_off_is_named(house: House, verified: Verified) -> None:
    del house.journal[:3]

    assert bad_of(await verified()) == (1, 1)


async def test_an_end_before_what_the_back_office_holds_is_named(house: House) -> None:
    report = await verify_journal(house.read, house.head, house.verify, acknowledged_through=99)

    assert bad_of(report) == (1, house.head.sequence + 1)


async def test_a_signature_of_another_key_is_named(house: House, verified: Verified) -> None:
    house.key = Ed25519PrivateKey.generate()

    report = await verified()

    assert bad_of(report) == (1, 1)
    assert report.first_bad is not None
    assert report.first_bad.reason == "the signature is not this device's"


async def test_an_entry_forged_and_chained_anew_by_another_key_is_named(
    house: House, verified: Verified
) -> None:
    forger = House()
    forger.head = house.journal[9].head
    forger.fill(len(house.journal) - 10)
    forged = forger.journal[-(len(house.journal) - 10) :]
    house.journal[10:] = forged

    assert bad_of(await verified()) == (1, 11)


async def test_a_journal_taken_back_and_continued_is_named(house: House, verified: Verified) -> None:
    kept, head = list(house.journal), house.journal[-3].head
    remembered = house.head
    house.head = head
    house.fill(2)
    house.journal = kept[:-2] + house.journal[-2:]
    house.head = remembered

    assert bad_of(await verified()) == (1, house.head.sequence)


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("kind", lambda entry: replace(entry, kind="door.closed")),
        ("subject", lambda entry: replace(entry, subject="SOMEBODY")),
        ("time", lambda entry: replace(entry, at=entry.at + timedelta(days=1))),
        ("hash", lambda entry: replace(entry, hash="0" * 64)),
    ],
)
async def test_a_column_that_lies_is_named(
    house: House, verified: Verified, column: str, change: Callable[[SealedEntry], SealedEntry]
) -> None:
    house.journal[2] = change(house.journal[2])

    report = await verified()

    assert bad_of(report) == (1, 3)
    assert report.first_bad is not None
    assert column in report.first_bad.reason


@pytest.mark.parametrize(
    "change",
    [
        lambda payload: payload.replace(b'"epoch":1', b'"epoch": 1'),
        lambda payload: b'{"data":{"grade":"A"},' + payload[1:],
        lambda payload: payload.replace(b'"data":', b'"d\\u0061ta":'),
        lambda _payload: b"[]",
        lambda _payload: b"null",
        lambda _payload: b"",
        lambda _payload: b"[" * 100_000,
        lambda _payload: b"\xff\xfe",
    ],
)
async def test_a_payload_that_means_the_same_or_nothing_is_named(
    house: House, verified: Verified, change: Callable[[bytes], bytes]
) -> None:
    house.journal[2] = replace(house.journal[2], payload=change(house.journal[2].payload))

    assert bad_of(await verified()) == (1, 3)


async def test_a_signature_written_otherwise_is_named(house: House, verified: Verified) -> None:
    entry = house.journal[2]
    start = entry.payload.index(b'"signature":"') + len(b'"signature":"')
    text = entry.payload[start : start + 86]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = text[:-1] + bytes([alphabet[alphabet.index(text[-1:]) ^ 1]])
    assert base64.urlsafe_b64decode(other + b"==") == base64.urlsafe_b64decode(text + b"==")

    house.journal[2] = replace(entry, payload=entry.payload.replace(text, other))

    assert bad_of(await verified()) == (1, 3)


async def test_every_epoch_is_checked_from_its_number_one(house: House, verified: Verified) -> None:
    first = len(house.journal)
    house.begin_epoch()
    house.begin_epoch()
    house.fill(3)

    good = await verified()
    assert (good.epochs, good.checked, good.first_bad) == ((1, 3), first + 3, None)

    del house.journal[first - 2]
    assert bad_of(await verified()) == (1, first - 1)


async def test_an_entry_of_another_epoch_is_named(house: House, verified: Verified) -> None:
    house.begin_epoch()
    house.fill(2)
    house.journal[-1] = replace(house.journal[1], epoch=2)

    assert bad_of(await verified()) == (2, 2)


async def test_entries_written_meanwhile_do_no_harm(house: House) -> None:
    house.fill(200)

    async def read(epoch: int, first: int, limit: int) -> list[SealedEntry]:
        house.fill(3)
        return await house.read(epoch, first, limit)

    head = house.head
    report = await verify_journal(read, head, house.verify)

    assert (report.checked, report.first_bad) == (head.sequence, None)


async def test_reading_stays_within_its_batch_and_others_have_their_turn(house: House) -> None:
    house.fill(400)
    sizes: list[int] = []
    turns = 0

    async def read(epoch: int, first: int, limit: int) -> list[SealedEntry]:
        sizes.append(limit)
        return await house.read(epoch, first, limit)

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    await verify_journal(read, house.head, house.verify)
    counting.cancel()

    assert max(sizes) <= verification.BATCH <= 500
    assert turns > 400 * 0.000_05 / verification.SLICE_S  # at least 50 µs an entry, and a turn every slice


async def test_only_one_verification_runs_at_once(house: House, client: ApiClient) -> None:
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        reading.set()
        await go_on.wait()

    house.before_reading = wait
    async with asyncio.timeout(10), client_of(client.path) as other:
        first = asyncio.create_task(client.verify())
        await reading.wait()
        with pytest.raises(RequestRefused, match="already"):
            await other.verify()
        go_on.set()
        assert (await first).first_bad is None
        assert (await other.verify()).first_bad is None


async def test_a_real_database_is_verified(house: House, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("database") / "locker.db"
    ensure_current(file)
    database = Database.open(file)
    try:
        database.begin_epoch(1)
        database.commit([], house.journal)

        async def read(epoch: int, first: int, limit: int) -> list[SealedEntry]:
            return database.entries(epoch, first, limit)

        report = await verify_journal(read, database.head(), house.verify)
    finally:
        database.close()

    assert (report.checked, report.first_bad) == (len(house.journal), None)


def prune(house: House, through: int, *, recorded: int | None = None) -> None:
    """Delete the journal's beginning as the daemon does, recording it."""
    house.write(Entry(EntryKind.JOURNAL_PRUNED, data={"through": recorded or through}))
    house.journal = [entry for entry in house.journal if entry.sequence > through]


async def test_a_beginning_that_was_pruned_and_recorded_is_good_and_told(house: House) -> None:
    prune(house, 5)
    prune(house, 9)

    report = await verify_journal(house.read, house.head, house.verify, pruned_through=9)

    assert report.first_bad is None
    assert (report.first, report.checked) == (10, len(house.journal))


@pytest.mark.parametrize(("recorded", "told", "bad"), [(5, 9, 6), (0, 9, 1), (9, 5, 6)])
async def test_a_beginning_of_whose_pruning_nothing_signed_speaks_is_named(
    house: House, recorded: int, told: int, bad: int
) -> None:
    if recorded:
        prune(house, 9, recorded=recorded)
    else:
        del house.journal[:9]

    report = await verify_journal(house.read, house.head, house.verify, pruned_through=told)

    assert bad_of(report) == (1, bad)


async def test_the_first_entry_left_must_be_the_one_that_was_signed(house: House) -> None:
    prune(house, 9)
    house.journal[0] = replace(house.journal[0], payload=b"{}")

    report = await verify_journal(house.read, house.head, house.verify, pruned_through=9)

    assert bad_of(report) == (1, 10)


class PrunedWhileRead(House):
    """A house whose journal loses its beginning while it is verified."""

    pruning = False

    async def read(self, epoch: int, first: int, limit: int) -> list[SealedEntry]:
        found = await super().read(epoch, first, limit)
        if self.pruning:
            self.pruning = False
            through = len(self.journal) - 20
            prune(self, through)
            facts = replace(self.automat.facts, pruned_through=through)
            self.automat = replace(self.automat, facts=facts)
        return found


async def test_what_is_pruned_during_a_verification_is_not_missed(tmp_path: Path) -> None:
    house = PrunedWhileRead()
    house.fill(200)
    house.pruning = True
    async with house.serving(tmp_path / "s"), client_of(tmp_path / "s") as client:
        report = await client.verify()
    assert report.first_bad is None
    assert report.first == house.journal[0].sequence > 1
