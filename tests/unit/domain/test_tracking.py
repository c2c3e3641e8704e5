"""domain.md section 4: the forms of tracking ids."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from locker.domain.tracking import Form, form_of, from_digits, read_label, s10_check_digit

JJFI_EXAMPLE = "JJFI65432110000070773"
S10_EXAMPLES = ("CC123456785FI", "RR287043775FI", "CE000000120FI")

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
eight_digits = st.text(DIGITS, min_size=8, max_size=8)
two_letters = st.text(LETTERS, min_size=2, max_size=2)


@st.composite
def s10_numbers(draw: st.DrawFn) -> str:
    """A right S10 number."""
    digits = draw(eight_digits)
    return draw(two_letters) + digits + s10_check_digit(digits) + draw(two_letters)


def remainder(number: str) -> int:
    """The weighted sum of an S10 number's eight digits, modulo 11, spelled out (UPU S10)."""
    a, b, c, d, e, f, g, h = (int(digit) for digit in number[2:10])
    return (8 * a + 6 * b + 4 * c + 2 * d + 3 * e + 5 * f + 9 * g + 7 * h) % 11


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (JJFI_EXAMPLE, Form.JJFI),
        *((number, Form.S10) for number in S10_EXAMPLES),
        ("RB123456786US", Form.OTHER),  # check digit 5 would be right
        ("CC123456780FI", Form.OTHER),
        ("JJFI6543211000007077", Form.OTHER),  # 16 digits
        ("JJFI654321100000707730", Form.OTHER),  # 18 digits
        ("JJFI6543211000007077A", Form.OTHER),
        ("JJSE65432110000070773", Form.OTHER),
        ("1Z999AA10123456784", Form.OTHER),
        ("0", Form.OTHER),
        ("A" * 35, Form.OTHER),
        ("A" * 36, Form.NONE),
        ("", Form.NONE),
        ("jjfi65432110000070773", Form.NONE),
        ("cc123456785fi", Form.NONE),
        ("CC 123 456 785 FI", Form.NONE),
        (" " + JJFI_EXAMPLE, Form.NONE),
        (JJFI_EXAMPLE + "\n", Form.NONE),
        ("CC123456785FI\n", Form.NONE),
        ("ÄÖ123456785FI", Form.NONE),
        ("CC\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0665FI", Form.NONE),  # digits, but not 0 to 9
        ("JJFI-6543211000007", Form.NONE),
    ],
)
def test_each_form_is_told_from_the_others(text: str, form: Form) -> None:
    assert form_of(text) is form


@pytest.mark.parametrize(
    ("eight", "left", "check"),
    [("12345678", 6, "5"), ("28704377", 0, "5"), ("00000012", 1, "0"), ("00000000", 0, "5")],
)
def test_the_check_digit_of_worked_examples(eight: str, left: int, check: str) -> None:
    assert remainder("XX" + eight) == left
    assert s10_check_digit(eight) == check


@given(eight_digits)
def test_the_check_digit_follows_from_the_remainder(eight: str) -> None:
    by_remainder = ("5", "0", "9", "8", "7", "6", "5", "4", "3", "2", "1")
    assert s10_check_digit(eight) == by_remainder[remainder("XX" + eight)]


@pytest.mark.parametrize(
    "wrong", ["", "1234567", "123456789", "1234567A", "1234567\u0668", "12345678\n", " 2345678"]
)
def test_a_check_digit_of_anything_but_eight_digits_is_an_error(wrong: str) -> None:
    with pytest.raises(ValueError, match="eight digits"):
        s10_check_digit(wrong)


@pytest.mark.parametrize(
    ("label", "tracking_id"),
    [
        (JJFI_EXAMPLE, JJFI_EXAMPLE),
        ("jjfi65432110000070773", JJFI_EXAMPLE),
        ("JJFI 65432 11000 00707 73", JJFI_EXAMPLE),
        (" JJFI65432110000070773\r\n", JJFI_EXAMPLE),
        ("CC 123 456 785 FI", "CC123456785FI"),
        ("cc 123 456 785 fi\t", "CC123456785FI"),
        ("RR287043775FI", "RR287043775FI"),
        ("CE000000120FI", "CE000000120FI"),
        ("RB123456785US", "RB123456785US"),
    ],
)
def test_a_label_is_read_as_printed(label: str, tracking_id: str) -> None:
    assert read_label(label) == tracking_id


