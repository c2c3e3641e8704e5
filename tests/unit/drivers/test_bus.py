import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from drivers.base import ignore
from drivers.bus import Bus, BusSettings, Question
from drivers.errors import CallerMistake, LineBusy, LineDown, NoAnswer
from drivers.keeper import PortKeeper
from drivers.port import PortSettings
from drivers.xor_bcc import codec
from tests.unit.drivers.support import HostileWire, MemoryLine, PtyDevice

READ_1 = codec.encode_read(1, 1)
READ_2 = codec.encode_read(1, 2)
UNLOCK_3 = codec.encode_unlock(1, 3)
SETTINGS = BusSettings(gap_s=0.0, frame_silence_s=0.01)


def reply_to(request: bytes, status: int = codec.CONTACT_OPEN) -> bytes:
    body = bytes((*request[:3], status))
    return body + bytes((body[0] ^ body[1] ^ body[2] ^ body[3],))


def question(
    request: bytes, *, urgent: bool = False, attempts: int = 1, timeout_s: float = 5.0
) -> Question[codec.Reply]:
    return Question(
        request=request,
        decoder=codec.ReplyDecoder,
        matcher=lambda: codec.ReplyMatcher(request, echo=False),
        reply_timeout_s=timeout_s,
        attempts=attempts,
        urgent=urgent,
    )


class Served:
    """A bus over memory; `unasked` is what nobody had asked for."""

    def __init__(self) -> None:
        self.line = MemoryLine()
        self.bus = Bus(self.line, SETTINGS)
        self.unasked: list[object] = []
        self.bus.listen(codec.ReplyDecoder(), self.unasked.append)
        self.bus.start()

    def ask(self, *args: Question[codec.Reply]) -> list["asyncio.Task[codec.Reply]"]:
        return [asyncio.get_running_loop().create_task(self.bus.ask(one)) for one in args]


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    made = Served()
    async with asyncio.timeout(10):
        yield made
        await made.bus.stop()


async def test_one_request_at_a_time(served: Served) -> None:
    first, second = served.ask(question(READ_1), question(READ_2))
    await served.line.until_written(1)
    await asyncio.sleep(0)
    assert served.line.written == [READ_1]
    served.line.arrive(reply_to(READ_1))
    await first
    await served.line.until_written(2)
    served.line.arrive(reply_to(READ_2))
    assert (await second) == codec.ShortReply(codec.READ, 1, 2, 0)


async def test_an_unlock_overtakes_polls_but_interrupts_none(served: Served) -> None:
    served.line.device = lambda line, request: line.arrive(reply_to(request))
    polls = [question(READ_1), question(READ_2), question(READ_2)]
    tasks = served.ask(*polls, question(UNLOCK_3, urgent=True))
    await asyncio.gather(*tasks)
    assert served.line.written == [UNLOCK_3, READ_1, READ_2, READ_2]
    served.line.written.clear()
    served.line.device = ignore
    under_way = served.ask(question(READ_1), question(READ_2))
    await served.line.until_written(1)
    (unlock,) = served.ask(question(UNLOCK_3, urgent=True))
    served.line.device = lambda line, request: line.arrive(reply_to(request))
    served.line.arrive(reply_to(READ_1))
    await asyncio.gather(*under_way, unlock)
    assert served.line.written == [READ_1, UNLOCK_3, READ_2]


async def test_an_unlock_overtakes_the_second_attempt_of_a_poll(served: Served) -> None:
    (poll,) = served.ask(question(READ_1, attempts=2, timeout_s=0.02))
    await served.line.until_written(1)
    (unlock,) = served.ask(question(UNLOCK_3, urgent=True))
    served.line.device = lambda line, request: line.arrive(reply_to(request))
    await asyncio.gather(poll, unlock)
    assert served.line.written == [READ_1, UNLOCK_3, READ_1]


async def test_an_unanswered_unlock_is_written_once(served: Served) -> None:
    with pytest.raises(NoAnswer):
        await served.bus.ask(question(UNLOCK_3, urgent=True, timeout_s=0.01))
    assert served.line.written == [UNLOCK_3]
    assert served.line.discarded == 1


