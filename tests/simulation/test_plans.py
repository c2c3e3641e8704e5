"""The automats of weeks: every one can be configured, and over some seeds there is one of each kind."""

import random

from simulator.week.plans import MAKES, drawn_plan


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