@pytest.mark.parametrize(
    "label",
    [
        "",
        " ",
        "RB123456786US",
        "65432110000070773",
        "00070773",
        "JJFI6543211000007077",
        "JJFI654321100000707733",
        "JJFI65432\t110000070773",
        "JJFI65432\n110000070773",
        "JJFI-65432110000070773",
        "JJFI65432110000070773;JJFI65432110000070774",
        "CC123456785\ufb01",  # one letter that becomes FI in capitals
        "JJF\u013165432110000070773",  # a letter that becomes I in capitals
        "JJFI6543211000007077\uff13",
        "\u00a0CC123456785FI",  # a space, but none that a label or a scanner sends
        "1Z999AA10123456784",
        "https://example.org/JJFI65432110000070773",
    ],
)
def test_a_label_of_no_known_form_is_not_taken(label: str) -> None:
    assert read_label(label) is None


@given(st.text() | st.text(DIGITS + LETTERS + " \r\n"))
def test_whatever_a_label_gives_is_of_a_known_form(label: str) -> None:
    tracking_id = read_label(label)
    assert tracking_id is None or form_of(tracking_id) in (Form.JJFI, Form.S10)


@given(s10_numbers(), st.data())
def test_spaces_and_small_letters_change_no_label(number: str, data: st.DataObject) -> None:
    spaced = "".join(char + " " * data.draw(st.integers(0, 2)) for char in number)
    assert read_label(spaced.swapcase()) == number


def test_seventeen_typed_digits_are_a_number_of_the_post() -> None:
    assert from_digits("65432110000070773") == JJFI_EXAMPLE


@pytest.mark.parametrize(
    "digits", ["", "6543211000007077", "654321100000707730", "6543211000007077A", "6" * 16 + "\u0663"]
)
def test_other_digits_are_no_number_of_the_post(digits: str) -> None:
    assert from_digits(digits) is None


# -- what the check digit finds, and what it does not


@given(s10_numbers(), st.integers(2, 10), st.sampled_from(DIGITS))
@example("RR287043775FI", 2, "0")  # remainder 0 becomes 6, and both have the check digit 5
@example("CC123456785FI", 10, "1")
def test_a_wrong_digit_is_found_unless_it_leads_between_the_remainders_0_and_6(
    number: str, place: int, digit: str
) -> None:
    wrong = number[:place] + digit + number[place + 1 :]
    unseen = {remainder(number), remainder(wrong)} == {0, 6} and place < 10
    assert (read_label(wrong) is None) is (wrong != number and not unseen)


@given(s10_numbers(), st.integers(2, 9), st.integers(2, 9))
def test_two_swapped_digits_of_the_eight_are_found_unless_they_lead_between_the_remainders_0_and_6(
    number: str, one: int, other: int
) -> None:
    chars = list(number)
    chars[one], chars[other] = chars[other], chars[one]
    wrong = "".join(chars)
    unseen = {remainder(number), remainder(wrong)} == {0, 6}
    assert (read_label(wrong) is None) is (wrong != number and not unseen)


@pytest.mark.parametrize(
    ("right", "mistaken"),
    [
        ("RR287043775FI", "RR087043775FI"),  # a wrong first digit: remainder 0 becomes 6
        ("CC123456785FI", "CC123456785IF"),  # the letters are not covered
        ("CC123456785FI", "CB123456785FI"),
        (JJFI_EXAMPLE, "JJFI65432110000070737"),  # no check digit at all
    ],
)
def test_mistakes_that_no_check_digit_can_find(right: str, mistaken: str) -> None:
    assert read_label(right) == right
    assert read_label(mistaken) == mistaken


def test_how_many_wrong_digits_stay_unseen() -> None:
    """Of all single wrong digits among the eight, over 10,000 numbers: fewer than one in fifty."""
    wrong = unseen = 0
    for start in range(0, 100_000_000, 10_007):
        eight = f"{start:08}"
        check = s10_check_digit(eight)
        if check != "5":
            wrong += 72
            continue
        for place in range(8):
            for digit in DIGITS.replace(eight[place], ""):
                wrong += 1
                unseen += s10_check_digit(eight[:place] + digit + eight[place + 1 :]) == check
    assert 0 < unseen / wrong < 1 / 50
