"""Cabinet plans are consistent or refused; the catalogue of faults is complete."""

import dataclasses

import pytest

from simulator.faults import CATALOGUE, FaultSet, UnknownFaultError, checked
from simulator.plan import BoardPlan, CabinetPlan, LinePlan, PlanError, ScannerPlan, demo_plan, plan_of


def test_the_demo_has_fourteen_compartments_in_three_columns_of_one_height() -> None:
    plan = demo_plan()
    assert [box.label for box in plan.compartments] == [str(n) for n in range(1, 15)]
    assert {box.size for box in plan.compartments} == {"S", "M", "L", "XL"}
    assert plan.ports() == ("locks", "keypad-front", "display-front", "scanner-front")
    heights = [
        sum(box.height_mm + 10 for box in plan.compartments if box.column == column) for column in (1, 2, 3)
    ]
    assert len(set(heights)) == 1
    assert {box.accessible for box in plan.compartments} == {True, False}


def test_larger_cabinets_fill_boards_and_lines() -> None:
    plan = plan_of(200)
    assert len(plan.compartments) == 200
    assert len(plan.boards) == 9
    assert [line.id for line in plan.lines] == ["locks", "locks-2", "locks-3"]
    assert len({(box.board, box.channel) for box in plan.compartments}) == 200


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lines": ()}, "line locks, which does not exist"),
        ({"boards": ()}, "board A, which does not exist"),
        ({"boards": (BoardPlan("A", "locks", 1, channels=8),)}, "board A has no channel 9"),
        ({"lines": (LinePlan("locks"), LinePlan("locks"))}, "port locks is there twice"),
        ({"scanners": (ScannerPlan("front", "back"),)}, "beside keypad back, which does not exist"),
        (
            {"scanners": (ScannerPlan("a", "front"), ScannerPlan("a", "front"))},
            "port scanner-a is there twice",
        ),
    ],
)
def test_a_contradiction_is_named(change: dict[str, object], reason: str) -> None:
    with pytest.raises(PlanError, match=reason):
        dataclasses.replace(demo_plan(), **change)  # type: ignore[arg-type]  # the fields vary by case


def test_two_compartments_on_one_channel_are_refused() -> None:
    plan = demo_plan()
    boxes = (*plan.compartments[:-1], dataclasses.replace(plan.compartments[-1], channel=1))
    with pytest.raises(PlanError, match="channel A/1 is there twice"):
        CabinetPlan("x", "x", boxes, plan.boards, plan.lines)


def test_every_fault_has_a_meaning_of_one_line() -> None:
    assert all(fault.meaning and "\n" not in fault.meaning for fault in CATALOGUE.values())


def test_an_unknown_fault_names_the_nearest() -> None:
    with pytest.raises(UnknownFaultError, match="did you mean wrong-checksum"):
        FaultSet("board").set("wrong-checksun", True)


@pytest.mark.parametrize(
    ("name", "value"),
    [("dead-board", 3), ("late-answer", True), ("late-answer", float("inf")), ("noise", float("nan")),
     ("ghost-bytes", 1e12), ("jam", 1), ("wrong-checksum", -1), ("wrong-checksum", "x")],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused(name: str, value: float | str) -> None:
    with pytest.raises(UnknownFaultError, match=f"{name}.* takes a"):
        checked(name, value)
