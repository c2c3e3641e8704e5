"""A long outage is over: thousands of entries wait, and people stand at the keypad all the same.

`python -m tests.faults.drain --entries 20000 --json FILE` waits until the back office has all of them.
"""

import argparse
import itertools
import json
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from locker.db.session import Database
from locker.domain.journal import Entry, EntryKind, seal
from locker.domain.times import Now, Trust
from locker.keys import Keys
from simulator.backoffice.ledger import Row
from simulator.configuration import Place
from simulator.locker_sim import LockerSim

AT_ONCE = 1_000
GUESSES = 5
ANSWERED_WITHIN_S = 1.5
"""From OK to the display, in a process of its own on a machine that has other things to do."""
LIMIT_S = 60.0
SLOWEST_A_SECOND = 100


def write_unsent(place: Place, automat_id: str, count: int) -> None:
    """Give the journal so many entries more, as an outage of weeks would; the daemon must not run."""
    keys = Keys.load(place.keys)
    database = Database.open(place.database)
    head, now = database.head(), Now(datetime.now(UTC), Trust.TRUSTED, 1.0)
    for _ in range(0, count, AT_ONCE):
        sealed = []
        for number in range(AT_ONCE):
            entry = Entry(EntryKind.DOOR_OPENED, f"JJFI{number:08d}", {"compartment": "12"})
            sealed.append(seal(entry, head, now, automat_id=automat_id, sign=keys.sign))
            head = sealed[-1].head
        database.commit([], sealed)
    database.close()


def with_unsent(automat: LockerSim, count: int) -> None:
    """Restart the daemon with so many entries that nobody has acknowledged."""
    automat._run(automat._demo.stop_daemon())
    write_unsent(automat._demo.place, automat._demo.plan.automat_id, count)
    automat.restore_power()


def acknowledged(automat: LockerSim) -> int:
    """Return the number up to which the back office has committed everything."""
    demo = automat._demo
    return demo.backoffice.ledger.progress(demo.plan.automat_id, 1).through


def answers_s(automat: LockerSim, guesses: int = GUESSES) -> list[float]:
    """Type wrong codes; seconds from each OK to its answer on the display."""
    waited_s = []
    for _ in range(guesses):
        automat.type("C 192837")  # one digit six times would be a key that is stuck
        pressed_s = time.monotonic()
        automat.type("OK")
        automat.see("Code not recognised.")
        waited_s.append(time.monotonic() - pressed_s)
    return waited_s


def out_of_order(automat: LockerSim) -> list[str]:
    """Name what of the ledger does not follow what stands before it."""
    demo = automat._demo

    async def read() -> list[Row]:  # in the thread that the ledger belongs to
        return list(demo.backoffice.ledger.rows(demo.plan.automat_id, 1))

    rows = automat._run(read())
    wrong = [f"entry {row.sequence}: {row.fault}" for row in rows if row.fault is not None]
    for before, row in itertools.pairwise(rows):
        if (row.sequence, row.prevhash) != (before.sequence + 1, before.hash):
            wrong.append(f"entry {row.sequence} does not follow {before.sequence}")
    return wrong


def main() -> int:
    """Drain them all; 1 when an answer came late, or anything came out of order."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.drain", description=__doc__)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with LockerSim() as automat:
        with_unsent(automat, options.entries)
        began_s = time.monotonic()
        waited_s = answers_s(automat)
        demo = automat._demo
        wanted = f"{options.entries} entries at the back office"
        automat._run(
            demo.backoffice.until(
                lambda office: office.ledger.progress(demo.plan.automat_id, 1).through > options.entries,
                LIMIT_S + options.entries / SLOWEST_A_SECOND,
                wanted,
            )
        )
        seconds = time.monotonic() - began_s
        wrong = out_of_order(automat)
    late = [f"an answer took {each:.2f} s" for each in waited_s if each > ANSWERED_WITHIN_S]
    replay = f"python -m tests.faults.drain --entries {options.entries}"
    written = {
        "name": "drain",
        "ran": {
            "entries": options.entries,
            "entries_a_second": round(options.entries / seconds),
            "ms_to_an_answer": round(statistics.median(waited_s) * 1e3),
        },
        "seconds": round(seconds, 1),
        "seed": None,
        "findings": [{"seed": None, "what": each, "replay": replay} for each in (*late, *wrong)],
    }
    for each in (*late, *wrong):
        sys.stdout.write(f"{each}\n")
    sys.stdout.write(f"{written['ran']}\n")
    if options.json is not None:
        options.json.write_text(json.dumps(written), encoding="utf-8")
    return 1 if late or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
