"""Automats that some stories need instead of the demo's."""

from dataclasses import replace

from simulator.plan import CabinetPlan, demo_plan

GOODS_CHANNELS_FROM = 20


def small_plan(*labels: str, goods: bool = False) -> CabinetPlan:
    """The demo's automat with only these compartments, by their labels; `goods`: with sensors inside."""
    plan = demo_plan()
    boxes = [box for box in plan.compartments if box.label in labels]
    if goods:
        boxes = [replace(box, goods_channel=GOODS_CHANNELS_FROM + i) for i, box in enumerate(boxes)]
    return replace(plan, compartments=tuple(boxes))
