"""The bench as a command: what it prints, writes and returns. Times are no matter here."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.__main__ import MEASURES, Measure, main
from bench.figures import Figure, Goal, NotMeasured

FIGURES = {
    "decisions": ["decisions-per-s", "decision-at-1000-compartments-us"],
    "unlock": ["ok-to-unlock-ms"],
    "unlock-slow-disk": ["ok-to-unlock-8ms-fsync-ms"],
    "unlock-watched": ["ok-to-unlock-watched-ms"],
    "drain": ["drain-entries-per-s"],
    "scan": [f"scan-{boards}-boards-{baud}-reads-per-s" for baud in (9600, 19200) for boards in (1, 10, 32)],
    "unlock-during-scan": ["unlock-during-scan-ms"],
    "idle-cpu": ["idle-cpu-percent"],
    "screens": [
        f"screen-{matter}-{what}" for matter in ("wall", "lines") for what in ("cpu-percent", "key-p99-ms")
    ],
    "weeks": ["week-quiet-times-real", "week-busy-times-real"],
    "start": ["start-to-ready-ms", "resident-memory-mb"],
}


@pytest.fixture(autouse=True)
def json_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name the file for the figures."""
    file = tmp_path / "new" / "bench.json"
    monkeypatch.setenv("BENCH_JSON", str(file))
    return file


async def missed(directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - the bench calls it so
    return [Figure("some-ms", 9.0, 1.0, Goal("value", "<", 5))]


async def impossible(directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - as above
    raise NotMeasured("there is no broker")


def measure_of(name: str) -> tuple[str, Measure]:
    """Give something that measures the figures of this name, at once."""

    async def measure(directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - as above
        return [Figure(each, 1.0, 1.0, Goal("value", "<", 5)) for each in FIGURES[name]]

    return name, measure


def test_a_run_without_a_name_measures_everything(json_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(MEASURES) == list(FIGURES)
    for name in FIGURES:
        monkeypatch.setitem(MEASURES, name, measure_of(name))
    assert main([]) == 0
    written = json.loads(json_file.read_text(encoding="utf-8"))
    assert [figure["name"] for figure in written] == [each for some in FIGURES.values() for each in some]


@pytest.mark.broker
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", FIGURES)
def test_a_quick_run_measures_each_figure_and_leaves_nothing(
    name: str, json_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--quick", name]) == 0
    figures = json.loads(json_file.read_text(encoding="utf-8"))
    assert [figure["name"] for figure in figures] == FIGURES[name]
    for figure in figures:
        assert list(figure) == ["name", "value", "floor", "ratio", "goal", "met"]
        assert figure["value"] > 0
        assert figure["floor"] > 0
        assert figure["ratio"] == pytest.approx(figure["value"] / figure["floor"], rel=0.01)
        assert isinstance(figure["met"], bool)
    said = capsys.readouterr()
    assert all(figure in said.out for figure in FIGURES[name])
    assert ("1 in each of 3 openings" in said.out) is (name == "unlock-slow-disk")
    assert "A quick run" in said.out
    assert [path.name for path in json_file.parent.iterdir()] == ["bench.json"]


def test_a_missed_goal_is_said_plainly_and_is_no_failure(
    json_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(MEASURES, "unlock", ("some", missed))
    assert main(["unlock"]) == 0
    assert "Goals missed: some-ms." in capsys.readouterr().out
    assert [figure["met"] for figure in json.loads(json_file.read_text(encoding="utf-8"))] == [False]


def test_what_cannot_be_measured_is_a_failure_and_the_rest_is_measured(
    json_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(MEASURES, "unlock", ("some", impossible))
    monkeypatch.setitem(MEASURES, "drain", ("some", missed))
    assert main(["unlock", "drain"]) == 1
    said = capsys.readouterr().out
    assert "unlock: not measured" in said
    assert "there is no broker" in said
    assert [figure["name"] for figure in json.loads(json_file.read_text(encoding="utf-8"))] == ["some-ms"]


def test_an_unknown_figure_is_refused_with_those_that_there_are(
    json_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["unlok"]) == 2
    assert "no such figure: unlok; there are decisions, unlock," in capsys.readouterr().err
    assert not json_file.exists()
