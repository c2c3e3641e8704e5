"""The socket against forged requests, made from its own OpenAPI document: refused clearly, nothing changed.

The suite draws the same in every run; `FORGERY=long` asks ten times as often, with other seeds each time.
"""

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from locker.api import reading, server
from locker.api.protocol import Protocol
from locker.api.roles import Roles
from locker.api.routes import openapi
from simulator.locker_sim import LockerSim
from tests.contracts.forgery import Due, Forged, Forger, any_bytes
from tests.contracts.siege import KNOWN, Siege, State, ask, judge, judge_form

LONG = os.environ.get("FORGERY") == "long"
FORGER = Forger(openapi(), KNOWN)
STATES = st.integers(0, 4)
STILL = ("compartments", "parcels", "incidents?all=true", "journal?limit=500", "audit", "commission")
"""What of an automat does not change while nobody uses it."""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: only root can ask as somebody else")


def asked(count: int) -> settings:
    """Ask so often."""
    return settings(
        max_examples=10 * count if LONG else count,
        deadline=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
        phases=[phase for phase in Phase if phase is not Phase.explain],
    )


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that everybody may enter: pytest's own are closed to other users."""
    made = Path(tempfile.mkdtemp(prefix="siege-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
async def siege(
    directory: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Siege]:
    """An automat that serves, and never says that it failed."""
    caplog.set_level(logging.ERROR)
    monkeypatch.setattr(server, "LINGERING_S", 0.01)  # how long half a request is waited for
    siege = Siege(directory / "lockerd.sock")
    async with siege.serving(siege.path, siege.events):
        yield siege
    assert [each.getMessage() for each in caplog.records if each.name.startswith("locker")] == []


def same(siege: Siege, state: State, number: int) -> bool:
    """Tell whether nothing changed, and nobody was told anything."""
    return (
        siege.automat == state.automat
        and siege.head == state.head
        and len(siege.journal) == state.length
        and siege.events.number == number
        and siege.desk.asked == []
    )


async def tried(siege: Siege, state: int, forged: Forged, *, viewer: bool = False) -> None:
    """Ask, judge the answer, see that only an action that was done changes anything."""
    before, number = siege.put_back(state), siege.events.number
    reply = await ask(siege.path, forged.raw, viewer=viewer)
    judge(forged, reply, refused=403 if viewer else None)
    done = reply is not None and reply.status == 200 and forged.method == "POST"
    assert done or same(siege, before, number)


@pytest.mark.timeout(900)
@asked(3_000)
@given(state=STATES, forged=FORGER.valid())
async def test_what_the_document_allows_is_understood(siege: Siege, state: int, forged: Forged) -> None:
    await tried(siege, state, forged)


@pytest.mark.timeout(900)
@asked(5_500)
@given(state=STATES, forged=FORGER.wrong())
async def test_what_it_does_not_allow_is_refused_and_changes_nothing(
    siege: Siege, state: int, forged: Forged
) -> None:
    await tried(siege, state, forged)


@needs_root
@asked(1_000)
@given(state=STATES, forged=FORGER.valid(FORGER.actions) | FORGER.wrong_body())
async def test_a_viewer_changes_nothing_whatever_it_asks(siege: Siege, state: int, forged: Forged) -> None:
    await tried(siege, state, forged, viewer=True)


@asked(500)
@given(state=STATES, raw=any_bytes(FORGER))
async def test_noise_changes_nothing(siege: Siege, state: int, raw: bytes) -> None:
    before, number = siege.put_back(state), siege.events.number
    reply = await ask(siege.path, raw, end=True)
    if reply is not None and reply.status != 200:
        assert 400 <= reply.status < 500
        if reply.body:  # a HEAD is answered without one
            judge_form(reply)
    by_chance = reply is not None and reply.status == 200 and raw.startswith(b"POST")
    assert by_chance or same(siege, before, number)


async def all_tried(siege: Siege, forgeries: Sequence[Forged], *, viewer: bool = False) -> None:
    """Try one after the other."""
    for forged in forgeries:
        await tried(siege, 0, forged, viewer=viewer)


def drawn(count: int) -> list[Forged]:
    """Draw so many wrong requests."""
    found: list[Forged] = []

    @settings(asked(count), phases=[Phase.generate])
    @given(forged=FORGER.wrong())
    def draw(forged: Forged) -> None:
        found.append(forged)

    draw()
    return found


@pytest.mark.parametrize(
    ("safeguard", "without", "why"),
    [("_once_each", dict, "a field twice"), ("BODY_BYTES_MOST", 1 << 30, "too long")],
)
async def test_a_check_that_is_missing_is_noticed(
    siege: Siege, monkeypatch: pytest.MonkeyPatch, safeguard: str, without: object, why: str
) -> None:
    # What is drawn depends on the modules that were imported before: of 400 there may be none of these.
    forgeries = [forged for forged in drawn(2_000) if forged.why == why]
    await all_tried(siege, forgeries)
    monkeypatch.setattr(reading, safeguard, without)

    with pytest.raises(AssertionError):
        await all_tried(siege, forgeries)


@pytest.mark.parametrize(
    ("way", "header"),
    [("handle_error", ("Content-Length", "x")), ("finish_response", ("Expect", "the unexpected"))],
)
async def test_a_refusal_in_the_librarys_own_form_is_noticed(
    siege: Siege, monkeypatch: pytest.MonkeyPatch, way: str, header: tuple[str, str]
) -> None:
    forged = Forged("GET", "/v1/status", Due.REFUSAL, headers=(header,))
    await tried(siege, 0, forged)
    monkeypatch.delattr(Protocol, way)

    with pytest.raises(AssertionError):
        await tried(siege, 0, forged)


@needs_root
async def test_a_role_that_is_not_asked_for_is_noticed(siege: Siege, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Roles, "role_of", lambda *_: "technician")

    actions = [forged for forged in drawn(100) if forged.method == "POST"]
    with pytest.raises(AssertionError):
        await all_tried(siege, actions, viewer=True)


@pytest.mark.broker
def test_the_real_daemon_serves_as_before(locker_sim: LockerSim) -> None:
    parcel = locker_sim.deliver()
    before = [locker_sim.ask(f"/v1/{name}") for name in STILL]

    async def besiege() -> None:
        for forged in drawn(400):
            judge(forged, await ask(locker_sim.socket, forged.raw))

    asyncio.run(besiege())

    assert [locker_sim.ask(f"/v1/{name}") for name in STILL] == before
    assert len(locker_sim.collect(parcel)) == 1
    locker_sim.audit()
