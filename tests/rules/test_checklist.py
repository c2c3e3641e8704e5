"""Every rule is shown by something that exists, and every story shows a rule."""

import pytest

from simulator.stories.catalogue import STORIES
from tests.references import STORY, exists
from tests.rules.checklist import PAGE, Rule, page, rules


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.rule[:60])
def test_a_rule_is_shown_by_what_exists(rule: Rule) -> None:
    assert rule.shown_by, "nothing shows this rule"
    assert [reference for reference in rule.shown_by if not exists(reference)] == []


def test_every_story_shows_a_rule() -> None:
    told = {ref.removeprefix(STORY) for rule in rules() for ref in rule.shown_by if ref.startswith(STORY)}
    assert sorted(STORIES.keys() - told) == []


def test_no_rule_is_written_twice() -> None:
    written = [rule.rule for rule in rules()]
    assert sorted(set(written)) == sorted(written)


def test_the_page_is_drawn_from_the_checklist() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_a_reference_to_nothing_would_be_noticed() -> None:
    assert not exists("story:nobody-wrote-this")
    assert not exists("rules/test_checklist.py::test_nobody_wrote_this")
    assert not exists("rules/test_nowhere.py::test_x")
