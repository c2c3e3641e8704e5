"""Play both machines once, without shrinking: `python -m tests.properties.play EXAMPLES SEED`.

Exit code 0: every invariant held; 1: the last line says what did not. Used by tests/sabotage.
"""

import sys
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

import locker.domain
from tests.properties.machine import Automat
from tests.properties.test_core import Anybody, HonestPeople


def main() -> int:
    """Play."""
    examples, begins_with = int(sys.argv[1]), int(sys.argv[2])
    here = Path.cwd() / "locker"
    if not Path(str(locker.domain.__path__[0])).is_relative_to(here):
        sys.stderr.write(f"{locker.domain.__path__} is played, not {here}\n")
        return 3
    how = settings(
        max_examples=examples,
        stateful_step_count=40,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    for number, machine in enumerate((HonestPeople, Anybody)):
        try:
            run_state_machine_as_test(seeded(machine, 2 * begins_with + number), settings=how)
        except Exception as error:  # noqa: BLE001  (whatever a sabotage leads to is a find)
            sys.stdout.write(f"\n{type(error).__name__}: {first_line(error)}\n")
            return 1
    return 0


def seeded(machine: type[Automat], number: int) -> type[Automat]:
    """Return a machine whose examples follow from a seed."""
    return seed(number)(type(machine.__name__, (machine,), {}))


def first_line(error: Exception) -> str:
    """The first line of what an error says."""
    return (str(error).splitlines() or [""])[0]


if __name__ == "__main__":
    sys.exit(main())
