"""Fifty links and one real broker: how they come, knock at a broker that is gone, and come back.

`python -m tests.crash.fleet --times 50 --json FILE` takes the pauses as they ship, and six minutes.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from locker.sync.link import Link
from locker.sync.outbox import JournalPosition
from locker.sync.settings import LinkSettings
from simulator.broker import Broker
from tests.crash import rounds
from tests.crash.proxy import Proxy, Trouble, proxy
from tests.crash.rounds import Outcome

LINKS = 50
SHIPPED = LinkSettings("fleet", "127.0.0.1", 1)
FULLEST = 0.3
"""Of all links, at most so many come within a tenth of the time over which they are to spread."""
OUTAGE = 6
"""Of the longest pauses between two attempts: after two of them every link has grown to it."""
LATE_S = 5.0
"""For a busy machine."""


@dataclass
class Fleet:
    """Links that run, and what they go through."""

    links: list[Link]
    between: Proxy
    changed: asyncio.Condition

    async def all_connected(self, limit_s: float) -> None:
        """Wait until every link is connected; TimeoutError."""
        async with asyncio.timeout(limit_s), self.changed:
            await self.changed.wait_for(lambda: all(link.connected for link in self.links))

    def came_s(self, since_s: float) -> list[float]:
        """Return when connections came, from an instant on, counted from there."""
        return [at_s - since_s for at_s in self.between.passed.came_s if at_s >= since_s]


async def play(
    directory: Path, seed: int, links: int, *, scale: float = 1.0, fullest: float = FULLEST
) -> Outcome:
    """Start so many links at once, take the broker away for long, give it back; `scale`: of all pauses."""
    most = fullest * links
    outcome, loop = Outcome(seed), asyncio.get_running_loop()
    first_s, most_s = SHIPPED.first_connect_within_s * scale, SHIPPED.retry_most_s * scale
    retry_s = SHIPPED.retry_first_s * scale
    broker = await Broker.start(directory, "mosquitto")
    try:
        async with proxy(broker.host, broker.port) as between:
            began_s = loop.time()
            async with fleet(between, seed, links, scale) as found:
                await found.all_connected(first_s + LATE_S)
                _judge(outcome, "start", found.came_s(began_s), links, first_s, most)
                await asyncio.sleep(1.1 * most_s)  # it stood for long

                between.become(Trouble.REFUSE)
                between.cut()
                lost_s = loop.time()
                await asyncio.sleep(OUTAGE * most_s)
                knocks_s = found.came_s(lost_s)
                _judge(outcome, "loss", sorted(knocks_s)[:links], links, first_s + retry_s, most)
                late = [at_s for at_s in knocks_s if at_s >= (OUTAGE - 2) * most_s]
                outcome.ran["knocks_in_two_longest_pauses"] = len(late)
                if len(late) > 4 * links + links:
                    outcome.findings.append(f"{len(late)} knocks of {links} links within two longest pauses")
                if len(late) < links:
                    outcome.findings.append(f"only {len(late)} knocks of {links} links within two pauses")

                between.become(Trouble.NONE)
                back_s = loop.time()
                await found.all_connected(most_s + LATE_S)
                _judge(outcome, "return", found.came_s(back_s), links, most_s, most)
    finally:
        await broker.stop()
    return outcome


@asynccontextmanager
async def fleet(between: Proxy, seed: int, links: int, scale: float) -> AsyncIterator[Fleet]:
    """Run links that have nothing to send."""
    changed = asyncio.Condition()
    tells: set[asyncio.Task[None]] = set()

    async def tell() -> None:
        async with changed:
            changed.notify_all()

    def note(_connected: bool) -> None:  # noqa: FBT001  # the link's own signature
        task = asyncio.ensure_future(tell())
        tells.add(task)
        task.add_done_callback(tells.discard)

    async def nothing(*_asked: object) -> list[bytes]:
        return []

    async def post(_event: object) -> None:
        return None

    found = Fleet(
        [
            Link(
                LinkSettings(
                    f"automat-{number}",
                    "127.0.0.1",
                    between.port,
                    first_connect_within_s=SHIPPED.first_connect_within_s * scale,
                    retry_first_s=SHIPPED.retry_first_s * scale,
                    retry_most_s=SHIPPED.retry_most_s * scale,
                ),
                post=post,
                payloads=nothing,
                position=partial(JournalPosition, 1, 0, 0),
                state=partial(bytes, b"{}"),
                dice=Random(f"{seed} {number}").random,
                on_change=note,
            )
            for number in range(links)
        ],
        between,
        changed,
    )
    async with AsyncExitStack() as stack:
        tasks = [asyncio.create_task(link.run()) for link in found.links]
        stack.push_async_callback(_ended, tasks)
        yield found


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _judge(
    outcome: Outcome, name: str, came_s: Sequence[float], links: int, within_s: float, most: float
) -> None:
    """Note how far they were spread, and that they were not."""
    tenths = Counter(int(10 * at_s / within_s) for at_s in came_s)
    fullest = max(tenths.values(), default=0)
    outcome.ran[f"{name}_fullest_tenth"] = fullest
    outcome.ran[f"{name}_last_ms"] = round(1000 * max(came_s, default=0.0))
    if len(came_s) < links:
        outcome.findings.append(f"{name}: only {len(came_s)} of {links} came")
    if fullest > most:
        outcome.findings.append(f"{name}: {fullest} of {links} within a tenth of {within_s:g} s")
    if max(came_s, default=0.0) > within_s + LATE_S:
        outcome.findings.append(f"{name}: the last came after {max(came_s):.1f} s")


if __name__ == "__main__":
    sys.exit(rounds.command("fleet", __doc__ or "", play, times_a_round=LINKS))
