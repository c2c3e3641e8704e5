"""The book: every entry once, in its place, whatever order it comes in."""

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from simulator.backoffice.entries import Entry, Unproven, read_entry
from simulator.backoffice.keys import encode
from simulator.backoffice.ledger import Ledger

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    book = Ledger(tmp_path / "ledger.db")
    yield book
    book.close()


def signed(sequence: int, prevhash: str, **changes: Any) -> bytes:
    body: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"1-{sequence}",
        "source": "/automats/a",
        "type": "automat.door.opened",
        "time": "2026-05-04T09:00:00.000Z",
        "sequence": f"{sequence:012d}",
        "epoch": 1,
        "prevhash": prevhash,
        "data": {"compartment": "12"},
        **changes,
    }
    canonical = rfc8785.dumps(body)
    return rfc8785.dumps({**body, "signature": encode(KEY.sign(canonical))})


def entry(payload: bytes) -> Entry:
    read = read_entry(payload, "a", KEY.public_key())
    assert isinstance(read, Entry), read
    return read


def chain(count: int) -> list[Entry]:
    entries: list[Entry] = []
    for sequence in range(1, count + 1):
        entries.append(entry(signed(sequence, entries[-1].hash if entries else "0" * 64)))
    return entries


def test_the_hash_covers_the_entry_without_its_signature() -> None:
    body = json.loads(signed(1, "0" * 64))
    del body["signature"]
    assert chain(1)[0].hash == hashlib.sha256(rfc8785.dumps(body)).hexdigest()


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{}",
        signed(1, "0" * 64).replace(b"12", b"13"),
        b" " + signed(1, "0" * 64),
        signed(1, "0" * 64, source="/automats/b"),
        signed(0, "0" * 64),
        signed(1, "0" * 64, epoch=True),
    ],
)
def test_what_is_not_provably_the_automats_is_no_entry(payload: bytes) -> None:
    assert isinstance(read_entry(payload, "a", KEY.public_key()), Unproven)


def test_any_order_and_any_repetition_gives_the_same_book(ledger: Ledger) -> None:
    entries = chain(40)
    arriving = entries * 3
    random.Random(1).shuffle(arriving)
    for each in arriving:
        ledger.write([each], {})
    rows = list(ledger.rows("a"))
    assert [row.hash for row in rows] == [each.hash for each in entries]
    assert all(row.fault is None and row.received == 3 for row in rows)
    assert ledger.duplicates("a") == 80
    assert ledger.progress("a", 1).through == 40


def test_gaps_are_named(ledger: Ledger) -> None:
    entries = chain(10)
    ledger.write([entries[0], entries[3], entries[4], entries[8]], {})
    assert ledger.progress("a", 1).through == 1
    assert ledger.progress("a", 1).missing() == [(2, 3), (6, 8)]
    assert ledger.progress("a", 1).missing(last=12) == [(2, 3), (6, 8), (10, 12)]


def test_progress_survives_a_restart(ledger: Ledger, tmp_path: Path) -> None:
    entries = chain(5)
    ledger.write([*entries[:3], entries[4]], {3: "no"})
    again = Ledger(tmp_path / "ledger.db")
    assert (again.progress("a", 1).through, again.progress("a", 1).missing()) == (3, [(4, 4)])
    assert again.refused("a", 1) == [(3, "no")]
    again.close()


def test_the_same_number_with_another_hash_is_a_fork_and_changes_nothing(ledger: Ledger) -> None:
    entries = chain(3)
    ledger.write(entries, {})
    other = entry(signed(2, entries[0].hash, data={"compartment": "13"}))
    assert ledger.write([other], {}) == []
    assert [sequence for sequence, _ in ledger.forks("a", 1)] == [2]
    assert [row.hash for row in ledger.rows("a")] == [each.hash for each in entries]


def test_an_entry_that_continues_another_history_is_kept_and_marked(ledger: Ledger) -> None:
    entries = chain(2)
    ledger.write(entries, {})
    ledger.write([entry(signed(3, "f" * 64))], {})
    assert [sequence for sequence, _ in ledger.forks("a", 1)] == [2]
    assert [row.fault is None for row in ledger.rows("a")] == [True, True, False]


def test_a_failed_batch_leaves_nothing_behind(ledger: Ledger) -> None:
    def breaks() -> Iterator[Entry]:
        yield chain(1)[0]
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        ledger.write(breaks(), {})
    assert ledger.write(chain(1), {}) == chain(1)


def test_the_first_outcome_of_a_command_counts(ledger: Ledger) -> None:
    ledger.add_command("c", "a", "courier.revoke", b"{}", "2026-05-04T09:00:00Z")
    assert ledger.outcome("c") == (None, None)
    ledger.settle_command("c", "applied", None)
    ledger.settle_command("c", "refused", "repeated")
    assert ledger.outcome("c") == ("applied", None)
    assert ledger.pending() == []
