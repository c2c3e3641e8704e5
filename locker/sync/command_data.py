"""What each command says: the contract's words, and the domain's that they stand for.

A code travels only as its tag. Values of which a parcel can be refused with a better reason than "invalid"
(its size, product and services) are left to the domain.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from locker.domain import commands as domain
from locker.domain.codes import CodeTag
from locker.domain.commands import Body, Cause, Mode
from locker.domain.parcels import Role
from locker.domain.products import Product, Service
from locker.sync.fields import Instant, Name, Strict, Tag, TrackingId, Words

Label = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,7}$", description="what is written on the door")
]
Operator = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="who at the back office answers for it; journalled",
    ),
]
Millimetres = Annotated[int, Field(ge=1, le=10_000)]
Grams = Annotated[int, Field(ge=1, le=1_000_000)]
Kind = Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,63}$")]


class Described(Strict):
    """What a parcel is; its size in words, in millimetres, or both."""

    tracking_id: TrackingId
    size: Annotated[Name, Field(description="the smallest compartment size that will do")] | None = None
    dimensions_mm: (
        Annotated[
            tuple[Millimetres, Millimetres, Millimetres],
            Field(description="outer length, width and height; where they are known they decide"),
        ]
        | None
    ) = None
    weight_g: Grams | None = None
    product: Annotated[Kind, Field(description=f"what was sent; known are {', '.join(Product)}")] | None = (
        None
    )
    services: Annotated[
        frozenset[Kind],
        Field(max_length=32, description=f"what was ordered with it; known are {', '.join(Service)}"),
    ] = frozenset()
    accessible: Annotated[bool, Field(description="a low compartment is asked for")] = False


class AnnounceData(Described):
    """A parcel is on its way; parcels that share a code share a `recipient`, an opaque token."""

    code_tag: Tag | None = None
    recipient: Name | None = None
    redirected: Annotated[bool, Field(description="it was sent here from elsewhere already")] = False

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.AnnounceParcel(
            self.tracking_id,
            self.size,
            None if self.code_tag is None else CodeTag(self.code_tag),
            self.recipient,
            self.dimensions_mm,
            self.weight_g,
            self.product,
            frozenset(self.services),
            self.accessible,
            self.redirected,
        )


class WithdrawData(Strict):
    """A parcel must not be handed over any more; a redirect is granted once a parcel."""

    tracking_id: TrackingId
    cause: Cause = Cause.CANCEL
    reason: Words

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.WithdrawParcel(self.tracking_id, self.cause, self.reason)


class ReplaceCodeData(Strict):
    """A parcel's code dies at once and another takes its place; without `recipient` that stays as it is."""

    tracking_id: TrackingId
    code_tag: Tag
    recipient: Name | None = None

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.ReplaceCode(self.tracking_id, CodeTag(self.code_tag), self.recipient)


class ReleaseData(Strict):
    """Cash on delivery has been paid."""

    tracking_id: TrackingId

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.ReleaseParcel(self.tracking_id)


class LengthenData(Strict):
    """A parcel may wait until the end of the local day that `until` lies in, never shorter than before."""

    tracking_id: TrackingId
    until: Instant

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.LengthenDeadline(self.tracking_id, self.until)


class Validity(Strict):
    """Between two instants."""

    valid_from: Instant
    valid_until: Instant

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_until <= self.valid_from:
            raise ValueError("validuntil must come after validfrom")
        return self


class ExpectDropOffData(Described, Validity):
    """A sender may leave a parcel with this code."""

    code_tag: Tag

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.ExpectDropOff(
            self.tracking_id,
            CodeTag(self.code_tag),
            self.valid_from,
            self.valid_until,
            self.size,
            self.dimensions_mm,
            self.weight_g,
            self.product,
            frozenset(self.services),
            self.accessible,
        )


class RegisterData(Strict):
    """What a sender left is registered: the post is responsible for it from now on."""

    tracking_id: TrackingId

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.RegisterParcel(self.tracking_id)


class AuthoriseCourierData(Validity):
    """A courier may sign in with the code of this tag."""

    courier_id: Name
    code_tag: Tag

    def body(self) -> Body:
        """Give the domain's words."""
        tag = CodeTag(self.code_tag)
        return domain.AuthorisePerson(self.courier_id, Role.COURIER, tag, self.valid_from, self.valid_until)


class RevokeCourierData(Strict):
    """A courier may not sign in any more; one who is signed in loses the next key."""

    courier_id: Name

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.RevokePerson(self.courier_id, Role.COURIER)


class AuthoriseTechnicianData(Validity):
    """A technician may sign in with the code of this tag."""

    technician_id: Name
    code_tag: Tag

    def body(self) -> Body:
        """Give the domain's words."""
        tag = CodeTag(self.code_tag)
        return domain.AuthorisePerson(
            self.technician_id, Role.TECHNICIAN, tag, self.valid_from, self.valid_until
        )


class RevokeTechnicianData(Strict):
    """A technician may not sign in any more; one who is signed in loses the next key."""

    technician_id: Name

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.RevokePerson(self.technician_id, Role.TECHNICIAN)


class ReleaseGuardData(Strict):
    """A keypad leaves guard mode."""

    keypad: Name
    operator: Operator

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.ReleaseGuard(self.keypad, self.operator)


class OpenData(Strict):
    """Exactly one compartment opens; beyond the automat's own limits only at a word on the spot."""

    compartment: Label
    operator: Operator
    reason: Words

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.OpenCompartment(self.compartment, self.operator, self.reason)


class BlockData(Strict):
    """A compartment is offered to nobody; a parcel inside can still be collected."""

    compartment: Label
    operator: Operator
    reason: Words

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.BlockCompartment(self.compartment, self.operator, self.reason)


class UnblockData(Strict):
    """A compartment is taken into use again; one that nobody is sure of stays suspect."""

    compartment: Label
    operator: Operator

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.UnblockCompartment(self.compartment, self.operator)


class SetModeData(Strict):
    """What the automat may do from now on."""

    mode: Mode
    operator: Operator
    reason: Words

    def body(self) -> Body:
        """Give the domain's words."""
        return domain.SetMode(self.mode, self.operator, self.reason)
