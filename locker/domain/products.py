"""Products and services of the post: what an automat may take (domain.md section 4; terms section 2).

The contract's limits are wider than the boxes: whether a parcel goes into a compartment is told by `fits`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Product(StrEnum):
    """What was sent, by the names of the post."""

    PIKKUPAKETTI = "pikkupaketti"
    POSTIPAKETTI = "postipaketti"
    KOTIPAKETTI = "kotipaketti"
    POSTI_PALAUTUS = "posti-palautus"
    EXPRESS_PAKETTI = "express-paketti"


class Service(StrEnum):
    """What was ordered with it."""

    OVERSIZE = "oversize"  # Suuri
    STORAGE_EXTENSION = "storage-extension"  # Säilytysajan pidennys
    LETTER_REMINDER = "letter-reminder"  # Noutomuistutus kirjeenä
    PERSONAL_HANDOVER = "personal-handover"  # Henkilökohtaisesti luovutettava
    REGISTERED = "registered"  # Kirjaaminen
    FRAGILE = "fragile"  # Särkyvä
    CASH_ON_DELIVERY = "cash-on-delivery"  # Postiennakko: may be stored, opens only once it is paid


NOT_IN_AN_AUTOMAT = (
    Service.OVERSIZE,
    Service.STORAGE_EXTENSION,
    Service.LETTER_REMINDER,
    Service.PERSONAL_HANDOVER,
    Service.REGISTERED,
)
"""Services that an automat may not take (terms 2.4), in the order in which they are named."""


@dataclass(frozen=True, slots=True)
class Dimensions:
    """A parcel's outer sides in whole millimetres, in any order; ValueError unless all are positive."""

    length_mm: int
    width_mm: int
    height_mm: int

    def __post_init__(self) -> None:
        if min(self.length_mm, self.width_mm, self.height_mm) <= 0:
            raise ValueError(
                f"every side must be positive: {self.length_mm} x {self.width_mm} x {self.height_mm} mm"
            )

    @property
    def sides_mm(self) -> tuple[int, int, int]:
        """The three sides, shortest first."""
        shortest, middle, longest = sorted((self.length_mm, self.width_mm, self.height_mm))
        return shortest, middle, longest

    @property
    def longest_and_girth_mm(self) -> int:
        """The longest side and the way around the two others."""
        shortest, middle, longest = self.sides_mm
        return longest + 2 * (shortest + middle)


@dataclass(frozen=True, slots=True)
class Limits:
    """One row of the contract's table; sides shortest first, to be met in any orientation."""

    largest_mm: tuple[int, int, int]
    heaviest_g: int
    smallest_mm: tuple[int, int, int] | None = None
    lightest_g: int | None = None
    longest_and_girth_mm: int | None = None


_PIKKUPAKETTI = Limits(largest_mm=(30, 250, 350), heaviest_g=2_000)
# The 35 kg of an Express-paketti need the service oversize, and that is refused whatever the weight.
_PARCEL = Limits(
    largest_mm=(600, 600, 1_000),
    heaviest_g=25_000,
    smallest_mm=(10, 150, 150),
    lightest_g=100,
    longest_and_girth_mm=3_000,
)

LIMITS: Mapping[Product, Limits] = {
    Product.PIKKUPAKETTI: _PIKKUPAKETTI,
    Product.POSTIPAKETTI: _PARCEL,
    Product.KOTIPAKETTI: _PARCEL,
    Product.POSTI_PALAUTUS: _PARCEL,
    Product.EXPRESS_PAKETTI: _PARCEL,
}
"""The table of domain.md section 4 (terms section 2)."""

LARGER = "larger-than-its-product"
SMALLER = "smaller-than-its-product"
HEAVIER = "heavier-than-its-product"
LIGHTER = "lighter-than-its-product"
REASONS = (*(f"service-{service}" for service in NOT_IN_AN_AUTOMAT), LARGER, SMALLER, HEAVIER, LIGHTER)
"""Every answer of `refusal`, in the order in which they are looked for."""


def refusal(
    product: Product | None, dimensions: Dimensions | None, weight_g: int | None, services: frozenset[Service]
) -> str | None:
    """Return why an automat may not take a parcel, the first of REASONS that holds, or None.

    What is None is not known and refuses nothing; without a product only the services are judged.
    """
    for service in NOT_IN_AN_AUTOMAT:
        if service in services:
            return f"service-{service}"
    if product is None:
        return None
    limits = LIMITS[product]
    return _size_refusal(limits, dimensions) or _weight_refusal(limits, weight_g)


def fits(dimensions: Dimensions, inner_mm: tuple[int, int, int]) -> bool:
    """Tell whether a parcel goes into a box of these inner sides, straight, in some orientation."""
    return _within(dimensions.sides_mm, inner_mm)


def _size_refusal(limits: Limits, dimensions: Dimensions | None) -> str | None:
    if dimensions is None:
        return None
    if not _within(dimensions.sides_mm, limits.largest_mm):
        return LARGER
    if (
        limits.longest_and_girth_mm is not None
        and dimensions.longest_and_girth_mm > limits.longest_and_girth_mm
    ):
        return LARGER
    if limits.smallest_mm is not None and not _within(limits.smallest_mm, dimensions.sides_mm):
        return SMALLER
    return None


def _weight_refusal(limits: Limits, weight_g: int | None) -> str | None:
    if weight_g is None:
        return None
    if weight_g > limits.heaviest_g:
        return HEAVIER
    if limits.lightest_g is not None and weight_g < limits.lightest_g:
        return LIGHTER
    return None


def _within(inner_mm: tuple[int, int, int], outer_mm: tuple[int, int, int]) -> bool:
    """Tell whether one box goes into another, turned by right angles; equal sides fit."""
    return all(inner <= outer for inner, outer in zip(sorted(inner_mm), sorted(outer_mm), strict=True))
