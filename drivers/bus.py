"""A half-duplex bus: one request at a time, unlocks before polls, nothing urgent sent twice."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from drivers.base import Decoder, Line, ignore
from drivers.errors import CallerMistake, DriverError, Garbled, LineBusy, LineDown, LineLost, NoAnswer
from drivers.statistics import BusStatistics

FrameT = TypeVar("FrameT")
ProblemT = TypeVar("ProblemT", bound=DriverError)

HEARD_BYTES_MOST = 256
"""Kept of what came while an answer was awaited, to tell garbage from silence."""


@dataclass(frozen=True, slots=True)
class BusSettings:
    """Timing shared by all boards of one bus.

    Sources of the defaults: a gap of 5 ms is used in the field; USB adapters deliver in steps
    of 16 ms, so less than 50 ms of quiet does not prove the end of a frame.
    """

    gap_s: float = 0.005
    frame_silence_s: float = 0.05
    waiting_limit: int = 64


@dataclass(frozen=True, slots=True)
class Question(Generic[FrameT]):
    """One request and how to know its answer. Decoder and matcher are made anew per attempt.

    `reply_timeout_s` counts from the moment the last byte left; `attempts` above one is only for
    requests that change nothing.
    """

    request: bytes
    decoder: Callable[[], Decoder[FrameT]]
    matcher: Callable[[], Callable[[FrameT], bool]]
    reply_timeout_s: float
    attempts: int = 1
    urgent: bool = False

    def __post_init__(self) -> None:
        if self.urgent and self.attempts != 1:
            raise CallerMistake("an urgent request is never repeated")


@dataclass(slots=True)
class _Job:
    request: bytes
    question: Question[Any] | None  # None: no answer is expected
    urgent: bool
    attempts_left: int
    done: "asyncio.Future[Any]"


@dataclass(slots=True)
class _Attempt:
    """The request that is on the wire now."""

    decoder: Decoder[Any]
    matches: Callable[[Any], bool]
    reply: "asyncio.Future[Any]"
    heard: bytes = b""  # until the first frame: tells an answer that is no frame from no answer


@dataclass(frozen=True, slots=True)
class _Listener:
    decoder: Decoder[Any]
    on_frame: Callable[[Any], None]


class Bus:
    """Owns one line. `ask` and `tell` wait their turn; `listen` hears what nobody asked for."""

    def __init__(self, line: Line, settings: BusSettings | None = None) -> None:
        self.on_urgent_sent: Callable[[float], None] = ignore
        """Told of each urgent request, with the loop time at which its last byte leaves the wire."""
        self.statistics = BusStatistics()
        self._line = line
        self._settings = settings or BusSettings()
        self._urgent: deque[_Job] = deque()
        self._patient: deque[_Job] = deque()
        self._wake = asyncio.Event()
        self._attempt: _Attempt | None = None
        self._listeners: list[_Listener] = []
        self._silence: asyncio.TimerHandle | None = None
        self._free_at_s = 0.0
        self._task: asyncio.Task[None] | None = None
        line.on_bytes = self._heard
        line.on_down = self._line_went_down

    def start(self) -> None:
        """Begin to serve requests."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._serve(), name=f"bus {self._line.name}")

    async def stop(self) -> None:
        """Serve no more; whoever still waits gets LineDown."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._cancel_silence()
        self._refuse_waiting(f"{self._line.name}: the bus was stopped")

    def listen(self, decoder: Decoder[FrameT], on_frame: Callable[[Any], None]) -> None:
        """Give `on_frame` each frame that answers no request.

        Frames heard while a request is under way were decoded for that request and may be of
        another family: the listener checks the type.
        """
        self._listeners.append(_Listener(decoder, on_frame))

    async def ask(self, question: Question[FrameT]) -> FrameT:
        """Send and await the answer. LineDown, LineBusy: not sent. NoAnswer: sent, at least partly.

        A caller cancelled before its turn sends nothing; cancelled later, the exchange still ends.
        """
        answer: FrameT = await self._enqueue(
            question.request, question, urgent=question.urgent, attempts=question.attempts
        )
        return answer

    async def tell(self, request: bytes, *, urgent: bool = False) -> None:
        """Send what is never answered; returns when the last byte has left the wire, or the bus is stopped.

        LineDown, LineBusy: not sent.
        """
        await self._enqueue(request, None, urgent=urgent, attempts=1)

    async def _enqueue(
        self, request: bytes, question: Question[Any] | None, *, urgent: bool, attempts: int
    ) -> Any:
        if not self._line.is_up:
            raise self._counted(LineDown(f"{self._line.name}: the port is not open"))
        if self._task is None:
            raise LineDown(f"{self._line.name}: the bus is not running")
        self._forget_cancelled()
        queue = self._urgent if urgent else self._patient
        if len(queue) >= self._settings.waiting_limit:
            raise self._counted(LineBusy(f"{self._line.name}: {len(queue)} requests wait already"))
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        queue.append(_Job(request, question, urgent, attempts, done))
        self._wake.set()
        return await done

    async def _serve(self) -> None:
        while True:
            self._forget_cancelled()
            if not (self._urgent or self._patient):
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._wait_until(self._free_at_s)
            job = self._next_job()
            if job is None:
                continue
            quiet_at_s = 0.0
            try:
                answer = await self._serve_one(job)
            except NoAnswer as problem:
                quiet_at_s = self._line.quiet_at_s
                self._try_again_or_fail(job, self._counted(problem))
            except (LineDown, LineBusy) as problem:
                _settle(job.done, self._counted(problem))
            except asyncio.CancelledError:
                if job.question is not None:
                    _settle(job.done, NoAnswer(f"{self._line.name}: the bus was stopped"))
                elif not job.done.done():
                    job.done.set_result(None)  # it is on the wire, and nothing was to come of it here
                raise
            except Exception as problem:  # noqa: BLE001 - the caller gets it; the bus serves the others
                _settle(job.done, problem)
            else:
                if not job.done.done():
                    job.done.set_result(answer)
            finally:
                # An answer proves that the request has left, whatever the baud rate says.
                self._free_at_s = max(self._now_s(), quiet_at_s) + self._settings.gap_s

    def _next_job(self) -> _Job | None:
        self._forget_cancelled()
        if self._urgent:
            return self._urgent.popleft()
        return self._patient.popleft() if self._patient else None

    async def _serve_one(self, job: _Job) -> Any:
        # What arrived until now answers nothing that is still to be asked.
        self._line.collect_input()
        self._end_silence()
        if job.question is None:
            self._write(job)
            await self._wait_until(self._line.quiet_at_s)
            return None
        attempt = _Attempt(
            job.question.decoder(),
            job.question.matcher(),
            asyncio.get_running_loop().create_future(),
        )
        self._write(job)
        written_s = self._now_s()
        self._attempt = attempt
        limit_s = max(self._now_s(), self._line.quiet_at_s) + job.question.reply_timeout_s
        try:
            await asyncio.wait((attempt.reply,), timeout=limit_s - self._now_s())
            if not attempt.reply.done():
                # The answer may lie in the port, if it was this program that had no time for it.
                self._line.collect_input()
            if attempt.reply.done():
                answer = attempt.reply.result()
                self.statistics.note_answered(self._now_s() - written_s)
                return answer
            attempt.reply.cancel()
            # A request that a hung adapter still holds must not go out later, on its own.
            self._line.discard_output()
            within = f"within {job.question.reply_timeout_s:g} s"
            if attempt.heard not in (b"", job.request):  # some boards and converters echo
                raise Garbled(f"{self._line.name}: no valid answer {within}, only bytes of no frame")
            raise NoAnswer(f"{self._line.name}: no valid answer {within}")
        finally:
            self._attempt = None
            self._cancel_silence()
            left = attempt.decoder.rest()
            if left:
                self._heard(left)

    def _write(self, job: _Job) -> None:
        self._line.write(job.request)
        self.statistics.note_sent(self._now_s())
        if job.urgent:
            self.on_urgent_sent(max(self._now_s(), self._line.quiet_at_s))

    def _try_again_or_fail(self, job: _Job, problem: NoAnswer) -> None:
        job.attempts_left -= 1
        if job.attempts_left > 0 and self._line.is_up and not job.done.done():
            # To the front of its own kind: an unlock that waits still goes first.
            (self._urgent if job.urgent else self._patient).appendleft(job)
        else:
            _settle(job.done, problem)

    def _heard(self, data: bytes) -> None:
        attempt = self._attempt
        if attempt is None or attempt.reply.done():
            for listener in tuple(self._listeners):
                self._tell_all(listener, listener.decoder.feed(data))
        else:
            if len(attempt.heard) < HEARD_BYTES_MOST:
                attempt.heard += data
            self._judge(attempt, attempt.decoder.feed(data))
        self._cancel_silence()
        self._silence = asyncio.get_running_loop().call_later(
            self._settings.frame_silence_s, self._end_silence
        )

    def _judge(self, attempt: _Attempt, frames: list[Any]) -> None:
        if frames:
            attempt.heard = b""
            self.statistics.frames.note(self._now_s(), len(frames))
        for frame in frames:
            if not attempt.reply.done() and attempt.matches(frame):
                attempt.reply.set_result(frame)
            else:
                for listener in tuple(self._listeners):
                    listener.on_frame(frame)

    def _end_silence(self) -> None:
        """The line was quiet: bytes before and after it never form one frame."""
        self._cancel_silence()
        if self._attempt is not None:
            self._judge(self._attempt, self._attempt.decoder.silence())
        for listener in tuple(self._listeners):
            self._tell_all(listener, listener.decoder.silence())

    def _cancel_silence(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def _line_went_down(self, reason: str) -> None:
        attempt = self._attempt
        if attempt is not None and not attempt.reply.done():
            attempt.reply.set_exception(
                LineLost(f"{self._line.name}: the line was lost before the answer: {reason}")
            )
        self._refuse_waiting(f"{self._line.name}: {reason}")

    def _refuse_waiting(self, reason: str) -> None:
        for queue in (self._urgent, self._patient):
            while queue:
                _settle(queue.popleft().done, LineDown(reason))

    def _forget_cancelled(self) -> None:
        for queue in (self._urgent, self._patient):
            if any(job.done.done() for job in queue):
                waiting = [job for job in queue if not job.done.done()]
                queue.clear()
                queue.extend(waiting)

    def _tell_all(self, listener: _Listener, frames: list[Any]) -> None:
        if frames:
            self.statistics.frames.note(self._now_s(), len(frames))
        for frame in frames:
            listener.on_frame(frame)

    def _counted(self, problem: ProblemT) -> ProblemT:
        self.statistics.note_error(problem.kind)
        return problem

    async def _wait_until(self, at_s: float) -> None:
        wait_s = at_s - self._now_s()
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()


def _settle(done: "asyncio.Future[Any]", problem: Exception) -> None:
    if not done.done():
        done.set_exception(problem)