def test_an_urgent_request_cannot_even_be_described_as_repeated() -> None:
    with pytest.raises(CallerMistake):
        question(UNLOCK_3, urgent=True, attempts=2)


async def test_answers_of_others_do_not_count(served: Served) -> None:
    (task,) = served.ask(question(READ_1))
    await served.line.until_written(1)
    other_board = codec.encode_read(2, 1)
    for wrong in (other_board, READ_2, UNLOCK_3):
        served.line.arrive(reply_to(wrong))
    served.line.arrive(reply_to(READ_1, codec.CONTACT_CLOSED))
    assert await task == codec.ShortReply(codec.READ, 1, 1, codec.CONTACT_CLOSED)
    assert len(served.unasked) == 3


async def test_a_late_answer_is_not_taken_for_the_next_question(served: Served) -> None:
    with pytest.raises(NoAnswer):
        await served.bus.ask(question(READ_1, timeout_s=0.01))
    served.line.hold(reply_to(READ_1, codec.CONTACT_CLOSED))
    (task,) = served.ask(question(READ_1))
    await served.line.until_written(2)
    served.line.arrive(reply_to(READ_1, codec.CONTACT_OPEN))
    assert await task == codec.ShortReply(codec.READ, 1, 1, codec.CONTACT_OPEN)
    assert served.unasked == [codec.ShortReply(codec.READ, 1, 1, codec.CONTACT_CLOSED)]


async def test_a_report_is_heard_during_before_and_after_a_request(served: Served) -> None:
    report = reply_to(bytes((0x81, 1, 7)))
    served.line.arrive(report)
    await asyncio.sleep(0)
    (task,) = served.ask(question(READ_1))
    await served.line.until_written(1)
    served.line.arrive(report + reply_to(READ_1) + report[:2])
    await task
    served.line.arrive(report[2:])
    served.line.collect_input()
    assert served.unasked == [codec.ShortReply(0x81, 1, 7, 0)] * 3


async def test_quiet_ends_a_frame(served: Served) -> None:
    report = reply_to(bytes((0x81, 1, 7)))
    served.line.on_bytes(report[:3])
    loop = asyncio.get_running_loop()
    quiet = asyncio.Event()
    loop.call_later(3 * SETTINGS.frame_silence_s, quiet.set)
    await quiet.wait()
    served.line.on_bytes(report[3:])
    assert served.unasked == []


async def test_a_cancelled_caller_sends_nothing_and_breaks_nothing(served: Served) -> None:
    first, unlock, last = served.ask(question(READ_1), question(UNLOCK_3, urgent=False), question(READ_2))
    await served.line.until_written(1)
    unlock.cancel()
    first.cancel()
    served.line.device = lambda line, request: line.arrive(reply_to(request))
    served.line.arrive(reply_to(READ_1))
    await last
    assert served.line.written == [READ_1, READ_2]


async def test_a_lost_line_tells_sent_from_unsent(served: Served) -> None:
    sent, unsent = served.ask(question(UNLOCK_3, urgent=True), question(READ_1, attempts=2))
    await served.line.until_written(1)
    served.line.cut()
    with pytest.raises(NoAnswer, match="unplugged"):
        await sent
    with pytest.raises(LineDown, match="unplugged"):
        await unsent
    with pytest.raises(LineDown):
        await served.bus.ask(question(READ_1))
    served.line.mend()
    served.line.device = lambda line, request: line.arrive(reply_to(request))
    await served.bus.ask(question(READ_1))
    assert served.line.written == [UNLOCK_3, READ_1]


async def test_a_full_queue_refuses(served: Served) -> None:
    tasks = served.ask(*[question(READ_1)] * (SETTINGS.waiting_limit + 5))
    done, waiting = await asyncio.wait(tasks, timeout=0.01)
    assert done
    assert all(isinstance(task.exception(), LineBusy) for task in done)
    for task in waiting:
        task.cancel()


async def test_stopping_answers_everybody(served: Served) -> None:
    sent, waiting = served.ask(question(READ_1), question(READ_2))
    await served.line.until_written(1)
    await served.bus.stop()
    with pytest.raises(NoAnswer):
        await sent
    with pytest.raises(LineDown):
        await waiting


