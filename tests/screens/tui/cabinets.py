"""Boxes, parcels and incidents as the socket shows them, for drawings without a daemon."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from locker.api.schema import CompartmentView, IncidentView, ParcelView
from tui.widgets.faces import Face, face_of
from tui.words import Words

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
HEIGHTS_MM = {"S": 140, "M": 290, "L": 590, "XL": 890}


def box(label: str, column: int = 1, row: int = 1, size: str = "S", **said: Any) -> CompartmentView:
    """A sound, free box with its door shut, unless something else is said."""
    view = CompartmentView(
        label=label,
        size=size,
        width_mm=380,
        height_mm=HEIGHTS_MM[size],
        depth_mm=600,
        column=column,
        row=row,
        accessible=False,
        door="shut",
        goods=None,
        condition="sound",
        reason=None,
        blocked=None,
        free=not said,
        tracking_id=None,
        opening=None,
        awaits_word_of=None,
    )
    return view.model_copy(update=said)


def cabinet_of(columns: Iterable[Sequence[str]]) -> list[CompartmentView]:
    """Boxes numbered from 1, column by column, of these sizes."""
    boxes: list[CompartmentView] = []
    for column, sizes in enumerate(columns, 1):
        for row, size in enumerate(sizes, 1):
            boxes.append(box(str(len(boxes) + 1), column, row, size))
    return boxes


def thousand() -> list[CompartmentView]:
    """A thousand boxes in 125 columns."""
    return cabinet_of([("S", "S", "M", "S", "M", "L", "S", "XL")] * 125)


def parcel(tracking_id: str, state: Any = "stored", **said: Any) -> ParcelView:
    """A parcel in some compartment."""
    view = ParcelView(
        tracking_id=tracking_id,
        size="S",
        direction="inbound",
        state=state,
        compartment=None,
        deposited_at=AT,
        deadline_at=None,
        last_pickup_date=None,
    )
    return view.model_copy(update=said)


def incident(number: int, about: str, kind: str = "door-did-not-open") -> IncidentView:
    """An open incident."""
    return IncidentView(
        number=number,
        kind=kind,
        meaning="",
        about=about,
        detail="",
        raised_at=AT,
        cleared_at=None,
        remedy="",
        settling="by-looking",
        acknowledged_at=None,
        acknowledged_by=None,
    )


def faces_of(boxes: Iterable[CompartmentView]) -> dict[str, Face]:
    """What boxes look like that hold nothing and have no incidents."""
    return {each.label: face_of(each, None, (), Words("en")) for each in boxes}
