"""The virtual event loop of the simulator, under the name that the tests use."""

from simulator.virtual_loop import (
    NothingWillHappenError,
    TaskLeftError,
    TimeStandsStillError,
    VirtualLoop,
    run,
)

__all__ = ["NothingWillHappenError", "TaskLeftError", "TimeStandsStillError", "VirtualLoop", "run"]
