"""The automats of weeks: every one can be configured, and over some seeds there is one of each kind."""

import random

from simulator.week.plans import MAKES, Terms, drawn_plan, drawn_terms


def test_many_seeds_draw_automats_of_every_make_and_size() -> None:
    plans = [drawn_plan(random.Random(seed)) for seed in range(200)]
    families = {board.family for plan in plans for board in plan.boards}
    sizes = [len(plan.compartments) for plan in plans]
    assert families == set(MAKES)
    assert (min(sizes) <= 6, max(sizes) >= 50) == (True, True)
    assert {len(plan.lines) for plan in plans} == {1, 2}
    assert {bool(plan.scanners) for plan in plans} == {True, False}
    assert any(box.goods_channel for plan in plans for box in plan.compartments)
    assert max(box.row for plan in plans for box in plan.compartments) > 12


def test_terms_are_those_as_shipped_or_short_enough_for_a_week() -> None:
    drawn = {drawn_terms(random.Random(seed)) for seed in range(200)}
    assert Terms() in drawn
    assert {terms.storage_days for terms in drawn} == {1, 2, 3, 7}
    assert {terms.retention_days for terms in drawn} == {1, 3, 90}
    assert Terms(1).rules()["reminder_days"] == []
