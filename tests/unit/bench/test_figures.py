"""Figures: goals, the table and what goes into the JSON."""

import pytest

from bench.figures import Figure, Goal, Pairs, table


@pytest.mark.parametrize(
    ("goal", "value", "ratio", "met"),
    [
        (Goal("value", "<", 5), 4.99, 9.0, True),
        (Goal("value", "<", 5), 5.0, 1.0, False),
        (Goal("ratio", "<=", 1.5), 99.0, 1.5, True),
        (Goal("ratio", "<=", 1.5), 0.1, 1.51, False),
        (Goal("ratio", ">=", 0.8), 1.0, 0.8, True),
        (Goal("ratio", ">=", 0.8), 9.0, 0.79, False),
    ],
)
def test_a_goal_judges_what_it_is_about(goal: Goal, value: float, ratio: float, *, met: bool) -> None:
    assert goal.met(value, ratio) is met


def test_a_figure_is_the_medians_of_its_pairs() -> None:
    pairs = Pairs([3.0, 30.0, 4.0], [2.0, 1.0, 2.0])
    figure = pairs.figure("unlock-ms", Goal("ratio", "<=", 1.5), "a note")
    assert figure.as_json() == {
        "name": "unlock-ms",
        "value": 4.0,
        "floor": 2.0,
        "ratio": 2.0,
        "goal": "ratio <= 1.5",
        "met": False,
    }
    spread = "3 pairs; value 3.00 4.00 30.00; floor 1.00 2.00 2.00; median of the pairs' ratios 2.00"
    assert figure.notes == (spread, "a note")


def test_the_table_says_plainly_which_goal_is_missed() -> None:
    figures = [
        Figure("quick-ms", 1.0, 0.5, Goal("value", "<", 5)),
        Figure("slow-ms", 12.0, 0.5, Goal("value", "<", 5), ("because",)),
    ]
    assert table(figures).splitlines() == [
        "figure    value  floor  ratio  goal",
        "--------  -----  -----  -----  ---------  ------",
        "quick-ms   1.00   0.50   2.00  value < 5  met",
        "slow-ms   12.00   0.50  24.00  value < 5  MISSED",
        "",
        "quick-ms",
        "",
        "slow-ms",
        "  because",
    ]
