"""The loop of virtual time keeps the order of the real one, and never waits."""

import asyncio
import os
import selectors
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from simulator.virtual_loop import (
    LOOK_EVERY,
    NothingWillHappenError,
    TaskLeftError,
    TimeStandsStillError,
    run,
)

DAY_S = 86_400.0


def test_sixty_days_pass_in_a_moment_and_exactly() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        for _ in range(60):
            await asyncio.sleep(DAY_S)
        return loop.time()

    began_s = time.perf_counter()
    assert run(main()) == pytest.approx(60 * DAY_S, abs=1e-6)
    assert time.perf_counter() - began_s < 5


def test_timers_fire_in_order_at_their_own_times() -> None:
    async def main() -> list[tuple[str, float]]:
        loop = asyncio.get_running_loop()
        fired: list[tuple[str, float]] = []

        def fire(name: str) -> None:
            fired.append((name, round(loop.time(), 6)))

        for name, delay_s in (("late", 0.3), ("early", 0.1), ("middle", 0.2), ("never", 9.0)):
            loop.call_later(delay_s, fire, name)
        await asyncio.sleep(1)
        return fired

    assert run(main()) == [("early", 0.1), ("middle", 0.2), ("late", 0.3)]


def test_a_time_out_ends_what_never_comes() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1000):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run(main()) == pytest.approx(1000)


def test_no_time_passes_while_something_is_ready() -> None:
    async def main() -> float:
        for _ in range(1000):
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert run(main()) == 0


def test_waiting_for_nothing_is_an_error_and_no_hang() -> None:
    with pytest.raises(NothingWillHappenError):
        run(asyncio.Event().wait())


def test_a_task_that_outlives_its_coroutine_is_named() -> None:
    async def main() -> None:
        main.kept = asyncio.create_task(asyncio.sleep(5), name="forgotten")  # type: ignore[attr-defined]  # keeps it referenced

    with pytest.raises(TaskLeftError, match="forgotten"):
        run(main())


def test_what_a_thread_would_do_is_done_at_once_and_here() -> None:
    async def main() -> tuple[int, float]:
        return await asyncio.to_thread(threading.get_ident), asyncio.get_running_loop().time()

    assert run(main()) == (threading.get_ident(), 0.0)


def test_what_fails_in_place_of_a_thread_fails_where_it_is_awaited() -> None:
    async def main() -> None:
        await asyncio.to_thread(int, "seven")

    with pytest.raises(ValueError, match="seven"):
        run(main())


def test_bytes_of_a_real_descriptor_are_seen_before_time_jumps() -> None:
    async def main() -> tuple[bytes, float]:
        loop = asyncio.get_running_loop()
        heard: asyncio.Future[bytes] = loop.create_future()
        inlet, outlet = os.pipe()
        loop.add_reader(inlet, lambda: heard.set_result(os.read(inlet, 9)))
        os.write(outlet, b"here")
        try:
            async with asyncio.timeout(5):
                return await heard, loop.time()
        finally:
            loop.remove_reader(inlet)
            os.close(inlet)
            os.close(outlet)

    assert run(main()) == (b"here", 0.0)


@pytest.mark.parametrize("talk", [False, True])
def test_a_listener_alone_is_looked_at_seldom_and_hears_a_caller_before_time_jumps(
    *, talk: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float | None] = []
    look = selectors.DefaultSelector.select

    def counted(self: selectors.DefaultSelector, timeout: float | None = None) -> Any:
        looks.append(timeout)
        return look(self, timeout)

    monkeypatch.setattr(selectors.DefaultSelector, "select", counted)

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"here\n")
        writer.close()
        await writer.wait_closed()

    async def main() -> tuple[bytes, float]:
        path, said = tmp_path / "s", b""
        server = await asyncio.start_unix_server(answer, path)
        async with server:
            if talk:
                reader, writer = await asyncio.open_unix_connection(path)
                said = await reader.readline()
                writer.close()
                await writer.wait_closed()
            before, at_s = len(looks), asyncio.get_running_loop().time()
            for _ in range(500):  # two turns each: one to jump, one to wake
                await asyncio.sleep(1)
            assert len(looks) - before <= 1_000 / LOOK_EVERY + 1
        return said, at_s

    assert run(main()) == (b"here\n" if talk else b"", 0.0)


def test_two_runs_are_alike() -> None:
    async def main() -> list[tuple[int, float]]:
        loop = asyncio.get_running_loop()
        seen: list[tuple[int, float]] = []

        async def walk(number: int) -> None:
            for step in range(20):
                await asyncio.sleep((number * step) % 7 / 10)
                seen.append((number, loop.time()))

        await asyncio.gather(*(walk(number) for number in range(10)))
        return seen

    assert run(main()) == run(main())


def test_who_asks_again_and_again_at_one_moment_is_told() -> None:
    async def main() -> None:
        while True:  # noqa: ASYNC110 - this is what must be noticed
            await asyncio.sleep(0)

    with pytest.raises(TimeStandsStillError, match="no time has passed"):
        run(main())
