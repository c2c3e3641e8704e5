"""How an automat is built: its boxes in walking order, and the kinds of box among them.

Which boxes of a kind are free is kept as one integer a kind: bit n is box n on the walk. So looking for the
first free box, or changing one, costs the same on a small automat and on a large one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from immutables import Map

from locker.domain.compartments import Fixture
from locker.domain.products import Dimensions, fits


@dataclass(frozen=True, slots=True)
class Kind:
    """Boxes that are alike for any parcel; `sides_mm` are the inner ones, shortest first."""

    size: str
    sides_mm: tuple[int, int, int]
    accessible: bool

    @property
    def volume_mm3(self) -> int:
        """How much such a box holds."""
        shortest, middle, longest = self.sides_mm
        return shortest * middle * longest

    def holds(self, outer_mm: tuple[int, int, int]) -> bool:
        """Tell whether something of these sides goes in, in some orientation."""
        return fits(Dimensions(*outer_mm), self.sides_mm)


@dataclass(frozen=True, slots=True)
class Layout:
    """The boxes of an automat; never changes while it runs."""

    labels: tuple[str, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    kind_of: Mapping[str, Kind] = field(default_factory=dict)
    sizes: Mapping[str, tuple[Kind, ...]] = field(default_factory=dict)

    @property
    def kinds(self) -> Iterable[Kind]:
        """Every kind of box there is, once."""
        return (kind for kinds in self.sizes.values() for kind in kinds)

    def marked(self, free: Map[Kind, int], label: str, *, is_free: bool) -> Map[Kind, int]:
        """Return the index of free boxes with one box in or out."""
        kind, bit = self.kind_of[label], 1 << self.places[label]
        before = free.get(kind, 0)
        after = before | bit if is_free else before & ~bit
        if after:
            return free.set(kind, after)
        return free.delete(kind) if before else free

    def first(self, boxes: int) -> str:
        """Return the first of some boxes on the walk; there must be one."""
        return self.labels[(boxes & -boxes).bit_length() - 1]

    def only(self, labels: Iterable[str]) -> int:
        """Return some boxes as bits; those that this automat does not have are left out."""
        return sum({1 << self.places[label] for label in labels if label in self.places})


def layout_of(fixtures: Iterable[Fixture]) -> Layout:
    """Lay out an automat; boxes of one size name may differ."""
    walk = sorted(fixtures, key=walking_order)
    kind_of = {box.label: kind_of_box(box) for box in walk}
    sizes: dict[str, dict[Kind, None]] = {}
    for kind in kind_of.values():
        sizes.setdefault(kind.size, {})[kind] = None
    return Layout(
        labels=tuple(box.label for box in walk),
        places={box.label: place for place, box in enumerate(walk)},
        kind_of=kind_of,
        sizes={size: tuple(kinds) for size, kinds in sizes.items()},
    )


def kind_of_box(fixture: Fixture) -> Kind:
    """Return which kind a box is of."""
    shortest, middle, longest = sorted((fixture.width_mm, fixture.height_mm, fixture.depth_mm))
    return Kind(fixture.size, (shortest, middle, longest), fixture.accessible)


def walking_order(fixture: Fixture) -> tuple[int, int, str]:
    """Return where a box comes on a walk along the automat: column by column, from the top."""
    return (fixture.column, fixture.row, fixture.label)
