"""Automats that some stories need instead of the demo's."""

from dataclasses import replace

from simulator.plan import CabinetPlan, demo_plan


def small_plan(*labels: str) -> CabinetPlan:
    """The demo's automat with only these compartments, by their labels."""
    plan = demo_plan()
    return replace(plan, compartments=tuple(box for box in plan.compartments if box.label in labels))
