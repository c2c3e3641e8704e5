"""Hygiene for every test: no task, thread, descriptor, pty or child process is left behind.

What Hypothesis draws is the same in every run of one version, so that no test fails now and then; other
draws are for `--hypothesis-profile=default` and for `PROPERTIES=long`.
"""

import asyncio
import signal
from collections.abc import Generator, Iterator

import pytest
import pytest_asyncio
from hypothesis import settings

from tests.hygiene import Belongings, leftovers

# A busy machine takes its time; what may not take long is measured by `make bench`.
settings.register_profile("suite", derandomize=True, database=None, deadline=None)
settings.load_profile("suite")

# A suite that a shell runs in the background is told to ignore Ctrl-C; the programs that it starts are not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

BEFORE = pytest.StashKey[Belongings]()


@pytest.fixture(autouse=True)
def _belongings(request: pytest.FixtureRequest) -> None:
    """Look around once the fixtures of wider scope are up: what those hold is theirs."""
    request.node.stash[BEFORE] = Belongings.now()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Look again when every fixture of the test is down."""
    yield
    before = item.stash.get(BEFORE, None)
    found = leftovers(before) if before is not None else []
    if found:
        pytest.fail("left behind: " + "; ".join(found), pytrace=False)


@pytest.fixture
async def _running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


@pytest.fixture(autouse=True)
def _tasks(request: pytest.FixtureRequest, _belongings: None) -> Iterator[None]:
    """Fail an asynchronous test, or its fixtures, if a task outlives them."""
    if not pytest_asyncio.is_async_test(request.node):
        yield
        return
    loop: asyncio.AbstractEventLoop = request.getfixturevalue("_running_loop")
    before = asyncio.all_tasks(loop)
    yield
    left = [task for task in asyncio.all_tasks(loop) - before if not task.done()]
    if left:
        pytest.fail(f"left behind: {'; '.join(map(repr, left))}", pytrace=False)
