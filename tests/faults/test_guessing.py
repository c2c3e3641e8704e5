"""T1, T2, T10: guessing for a day and for sixty, and every code that a careless maker might leave."""

from collections import Counter
from pathlib import Path

from immutables import Map

from locker.config import load
from locker.db.migrate import ensure_current
from locker.db.session import Database
from locker.domain.automat import Automat
from locker.domain.codes import CodeKey
from locker.domain.decide import decide
from locker.domain.events import Key, KeyPressed, Started
from locker.domain.intents import TryLock, Unlock
from locker.domain.journal import EntryKind
from locker.domain.keypad import Answering, Keypad
from locker.domain.messages import Text
from locker.domain.rules import Rules
from locker.domain.times import Now, Trust
from tests.unit.domain.stand import IDENTITY, MONDAY, Stand

DAYS = 60
A_DAY_S = 86_400
MAKERS_FAVOURITES = (
    *(digit * length for digit in "0123456789" for length in range(4, 13)),
    *("1234567890123456"[:length] for length in range(4, 13)),
    *("9876543210987654"[:length] for length in range(4, 13)),
    *("2580", "1379", "7913", "4321", "0852", "147258", "112233", "123123", "654321", "159753", "20262026"),
)


def test_a_robot_that_types_without_a_pause_for_a_day_is_shut_out_after_thirty_misses() -> None:
    stand = Stand(Rules(heartbeat_s=3_600.0))
    stand.deliver(code="024204")
    number = 0
    for _ in range(A_DAY_S // 60):
        for _ in range(2):
            number += 1
            stand.press(f"C {number:06d} OK")
        stand.wait(60)
    assert number == 2 * A_DAY_S // 60
    assert stand.count(EntryKind.CODE_MISSED) == stand.automat.rules.misses_guard == 30
    assert stand.count(EntryKind.MISSES_ALARM) == 1
    assert stand.count(EntryKind.GUARD_MODE) == 1
    assert stand.says(Text.GUARD_MODE)


def test_sixty_days_of_slow_guessing_are_counted_by_the_day_in_the_journal() -> None:
    """Below every alarm, but each miss is an entry with its day: the back office sees what it adds up to."""
    stand = Stand(Rules(heartbeat_s=A_DAY_S))
    stand.deliver(code="024204")
    a_day = stand.automat.rules.misses_alarm - 1
    told: Counter[str] = Counter()
    for number in range(DAYS * a_day):
        before = len(stand.entries)
        stand.press(f"C {number:06d} OK")
        told[f"{stand.now.wall_at:%Y-%m-%d}"] += sum(
            entry.kind is EntryKind.CODE_MISSED and entry.data["keypad"] == "front"
            for entry in stand.entries[before:]
        )
        stand.wait(A_DAY_S / a_day)
    assert told.total() == DAYS * a_day
    assert max(told.values()) <= a_day + 1
    assert len(told) >= DAYS
    assert stand.count(EntryKind.GUARD_MODE) == 0


def test_no_favourite_of_a_maker_opens_a_fresh_installation(
    tmp_path: Path,
) -> None:
    automat, now = fresh_installation(tmp_path), Now(MONDAY, Trust.TRUSTED, 100.0)
    assert not automat.credentials
    codes = dict.fromkeys((*MAKERS_FAVOURITES, *(f"{number:04d}" for number in range(0, 10_000, 7))))
    for code in codes:
        for key in (Key.CLEAR, *map(Key, code), Key.OK):
            decision = decide(automat, KeyPressed("front", key), now)
            automat = decision.automat
            assert not [each for each in decision.intents if isinstance(each, Unlock | TryLock)], code
        assert isinstance(automat.keypads["front"].flow, Answering), code  # nobody is signed in
    assert not automat.openings


def fresh_installation(directory: Path) -> Automat:
    """The state that a first start loads, with a bucket so large that every entry is evaluated."""
    config = load(Path(__file__).parents[2] / "docs" / "lockerd.toml")
    ensure_current(directory / "automat.db")
    database = Database.open(directory / "automat.db")
    database.begin_epoch(1)
    blank = Automat(
        IDENTITY,
        Rules(tokens=10**6, misses_window_s=0.0),
        CodeKey(bytes(32)),
        Map({"front": Keypad("front")}),
        epoch=1,
    )
    automat = database.load(blank, config.fixtures()).automat
    database.close()
    return decide(automat, Started({}), Now(MONDAY, Trust.TRUSTED, 1.0)).automat
