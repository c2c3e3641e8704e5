"""The README's pictures of the screens: they are there, and show what the screens still say."""

import re
from pathlib import Path

import pytest

from tests.screens.tui.pictures import FOLDER, PICTURES, words_in
from tui.words import Words

ROOT = Path(__file__).parents[3]
REFRESH = "; `make pictures` draws them anew"


def test_every_picture_of_the_readme_is_there() -> None:
    shown = re.findall(r"\(docs/screens/([\w.]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(shown) >= 4
    assert [name for name in shown if not (FOLDER / name).is_file()] == []


def test_there_is_a_picture_of_every_main_screen_and_no_other() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(PICTURES), REFRESH


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_what_its_screen_says(name: str) -> None:
    picture = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert Words("en")(f"{name}.keys") in words_in(picture), f"{name}.svg is stale{REFRESH}"
    assert "url(http" not in picture
