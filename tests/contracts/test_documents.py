"""The documents say what the code does: generated places are fresh, the shown example is the real one."""

import re

import pytest

from locker.config import load
from tests.contracts.families import PAGE, page
from tests.contracts.pictures import ARCHITECTURE, EXAMPLE, README, ROOT, with_example, with_pictures


def test_the_page_of_families_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_the_pictures_in_architecture_are_those_of_the_code() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    assert text == with_pictures(text), "run `make docs`"


def test_the_readme_shows_the_commented_example() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == with_example(text), "run `make docs`"


def test_the_commented_example_is_sound() -> None:
    assert load(EXAMPLE).automat.id


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"])
def test_every_path_that_a_document_names_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    paths = set(re.findall(r"`((?:locker|drivers|simulator|tests|bench|docs|tui)/[\w/.-]+)`", text))
    missing = [path for path in sorted(paths) if not (ROOT / path).exists()]
    assert not missing
    for command in re.findall(r"`make ([a-z]+)`", text):
        assert re.search(rf"^{command}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE), (
            command
        )
