"""What the drivers of all lock boards do alike: an unlock leaves once, to a channel that the board has."""

from drivers.base import FrameT
from drivers.bus import Bus, Question
from drivers.errors import CallerMistake, NoAnswer


def require_limits(channels: int, most: int, *, read_timeout_s: float, unlock_timeout_s: float) -> None:
    """Refuse more channels than a board can have, and time-outs of nothing; CallerMistake."""
    if not 1 <= channels <= most:
        raise CallerMistake(f"a board has 1..{most} channels, not {channels}")
    require_time_outs(read_timeout_s, unlock_timeout_s)


def require_time_outs(*time_outs_s: float) -> None:
    """Refuse a time-out in which nothing could be answered; CallerMistake."""
    if min(time_outs_s) <= 0:
        raise CallerMistake("time-outs must be above 0 s")


def require_channel(channel: int, channels: int) -> None:
    """Refuse what is no channel of a board: to many boards 0 is every lock at once; CallerMistake."""
    if not 1 <= channel <= channels:
        raise CallerMistake(f"channel {channel} is outside 1..{channels}")


async def send_once(bus: Bus, question: Question[FrameT], *, acknowledges: bool) -> FrameT | None:
    """Send an unlock, once; None if the board does not answer it, or never answers an unlock."""
    if not acknowledges:
        await bus.tell(question.request, urgent=True)
        return None
    try:
        return await bus.ask(question)
    except NoAnswer:
        return None
