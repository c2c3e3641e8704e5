"""Which compartment a parcel gets: the smallest free one that fits (domain.md 4).

A parcel whose dimensions are known goes where they fit, in any orientation. Otherwise `size` names the
smallest size that will do: any box of that size, or one that could hold such a box.
"""

from collections.abc import Collection

from locker.domain.automat import Automat
from locker.domain.compartments import Compartment
from locker.domain.layout import Kind, walking_order
from locker.domain.parcels import Parcel

__all__ = ["choose", "could_fit", "sizes_with_room", "walking_order"]


def choose(
    automat: Automat, parcel: Parcel, *, tried: Collection[str] = (), larger_than: str | None = None
) -> Compartment | None:
    """Return the smallest free compartment that fits and is none of those tried, or None.

    `larger_than`: the parcel did not go into this one, whatever is said of its size. Accessible boxes go
    to parcels that need them; to others only when nothing else is left. Among equals the first on the walk.
    """
    layout = automat.layout
    beyond_mm3 = 0 if larger_than is None else layout.kind_of[larger_than].volume_mm3
    not_tried = ~layout.only(tried)
    best: tuple[bool, int, int] | None = None
    for kind, free in automat.free_boxes.items():
        boxes = free & not_tried
        if not boxes or kind.volume_mm3 <= beyond_mm3 or not _fits(automat, parcel, kind):
            continue
        rank = (kind.accessible is not parcel.accessible, kind.volume_mm3, boxes & -boxes)
        best = rank if best is None else min(best, rank)
    return None if best is None else automat.compartments[layout.first(best[2])]


def could_fit(automat: Automat, parcel: Parcel) -> bool:
    """Tell whether any compartment of this automat, free or not, is large enough."""
    return any(_fits(automat, parcel, kind) for kind in automat.layout.kinds)


def sizes_with_room(automat: Automat) -> tuple[str, ...]:
    """Return the names of the sizes of which a compartment is free, smallest first."""
    volumes: dict[str, int] = {}
    for kind in automat.free_boxes:
        volumes[kind.size] = min(kind.volume_mm3, volumes.get(kind.size, kind.volume_mm3))
    return tuple(sorted(volumes, key=lambda size: (volumes[size], size)))


def _fits(automat: Automat, parcel: Parcel, kind: Kind) -> bool:
    if parcel.dimensions_mm is not None:
        return kind.holds(parcel.dimensions_mm)
    if parcel.size is None or parcel.size == kind.size:
        return True
    return any(kind.holds(wanted.sides_mm) for wanted in automat.layout.sizes.get(parcel.size, ()))
