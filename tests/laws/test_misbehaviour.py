"""The sixteen ways in which real boards misbehave, by number, against the driver of every family.

A driver survives: it raises nothing but NoAnswer for a reading, writes one unlock frame an unlock, and is in
step again at the first good exchange. No lock is pulsed but the one asked for, no contact told but as it was.
What needs doors or ports is in test_misbehaviour_doors.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest

from drivers.base import Contact, UnlockAnswer
from drivers.errors import NoAnswer
from drivers.registry import LOCK_BOARDS
from simulator.boards.families import BOARDS
from simulator.virtual_loop import run
from tests.laws.stand import UNPROTECTED, Stand, address_of, has_setting

FAMILIES = sorted(set(LOCK_BOARDS) & set(BOARDS))
EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES)
ASKED, NEIGHBOUR, OPEN_DOOR = 3, 4, 5


class Trial:
    """One board with door 5 open, and what may be done with it."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.answers: list[UnlockAnswer] = []

    async def unlock(self, *, pulses: int = 1) -> UnlockAnswer:
        """Unlock door 3; whatever goes wrong, its frame goes out once and no other lock moves."""
        stand = self.stand
        stand.locks.move(ASKED, closed=True)
        sent, pulsed, began_s = len(stand.modem.written), len(stand.locks.pulsed), self.now_s()
        answer = await stand.driver.unlock(ASKED)
        assert stand.pulses_written(stand.modem.written[sent:]) == [ASKED]
        assert stand.locks.pulsed[pulsed:] == [ASKED] * pulses
        assert answer.contact is None or stand.locks.was(ASKED, answer.contact, began_s)
        return answer

    async def read(self, since_s: float | None = None) -> bool:
        """Read all doors; tell whether the board was understood. What it is understood to say is so."""
        stand = self.stand
        pulsed, began_s = len(stand.locks.pulsed), self.now_s() if since_s is None else since_s
        try:
            contacts = await stand.driver.read_contacts()
        except NoAnswer:
            return False
        finally:
            assert stand.locks.pulsed[pulsed:] == []
        for channel, contact in contacts.items():
            if channel <= stand.channels:
                assert stand.locks.was(channel, contact, began_s), f"channel {channel} was not {contact}"
        return True

    async def healed(self) -> None:
        """Without the faults, and with no late answer under way, the first exchanges are good."""
        self.stand.heal()
        await asyncio.sleep(60)
        assert await self.read()
        await self.unlock()
        assert await self.read()

    @staticmethod
    def now_s() -> float:
        return asyncio.get_running_loop().time()


def tried(
    family: str,
    course: Callable[[Trial], Awaitable[None]],
    *faults: tuple[str, float],
    known: dict[str, Any] | None = None,
) -> None:
    """Let a course be run on a misbehaving board, and then the good exchanges."""

    async def main() -> None:
        stand = Stand(family, known or {})
        await stand.driver.rest_outputs()
        stand.locks.move(OPEN_DOOR, closed=False)
        trial = Trial(stand)
        assert await trial.read()
        for name, value in faults:
            stand.set_fault(name, value)
        await course(trial)
        await trial.healed()
        await stand.stop()

    run(main())


async def both(trial: Trial) -> None:
    """Read, unlock, read."""
    await trial.read()
    await trial.unlock()
    await trial.read()


def echo_of(family: str) -> dict[str, Any]:
    return {"echo": True} if has_setting(family, "echo") else {}


@EVERY_FAMILY
def test_01_a_lock_that_acts_without_an_answer_is_pulsed_once_and_seen_by_reading(family: str) -> None:
    async def course(trial: Trial) -> None:
        await trial.unlock()
        assert await trial.read()

    tried(family, course, ("no-unlock-answer", True))


@EVERY_FAMILY
def test_02_an_answer_after_the_pulse_is_waited_for_and_no_frame_opens_all(family: str) -> None:
    async def course(trial: Trial) -> None:
        await trial.unlock()
        assert await trial.read(since_s=0.0)

    tried(family, course, ("answer-after-pulse", True))


@EVERY_FAMILY
@pytest.mark.parametrize("echo", ["echo", "echo-request"])
def test_03_a_request_heard_back_is_no_answer(family: str, echo: str) -> None:
    async def main() -> None:
        stand = Stand(family, echo_of(family))
        stand.set_fault(echo, True)
        await stand.driver.rest_outputs()
        stand.locks.move(OPEN_DOOR, closed=False)
        trial = Trial(stand)
        for _ in range(2):
            assert await trial.read()
            await trial.unlock()
        await stand.stop()

    run(main())


@EVERY_FAMILY
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_04_garbage_in_front_of_a_frame_is_passed_over(family: str, count: int) -> None:
    async def course(trial: Trial) -> None:
        assert await trial.read()
        await trial.unlock()
        assert await trial.read()

    tried(family, course, ("garbage-in-front", count))


@EVERY_FAMILY
@pytest.mark.parametrize("gap_s", [0.001, 0.016, 0.03])
def test_05_a_frame_in_pieces_is_one_frame(family: str, gap_s: float) -> None:
    async def course(trial: Trial) -> None:
        trial.stand.modem.cut_into = 2
        assert await trial.read()
        await trial.unlock()

    tried(family, course, ("fragmented-replies", gap_s))


