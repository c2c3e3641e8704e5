"""Lets the n-th call on a file fail in whatever writes one of the durable files beside the database."""

from collections.abc import Iterator


def trials() -> Iterator[tuple[str, list[str]]]:
    """None yet."""
    yield from ()
