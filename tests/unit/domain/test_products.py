"""domain.md section 4: what an automat may take, and what goes into a box."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker.domain.products import (
    HEAVIER,
    LARGER,
    LIGHTER,
    NOT_IN_AN_AUTOMAT,
    REASONS,
    SMALLER,
    Dimensions,
    Product,
    Service,
    fits,
    refusal,
)

BIG = [Product.POSTIPAKETTI, Product.KOTIPAKETTI, Product.POSTI_PALAUTUS, Product.EXPRESS_PAKETTI]
NOTHING: frozenset[Service] = frozenset()

sides = st.integers(1, 1_300) | st.sampled_from([9, 10, 11, 30, 31, 150, 250, 350, 600, 601, 1_000, 1_001])
triples = st.tuples(sides, sides, sides)
weights = st.integers(0, 40_000) | st.sampled_from([99, 100, 2_000, 2_001, 25_000, 25_001, 35_000])
services = st.frozensets(st.sampled_from(Service))
products = st.sampled_from(Product)


# -- services


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        (Service.OVERSIZE, "service-oversize"),
        (Service.STORAGE_EXTENSION, "service-storage-extension"),
        (Service.LETTER_REMINDER, "service-letter-reminder"),
        (Service.PERSONAL_HANDOVER, "service-personal-handover"),
        (Service.REGISTERED, "service-registered"),
    ],
)
@pytest.mark.parametrize("product", [None, *Product])
def test_a_service_that_an_automat_may_not_take_is_refused_by_name(
    service: Service, reason: str, product: Product | None
) -> None:
    assert refusal(product, None, None, frozenset({service})) == reason
    assert refusal(product, None, None, frozenset({service, Service.FRAGILE})) == reason


@pytest.mark.parametrize("product", [None, *Product])
def test_fragile_and_cash_on_delivery_are_taken(product: Product | None) -> None:
    both = frozenset({Service.FRAGILE, Service.CASH_ON_DELIVERY})
    assert refusal(product, None, None, both) is None


def test_of_several_services_the_same_one_is_always_named() -> None:
    assert refusal(None, None, None, frozenset(Service)) == "service-oversize"
    two = frozenset({Service.REGISTERED, Service.LETTER_REMINDER})
    assert refusal(None, None, None, two) == "service-letter-reminder"


def test_an_express_parcel_of_up_to_35_kg_needs_a_service_that_is_refused_too() -> None:
    for weight_g in (24_000, 30_000, 35_000):
        with_it = refusal(Product.EXPRESS_PAKETTI, None, weight_g, frozenset({Service.OVERSIZE}))
        assert with_it == "service-oversize"
    assert refusal(Product.EXPRESS_PAKETTI, None, 30_000, NOTHING) == HEAVIER


# -- sizes and weights, the table row by row


@pytest.mark.parametrize("product", BIG)
@pytest.mark.parametrize(
    ("measured", "reason"),
    [
        ((150, 150, 10), None),
        ((149, 150, 10), SMALLER),
        ((150, 150, 9), SMALLER),
        ((1_000, 10, 149), SMALLER),
        ((1_000, 600, 400), None),  # 1,000 + 2 x 1,000 = 3,000
        ((1_000, 600, 401), LARGER),
        ((1_000, 500, 500), None),
        ((1_000, 501, 500), LARGER),
        ((1_001, 150, 10), LARGER),
        ((601, 601, 10), LARGER),  # one side alone may be longer than 60 cm
        ((601, 600, 400), None),
        ((600, 600, 600), None),  # 600 + 2 x 1,200 = 3,000
        ((601, 600, 600), LARGER),
        ((1_001, 149, 9), LARGER),  # too long and too thin: the same word every time
    ],
)
def test_the_sizes_of_a_parcel_in_any_orientation(
    product: Product, measured: tuple[int, int, int], reason: str | None
) -> None:
    for turned in permutations(measured):
        assert refusal(product, Dimensions(*turned), 1_000, NOTHING) == reason


@pytest.mark.parametrize(
    ("measured", "reason"),
    [
        ((350, 250, 30), None),
        ((351, 250, 30), LARGER),
        ((350, 251, 30), LARGER),
        ((350, 250, 31), LARGER),
        ((31, 31, 31), LARGER),  # short, yet too thick
        ((1, 1, 1), None),  # no minimum
    ],
)
def test_the_sizes_of_a_small_parcel_in_any_orientation(
    measured: tuple[int, int, int], reason: str | None
) -> None:
    for turned in permutations(measured):
        assert refusal(Product.PIKKUPAKETTI, Dimensions(*turned), 1_000, NOTHING) == reason


@pytest.mark.parametrize("product", BIG)
@pytest.mark.parametrize(
    ("weight_g", "reason"), [(99, LIGHTER), (100, None), (25_000, None), (25_001, HEAVIER), (35_000, HEAVIER)]
)
def test_the_weights_of_a_parcel(product: Product, weight_g: int, reason: str | None) -> None:
    assert refusal(product, None, weight_g, NOTHING) == reason


@pytest.mark.parametrize(("weight_g", "reason"), [(1, None), (2_000, None), (2_001, HEAVIER)])
def test_the_weights_of_a_small_parcel(weight_g: int, reason: str | None) -> None:
    assert refusal(Product.PIKKUPAKETTI, None, weight_g, NOTHING) == reason


def test_what_is_not_known_refuses_nothing() -> None:
    assert refusal(None, Dimensions(5_000, 5_000, 5_000), 90_000, NOTHING) is None
    assert refusal(None, None, None, NOTHING) is None
    for product in Product:
        assert refusal(product, None, None, NOTHING) is None


# -- laws


@given(products, triples, weights, services)
def test_the_answer_does_not_depend_on_how_the_parcel_is_turned(
    product: Product, measured: tuple[int, int, int], weight_g: int, ordered: frozenset[Service]
) -> None:
    answers = {refusal(product, Dimensions(*turned), weight_g, ordered) for turned in permutations(measured)}
    assert len(answers) == 1
    assert answers <= {None, *REASONS}


@given(products, triples, triples)
def test_nothing_larger_is_taken_where_a_smaller_one_was_too_large(
    product: Product, measured: tuple[int, int, int], more: tuple[int, int, int]
) -> None:
    a, b, c = measured
    if refusal(product, Dimensions(a, b, c), None, NOTHING) == LARGER:
        larger = Dimensions(a + more[0], b + more[1], c + more[2])
        assert refusal(product, larger, None, NOTHING) == LARGER


@given(products, weights, weights)
def test_nothing_heavier_is_taken_where_a_lighter_one_was_too_heavy(
    product: Product, weight_g: int, more_g: int
) -> None:
    if refusal(product, None, weight_g, NOTHING) == HEAVIER:
        assert refusal(product, None, weight_g + more_g, NOTHING) == HEAVIER


@given(st.none() | products, st.none() | triples, st.none() | weights, services, st.sampled_from(Service))
def test_one_more_service_never_makes_a_refused_parcel_welcome(
    product: Product | None,
    measured: tuple[int, int, int] | None,
    weight_g: int | None,
    ordered: frozenset[Service],
    more: Service,
) -> None:
    dimensions = Dimensions(*measured) if measured else None
    if refusal(product, dimensions, weight_g, ordered) is not None:
        assert refusal(product, dimensions, weight_g, ordered | {more}) is not None


@given(triples, weights, services)
def test_a_parcel_is_taken_exactly_within_the_contract(
    measured: tuple[int, int, int], weight_g: int, ordered: frozenset[Service]
) -> None:
    """The terms word by word: some side is the length, and the two others are what is left."""
    taken = refusal(Product.POSTIPAKETTI, Dimensions(*measured), weight_g, ordered) is None
    long_enough = any(a >= 150 and b >= 150 and c >= 10 for a, b, c in permutations(measured))
    longest = max(measured)
    short_enough = any(a <= 1_000 and b <= 600 and c <= 600 for a, b, c in permutations(measured))
    girth = 2 * (sum(measured) - longest)
    allowed = not ordered & set(NOT_IN_AN_AUTOMAT)
    assert taken is (
        long_enough and short_enough and longest + girth <= 3_000 and 100 <= weight_g <= 25_000 and allowed
    )


def test_every_reason_can_be_given() -> None:
    given_reasons = {refusal(None, None, None, frozenset({service})) for service in NOT_IN_AN_AUTOMAT}
    for measured, weight_g in (
        ((2_000, 9, 9), 500),
        ((9, 9, 9), 500),
        ((200, 200, 200), 50),
        ((200, 200, 200), 26_000),
    ):
        given_reasons.add(refusal(Product.POSTIPAKETTI, Dimensions(*measured), weight_g, NOTHING))
    assert given_reasons == set(REASONS)
    assert len(REASONS) == len(set(REASONS))


# -- boxes


@pytest.mark.parametrize("wrong", [(0, 1, 1), (1, -1, 1), (1, 1, 0)])
def test_a_side_that_is_not_positive_is_an_error(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="every side must be positive"):
        Dimensions(*wrong)


@pytest.mark.parametrize(
    ("measured", "inner_mm", "goes_in"),
    [
        ((600, 350, 110), (350, 110, 600), True),  # to the millimetre
        ((600, 350, 111), (350, 110, 600), False),
        ((601, 10, 10), (350, 110, 600), False),  # it would go in askew: not counted on
        ((111, 111, 111), (350, 110, 600), False),
        ((1, 1, 1), (350, 110, 600), True),
    ],
)
def test_a_parcel_goes_into_a_box_in_any_orientation(
    measured: tuple[int, int, int], inner_mm: tuple[int, int, int], *, goes_in: bool
) -> None:
    for turned in permutations(measured):
        for width, height, depth in permutations(inner_mm):
            assert fits(Dimensions(*turned), (width, height, depth)) is goes_in


@given(triples, triples)
def test_a_parcel_fits_exactly_when_one_of_the_six_orientations_does(
    measured: tuple[int, int, int], inner_mm: tuple[int, int, int]
) -> None:
    some = any(
        all(side <= room for side, room in zip(turned, inner_mm, strict=True))
        for turned in permutations(measured)
    )
    assert fits(Dimensions(*measured), inner_mm) is some


@given(triples, triples, triples)
def test_what_fits_fits_into_every_larger_box_too(
    measured: tuple[int, int, int], inner_mm: tuple[int, int, int], more: tuple[int, int, int]
) -> None:
    if fits(Dimensions(*measured), inner_mm):
        width, height, depth = inner_mm
        assert fits(Dimensions(*measured), (width + more[0], height + more[1], depth + more[2]))
