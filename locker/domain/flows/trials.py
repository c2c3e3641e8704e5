"""Trying what belongs to a keypad, and releasing one that is guarded, at the word of a technician."""

from locker.domain.draft import Draft
from locker.domain.maintenance import Maintainer, ReleaseKeypad, TryDevice


def release(draft: Draft, by: Maintainer, action: ReleaseKeypad) -> None:  # noqa: ARG001 - not yet
    """Let a keypad be used again after too many wrong codes."""
    draft.refuse("not-possible")


def try_device(draft: Draft, by: Maintainer, action: TryDevice) -> None:  # noqa: ARG001 - not yet
    """Try keys, display or sounder of a keypad, or end the trial."""
    draft.refuse("not-possible")
