"""The same seed gives the same trace on another machine: hashes that were written elsewhere."""

import pytest

from tests.simulation.golden import kept, lived

pytestmark = pytest.mark.timeout(900)


def test_the_weeks_of_the_golden_file_leave_the_same_traces_here() -> None:
    golden = kept()
    if not golden.holds_here:
        pytest.skip(f"the golden traces are those of Python {golden.python} and of other pinned packages")
    assert lived() == golden.traces, "if the product has changed on purpose, run `make docs`"
