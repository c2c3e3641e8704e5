"""A round of all compartments, walked by technicians among everything else that happens."""

from locker.domain.events import MaintenanceAsked
from locker.domain.maintenance import BeginAudit, EndAudit, SkipInAudit
from tests.properties import maintainers
from tests.properties.maintainers import MAIJA, OLLI
from tests.properties.strategies import LABELS
from tests.properties.world import World

KINDS = 9
"""So many things may come next in a round; below 4 a box is looked into."""


def walk(world: World, todo: list[int]) -> None:
    """Begin a round, or go on with it, and take some steps of it."""
    world.do(MaintenanceAsked(MAIJA, BeginAudit()))
    for place, kind in enumerate(todo):
        _step(world, kind, LABELS[(place + kind) % len(LABELS)])


def _step(world: World, kind: int, label: str) -> None:
    match kind:
        case 4:
            world.do(MaintenanceAsked(OLLI, SkipInAudit(label, "a reason")))
        case 5:
            world.do(MaintenanceAsked(OLLI, BeginAudit(afresh=True)))
        case 6:
            world.do(MaintenanceAsked(MAIJA, EndAudit()))
        case 7:
            world.do(MaintenanceAsked(OLLI, EndAudit(partial=True)))
        case 8:
            world.restart(off_s=60)
        case _:
            maintainers.look(world, label, [0, 0, 0, kind])