@EVERY_FAMILY
def test_05_two_frames_in_one_read_tell_nothing_older_than_the_exchange_before(family: str) -> None:
    async def course(trial: Trial) -> None:
        before_s = trial.now_s()
        assert await trial.read(since_s=0.0)
        trial.stand.locks.move(NEIGHBOUR, closed=False)
        # No frame carries a number: the copy of the answer before is believed, once; above it takes two.
        assert await trial.read(since_s=before_s)
        await trial.unlock()

    tried(family, course, ("stale-answer-in-front", True))


@EVERY_FAMILY
@pytest.mark.parametrize("late_s", [0.3, 0.79, 1.3, 2.5, 4.0])
def test_06_a_late_answer_answers_nothing_else(family: str, late_s: float) -> None:
    async def course(trial: Trial) -> None:
        for _ in range(3):
            began_s = trial.now_s()
            await trial.read(since_s=began_s - 5)
            await trial.unlock()

    tried(family, course, ("late-answer", late_s))


@EVERY_FAMILY
@pytest.mark.parametrize("fault", ["wrong-address", "wrong-channel"])
def test_06_an_answer_of_another_board_or_channel_is_none(family: str, fault: str) -> None:
    async def course(trial: Trial) -> None:
        # What is told of a whole board names no channel, so that such an answer stays as it is.
        assert await trial.read() is (fault == "wrong-channel")
        answer = await trial.unlock()
        # Kerong boards answer no unlock: theirs is looked up in a block.
        if fault == "wrong-address" or not family.startswith("kerong"):
            assert answer.contact is None

    tried(family, course, (fault, True))


@EVERY_FAMILY
@pytest.mark.parametrize("head", [0x81, 0x82])
def test_09_a_report_in_the_middle_of_an_answer_spoils_no_more_than_that_answer(
    family: str, head: int
) -> None:
    tried(family, both, ("unsolicited-reports", head), ("report-within-answer", True))


@EVERY_FAMILY
def test_10_another_function_code_or_header_moves_nothing_else(family: str) -> None:
    tried(family, both, ("alternate-function", True))


def test_10_boards_known_to_use_another_function_code_or_header_are_understood() -> None:
    async def course(trial: Trial) -> None:
        assert await trial.read()
        await trial.unlock()

    tried("winnsen", course, ("alternate-function", True))
    for family in FAMILIES:
        if has_setting(family, "alternate_header"):
            tried(family, course, ("alternate-function", True), known={"alternate_header": True})


@EVERY_FAMILY
def test_11_a_lock_that_must_rest_is_not_pulsed_again_and_answers_later(family: str) -> None:
    async def course(trial: Trial) -> None:
        await trial.unlock()
        await trial.unlock(pulses=0)
        assert await trial.read()
        await asyncio.sleep(15)
        await trial.unlock()

    tried(family, course, ("duty-cycle", 15.0))


@EVERY_FAMILY
def test_12_a_busy_board_misses_an_unlock_and_obeys_after_another_command(family: str) -> None:
    async def course(trial: Trial) -> None:
        await trial.unlock()
        assert await trial.read()
        await trial.unlock()
        assert await trial.read()

    tried(family, course, ("busy", True))


@EVERY_FAMILY
def test_13_an_answer_with_a_wrong_checksum_is_none(family: str) -> None:
    async def course(trial: Trial) -> None:
        assert not await trial.read()
        await trial.unlock()
        assert not await trial.read()

    tried(family, course, ("wrong-checksum", True))


@EVERY_FAMILY
def test_15_two_boards_of_one_address_are_heard_as_none(family: str) -> None:
    if family in UNPROTECTED:
        pytest.skip("its frames have no checksum: PROTOCOL.md names what may pass")

    async def main() -> None:
        stand = Stand(family, {}, others=[address_of(family)])
        for door in range(1, stand.channels + 1, 2):
            stand.other_locks[0].move(door, closed=False)
        for _ in range(5):
            with pytest.raises(NoAnswer):
                await stand.driver.read_contacts()
        assert stand.locks.pulsed == stand.other_locks[0].pulsed == []
        # Nothing on a wire keeps the twin from obeying: above, no lock is pulsed whose door is unknown.
        answer = await stand.driver.unlock(ASKED)
        assert answer.contact is None
        assert set(stand.locks.pulsed + stand.other_locks[0].pulsed) == {ASKED}
        await stand.stop()

    run(main())


def test_every_misbehaviour_has_its_test() -> None:
    from tests.laws import test_misbehaviour_doors  # looked at here only

    names: Iterable[str] = [*globals(), *vars(test_misbehaviour_doors)]
    numbers = {name.split("_")[1] for name in names if name.startswith("test_")}
    assert {f"{number:02}" for number in range(1, 17)} <= numbers


@EVERY_FAMILY
def test_a_neighbour_on_the_line_hears_everything_and_does_nothing(family: str) -> None:
    async def main() -> None:
        stand = Stand(family, {}, others=[address_of(family) + 1])
        for channel in range(1, stand.channels + 1):
            await stand.driver.unlock(channel)
        contacts = await stand.driver.read_contacts()
        assert {contacts[n] for n in range(1, stand.channels + 1)} == {Contact.OPEN}
        assert stand.other_locks[0].pulsed == []
        await stand.stop()

    run(main())
