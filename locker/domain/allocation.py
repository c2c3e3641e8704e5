"""Which compartment a parcel gets: the smallest free one that fits (domain.md 4)."""

from collections.abc import Collection

from locker.domain.automat import Automat
from locker.domain.compartments import Compartment, Fixture
from locker.domain.parcels import Parcel


def choose(automat: Automat, parcel: Parcel, *, tried: Collection[str] = ()) -> Compartment | None:
    """Return the smallest free compartment that fits and is none of those tried, or None."""
    smallest = _smallest_volume(automat, parcel)
    if smallest is None:
        return None
    fitting = (
        box
        for box in automat.compartments.values()
        if box.free and box.label not in tried and box.fixture.volume_mm3 >= smallest
    )
    return min(
        fitting,
        key=lambda box: (box.fixture.volume_mm3, box.fixture.accessible, box.fixture.column, box.fixture.row),
        default=None,
    )


def could_fit(automat: Automat, parcel: Parcel) -> bool:
    """Tell whether any compartment of this automat, free or not, is large enough."""
    return _smallest_volume(automat, parcel) is not None


def walking_order(fixture: Fixture) -> tuple[int, int, str]:
    """Return where a compartment comes on a walk along the automat: column by column, from the top."""
    return (fixture.column, fixture.row, fixture.label)


def _smallest_volume(automat: Automat, parcel: Parcel) -> int | None:
    volumes = (
        box.fixture.volume_mm3
        for box in automat.compartments.values()
        if parcel.size is None or box.fixture.size == parcel.size
    )
    return min(volumes, default=None)
