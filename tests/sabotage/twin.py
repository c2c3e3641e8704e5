"""A sabotage twin: the product with one safeguard removed, and the tests that must fail because of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Twin:
    """One safeguard removed: in `file`, `before` stands exactly once and `after` comes in its place.

    `catchers` are the node ids of tests of which at least one must fail; `rows` name what of the catalogue of
    faults (docs/faults.md) the safeguard is against.
    """

    name: str
    file: str
    before: str
    after: str
    catchers: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
