"""An adapter that is pulled out comes back by itself, and nobody else notices."""

from pathlib import Path

from tests.e2e.replug import LIMIT_S, Replugging


async def test_a_line_comes_back_each_time_within_5_s_and_the_other_works_on(tmp_path: Path) -> None:
    measured = await Replugging(tmp_path).run(10)
    assert len(measured.back_s) == 10
    assert max(measured.back_s) < LIMIT_S
    assert len(measured.names) > 1
    assert measured.moved_on_the_other == []
    assert measured.fewest_polls_of_the_other > 0