async def test_a_codec_that_breaks_reaches_its_caller_and_nobody_else(served: Served) -> None:
    def broken() -> codec.ReplyDecoder:
        raise ZeroDivisionError

    served.line.device = lambda line, request: line.arrive(reply_to(request))
    with pytest.raises(ZeroDivisionError):
        await served.bus.ask(replace(question(READ_1), decoder=broken))
    await served.bus.ask(question(READ_2))


async def test_the_gap_between_requests_is_kept() -> None:
    line = MemoryLine(lambda line, request: line.arrive(reply_to(request)))
    bus = Bus(line, BusSettings(gap_s=0.02))
    bus.start()
    loop = asyncio.get_running_loop()
    await bus.ask(question(READ_1))
    before_s = loop.time()
    await bus.ask(question(READ_1))
    assert loop.time() - before_s >= 0.015
    await bus.stop()


@pytest.mark.parametrize("seed", range(20))
async def test_a_hostile_wire_never_gives_a_wrong_answer(seed: int) -> None:
    wire = HostileWire(seed, loss=0.2, noise=0.5, echo=seed % 2 == 1)

    def device(line: MemoryLine, request: bytes) -> None:
        # The contact says which channel was asked, so that a mixed-up answer shows.
        status = codec.CONTACT_CLOSED if request[2] % 2 else codec.CONTACT_OPEN
        for chunk in wire.carry(request, reply_to(request, status)):
            line.arrive(chunk)

    bus = Bus(MemoryLine(device), BusSettings(gap_s=0.0, frame_silence_s=0.002))
    bus.start()
    answered = 0
    async with asyncio.timeout(30):
        for number in range(50):
            channel = number % 24 + 1
            try:
                reply = await bus.ask(question(codec.encode_read(1, channel), attempts=2, timeout_s=0.005))
            except NoAnswer:
                continue
            expected = codec.CONTACT_CLOSED if channel % 2 else codec.CONTACT_OPEN
            assert reply == codec.ShortReply(codec.READ, 1, channel, expected)
            answered += 1
    await bus.stop()
    assert answered >= 40


async def test_a_real_pty_one_byte_at_a_time(device: PtyDevice) -> None:
    keeper = PortKeeper(PortSettings(str(device.link)))
    bus = Bus(keeper)
    up = asyncio.Event()
    keeper.on_up = up.set
    keeper.start()
    bus.start()
    async with asyncio.timeout(5):
        await up.wait()
        task = asyncio.get_running_loop().create_task(bus.ask(question(READ_1)))
        assert await device.read(5) == READ_1
        for byte in b"\xfb\xff" + READ_1 + reply_to(READ_1):
            device.write(bytes((byte,)))
            await asyncio.sleep(0)
        assert await task == codec.ShortReply(codec.READ, 1, 1, 0)
        sent = asyncio.get_running_loop().create_task(bus.ask(question(READ_2)))
        await device.read(5)
        device.unplug()
        with pytest.raises(NoAnswer):
            await sent
    await bus.stop()
    await keeper.stop()


async def test_an_answer_that_lies_in_the_port_when_the_time_is_over_still_counts(served: Served) -> None:
    """The loop was blocked: it was this program that was late, not the board."""
    (task,) = served.ask(question(READ_1, timeout_s=0.01))
    await served.line.until_written(1)
    served.line.hold(reply_to(READ_1))
    assert await task == codec.ShortReply(codec.READ, 1, 1, codec.CONTACT_OPEN)
    assert served.line.discarded == 0


async def test_urgent_requests_are_told_with_the_time_at_which_they_leave(served: Served) -> None:
    left: list[float] = []
    served.bus.on_urgent_sent = left.append
    served.line.device = lambda line, request: line.arrive(reply_to(request))
    served.line.quiet_at_s = asyncio.get_running_loop().time() + 0.01
    await asyncio.gather(*served.ask(question(READ_1), question(UNLOCK_3, urgent=True)))
    assert left == [served.line.quiet_at_s]
