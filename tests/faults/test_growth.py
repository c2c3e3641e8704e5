"""F21: the scales notice a small growth; that thirty days show none is a part of the proof."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.growth import LEAST_DAYS, Weight, growth, weighed

STEADY = Weight(bytes_held=200_000, descriptors=16, bytes_on_disk=9_000_000)


def days_of(each_day: Weight, count: int = 30) -> list[Weight]:
    """Weigh a steady automat, each third day heavier than the others, that gains this much a day."""
    return [
        Weight(
            STEADY.bytes_held + 40_000 * (day % 3 == 2) + each_day.bytes_held * day,
            STEADY.descriptors + each_day.descriptors * day,
            STEADY.bytes_on_disk + 2_000_000 * (day % 3 == 2) + each_day.bytes_on_disk * day,
        )
        for day in range(count)
    ]


def test_days_that_differ_and_do_not_grow_are_no_growth() -> None:
    assert growth(days_of(Weight(0, 0, 0))) == []


@pytest.mark.parametrize(
    ("each_day", "named"),
    [
        (Weight(8 * 130, 0, 0), "bytes held"),
        (Weight(0, 1, 0), "descriptors"),
        (Weight(0, 0, 2_100), "bytes on disk"),
    ],
)
def test_a_little_more_each_day_is_named(each_day: Weight, named: str) -> None:
    (found,) = growth(days_of(each_day))
    assert found.startswith(named)


def test_a_log_that_is_never_written_anew_is_named() -> None:
    (found,) = growth([replace(STEADY, bytes_in_log=200_000 * day) for day in range(30)])
    assert found == "the log has 5,800,000 bytes"


def test_too_few_days_prove_nothing() -> None:
    with pytest.raises(ValueError, match="too few"):
        growth(days_of(replace(STEADY), LEAST_DAYS - 1))


def test_a_day_of_an_automat_that_is_used_is_weighed(tmp_path: Path) -> None:
    (weight,), visits = weighed(tmp_path / "automat", 1, seed=1)
    assert visits == 6
    assert 10_000 < weight.bytes_held < 5_000_000
    assert weight.bytes_on_disk > 100_000
