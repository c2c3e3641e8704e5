"""Every message, in every language, with the longest values: two lines of 20 cells that can be shown."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker.domain.incidents import IncidentKind
from locker.domain.messages import Message, Text, say
from locker.domain.rules import Rules
from locker.hardware.presenter import PAGE_S
from locker.words import CELLS, LANGUAGES, VALUES, pages, texts_in

KEY = re.compile(r"\bOK\b|\bC\b|\d")
PLACEHOLDER = re.compile(r"\{\w+\}")
DOMAIN = Path(__file__).parents[3] / "locker" / "domain"

USUAL = {
    "name": "Kauppatori 1",
    "phone": "0200 71000",
    "minutes": "10",
    "label": "12",
    "incident": "17",
    "stars": "******",
    "typed": "12345678",
    "size": "M",
    "taken": "3",
    "left": "2",
    "number": "17",
    "about": "12",
    "key": "OK",
    "count": "2",
    "collect": "3",
    "check": "1",
    "sizes": "1=S 2=M 3=L",
}
LONGEST = {
    "name": "Kauppakeskus Iso Omena, kolmas kerros 12",
    "phone": "+358 (0)200 71000 12",
    "minutes": "1000",
    "label": "ABC-1234",
    "incident": "99999999",
    "stars": "*" * 12,
    "typed": "1" * 12,
    "size": "XXL-1234",
    "taken": "1000",
    "left": "1000",
    "number": "99999999",
    "about": "line locks of the left cabinet, column 7",
    "key": "OK",
    "count": "1000",
    "collect": "1000",
    "check": "1000",
    "sizes": "1=XXS 2=XS 3=S 4=M 5=L 6=XL 7=XXL 8=3XL",
}


def message(text: Text, values: dict[str, str]) -> Message:
    return say(text, **{name: values[name] for name in VALUES[text]})


@pytest.mark.parametrize("values", [USUAL, LONGEST], ids=["usual", "longest"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", Text)
def test_every_text_fits_and_can_be_shown(text: Text, language: str, values: dict[str, str]) -> None:
    shown = pages(message(text, values), [language])
    assert shown
    asked = sum(template.count("?") for template in texts_in(language)[text])
    assert sum(line.count("?") for page in shown for line in page) == asked, "a value is missing"
    for page in shown:
        for line in page:
            assert len(line) <= CELLS
            assert line.encode("cp850") == line.encode("cp858"), "both kinds of display must have the letter"
            assert "{" not in line
            assert line == line.strip()
        assert page[0]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", Text)
def test_usual_values_need_no_page_more_than_the_text_has(text: Text, language: str) -> None:
    assert len(pages(message(text, USUAL), [language])) == len(texts_in(language)[text])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", Text)
def test_values_are_shown_whole(text: Text, language: str) -> None:
    shown = " ".join(line for page in pages(message(text, LONGEST), [language]) for line in page if line)
    for name in VALUES[text]:
        assert LONGEST[name] in shown


def test_flows_give_what_their_texts_want() -> None:
    calls = [
        node
        for file in DOMAIN.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say"
    ]
    assert calls
    for call in calls:
        text = call.args[0]
        given_values = {keyword.arg for keyword in call.keywords}
        if isinstance(text, ast.Attribute) and None not in given_values:
            assert given_values >= VALUES[Text[text.attr]], f"say(Text.{text.attr}) at line {call.lineno}"


def test_wrong_code_says_all_that_the_person_needs() -> None:
    shown = pages(say(Text.NOT_RECOGNISED_CALL, name="Kauppatori 1", phone="0200 71000"), ["en"])
    assert shown == [
        ("Code not recognised.", "This is Kauppatori 1"),
        ("Compare it with the", "arrival notice."),
        ("Several automats may", "stand side by side."),
        ("Customer service", "0200 71000"),
    ]


@pytest.mark.parametrize("text", Text)
def test_what_comes_first_is_said_in_every_language_before_any_goes_on(text: Text) -> None:
    shown = pages(message(text, USUAL), LANGUAGES)
    firsts = [pages(message(text, USUAL), [language])[0] for language in LANGUAGES]
    assert shown[: len(firsts)] == firsts or len(set(firsts)) < len(firsts)
    assert set(shown) == {page for each in LANGUAGES for page in pages(message(text, USUAL), [each])}


@pytest.mark.parametrize("text", [Text.NOT_RECOGNISED, Text.NOT_RECOGNISED_CALL])
def test_wrong_code_is_explained_in_all_languages_while_its_answer_stays(text: Text) -> None:
    assert len(pages(message(text, USUAL), LANGUAGES)) * PAGE_S <= Rules().answer_shown_s


@pytest.mark.parametrize("text", Text)
def test_languages_name_the_same_keys(text: Text) -> None:
    keys = {
        language: sorted(
            KEY.findall(" ".join(PLACEHOLDER.sub("", page) for page in texts_in(language)[text]))
        )
        for language in LANGUAGES
    }
    assert keys["fi"] == keys["sv"] == keys["en"]


def test_every_incident_has_its_words() -> None:
    said = {text for text in Text if text.startswith("incident-")}
    assert said == {f"incident-{kind}" for kind in IncidentKind}


def test_idle_turns_through_the_languages_in_their_order() -> None:
    assert pages(say(Text.IDLE, name="Kauppatori 1"), ["sv", "fi", "en"]) == [
        ("Kauppatori 1", "Tryck C, kod, OK"),
        ("Kauppatori 1", "Paina C, koodi, OK"),
        ("Kauppatori 1", "Press C, code, OK"),
    ]


def test_long_values_wrap_between_words() -> None:
    assert pages(say(Text.NOT_RECOGNISED, name=LONGEST["name"]), ["fi"])[:2] == [
        ("Tuntematon koodi.", "Tämä on Kauppakeskus"),
        ("Iso Omena, kolmas", "kerros 12"),
    ]


def test_long_words_are_divided_at_their_hyphens() -> None:
    shown = pages(say(Text.IDLE, name="Kauppakeskus-Itäkeskus-Pohjoinen"), ["fi"])
    assert shown == [("Kauppakeskus-", "Itäkeskus-Pohjoinen"), ("Paina C, koodi, OK", "")]


def test_missing_value_is_marked_and_does_not_stop_the_display() -> None:
    assert pages(Message(Text.CLOSE_DOOR), ["fi"]) == [("Sulje luukku ?.", "")]


@given(value=st.text(), text=st.sampled_from(Text), language=st.sampled_from(LANGUAGES))
def test_any_value_fits(value: str, text: Text, language: str) -> None:
    shown = pages(say(text, **dict.fromkeys(VALUES[text], value)), [language])
    assert all(len(line) <= CELLS and line.isprintable() for page in shown for line in page)
    assert len(shown) < 12
