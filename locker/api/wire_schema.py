"""Questions and answers about the wires: what passes on a line, what was kept around an incident, frames."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from locker.api.schema import DIGITS, Count, DroppedItem, Number, Strict

WIRE_LIMIT_DEFAULT = 64
WIRE_LIMIT_MOST = 512
TYPED_LONGEST = 1500

Way = Literal["sent", "received", "noted"]
LineName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}$")]


class WireLineView(Strict):
    """A line that has a record of what passed on it."""

    name: str
    lost: tuple[str, ...] = Field(description="itself or its boards, where they do not work now")
    families: tuple[str, ...] = Field(description="of its lock boards, whose words explain it")
    keeps_bytes: bool = Field(description="false for keypads and scanners: there bytes are only counted")
    newest: Count = Field(description="number of its last record; each line counts from 1")


class PassageView(Strict):
    """What passed on a line as a whole: one frame or several, or a remark."""

    first: Count = Field(description="number of its first record")
    number: Count = Field(description="number of its last record")
    at: AwareDatetime
    way: Way = Field(description="seen from this computer; noted: a remark, no bytes")
    size_bytes: Count
    hex: str | None = Field(description="null where bytes are not kept")
    meaning: tuple[str, ...]


class WireDump(Strict):
    """What was kept of one line around an incident, as text."""

    file: str = Field(description="its name in the directory `wire` beside the database")
    text: str


class Wire(Strict):
    """The lines, and what was asked for of one of them, or of one incident."""

    lines: tuple[WireLineView, ...]
    passages: tuple[PassageView, ...] = Field(description="of the line asked for, in order")
    dumps: tuple[WireDump, ...] = Field(description="of the incident asked for")
    dumped_incidents: tuple[int, ...] = Field(description="the incidents of which something was kept")


class ReadingView(Strict):
    """Bytes of one way, as one family of boards reads them."""

    family: str
    way: Way
    is_frame: bool
    meaning: tuple[str, ...]
    corrected: str | None = Field(description="what would have been a frame, where one end of it is wrong")


class Decoded(Strict):
    """What the bytes may be; without bytes only the families that can be asked."""

    families: tuple[str, ...]
    readings: tuple[ReadingView, ...]


class FollowingItem(Strict):
    """The stream begins: after this record, in this run of the daemon. Numbers begin anew with each run."""

    kind: Literal["following"] = "following"
    number: Count
    run: str = Field(description="give it back to go on after a break")


class PassageItem(Strict):
    """Something passed on the line that is followed; `number` is that of its last record."""

    kind: Literal["passage"] = "passage"
    number: Count
    passage: PassageView


WireItem = Annotated[FollowingItem | PassageItem | DroppedItem, Field(discriminator="kind")]
WIRE_ITEM: TypeAdapter[WireItem] = TypeAdapter(WireItem)


class WireQuery(Strict):
    """Which line or which incident; without either only the lines are told."""

    line: LineName | None = None
    after: Number | None = Field(default=None, description="what came after this record, else the newest")
    limit: Annotated[int, Field(ge=1, le=WIRE_LIMIT_MOST), DIGITS] = WIRE_LIMIT_DEFAULT
    incident: Number | None = Field(default=None, description="what was kept around this incident")


class FollowQuery(Strict):
    """Which line to follow, and from where."""

    line: LineName
    after: Number | None = Field(default=None, description="begin after this record, else now")
    run: Annotated[str, Field(max_length=32)] | None = Field(
        default=None, description="to which `after` belongs; in another one everything kept is told"
    )


class DecodeQuery(Strict):
    """Bytes in hexadecimal, and who may have said them."""

    hex: Annotated[str, Field(max_length=TYPED_LONGEST)] | None = Field(
        default=None, description="as `8A 01 05`, `8a0105` or `0x8A,0x01`"
    )
    family: Annotated[str, Field(max_length=64)] | None = Field(default=None, description="else every family")
    direction: Literal["sent", "received", "both"] = "both"
