"""The bases of every command and event, and the bounded types that their fields are made of."""

from __future__ import annotations

from datetime import datetime
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

# Bounds keep a huge number a 422 instead of an overflow in SQL (10^14 paise = one lakh crore rupees).
Paise = Annotated[int, Meta(ge=0, le=10**14)]
PositivePaise = Annotated[int, Meta(ge=1, le=10**14)]
SignedPaise = Annotated[int, Meta(ge=-(10**14), le=10**14)]
Bps = Annotated[int, Meta(ge=0, le=10_000)]
Count = Annotated[int, Meta(ge=0, le=10**9)]
Seconds = Annotated[int, Meta(ge=-(10**10), le=10**10)]
# `$` alone would let a last newline pass
ID_PATTERN = r"^[A-Za-z0-9_.:-]+(?!\n)$"
Id = Annotated[str, Meta(min_length=3, max_length=64, pattern=ID_PATTERN)]
Text = Annotated[str, Meta(min_length=1, max_length=500)]
LongText = Annotated[str, Meta(max_length=4000)]
Timestamp = Annotated[datetime, Meta(tz=True)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?!\n)$")]

Role = Literal["PP", "DR", "FD", "FN", "CM", "AU", "EN", "IN", "SY"]
ActorType = Literal["user", "patient", "integration", "system"]
EntryChannel = Literal["portal", "phone", "walk_in", "console", "doctor_app", "api", "system"]


class Value(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a message: no identity of its own."""


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody wants. `who` lists the roles that may ask (the Who column of DOMAIN §2.6).

    `is_from_door`: only a door of the product may send it, after it has checked a signature; the API leaves it out.
    """

    who: ClassVar[frozenset[str]] = frozenset()
    is_from_door: ClassVar[bool] = False


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What happened. Defaults are only None, () or False, so an absent field reads the same in SQL.

    No event leads back to itself, so that millions of them cost the garbage collector nothing.
    `retention` holds the classes of DOMAIN §9.1. An event with personal data has a field `pii`, a Struct that the
    ledger seals apart from the clear payload and that readers without the key see as None. `formed` names the fields
    whose text follows a pattern, an id or a code: nobody wrote it freely.
    """

    version: ClassVar[int] = 1
    retention: ClassVar[tuple[str, ...]] = ("operational",)
    formed: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **settings: Any) -> None:
        """An event is read without patterns: its command was held against them, and they are 80 % of reading."""
        super().__init_subclass__(**settings)
        hints = get_type_hints(cls, include_extras=True)
        cls.formed |= {name for name in cls.__annotations__ if _has_pattern(hints[name])}
        cls.__annotations__ = {name: _without_pattern(hints[name]) for name in cls.__annotations__}


def _has_pattern(hint: Any) -> bool:
    if get_origin(hint) in (Union, UnionType):
        return any(_has_pattern(one) for one in get_args(hint))
    return get_origin(hint) is Annotated and any(meta.pattern for meta in get_args(hint)[1:])


def _without_pattern(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        return Union[tuple(_without_pattern(one) for one in get_args(hint))]  # noqa: UP007
    if get_origin(hint) is not Annotated:
        return hint
    bare, *metas = get_args(hint)
    lengths = (Meta(min_length=meta.min_length, max_length=meta.max_length) if meta.pattern else meta for meta in metas)
    return Annotated[(bare, *lengths)]


class On(Struct, frozen=True):
    """An event of another stream than the command's own, emitted in the same transaction (R-CMD-5)."""

    aggregate: str
    id: str
    event: Event


class Actor(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who asks. `branch_scope` is `*` or the branches this actor may touch."""

    type: ActorType
    id: str
    roles: tuple[Role, ...] = ()
    branch_scope: Literal["*"] | tuple[str, ...] = "*"
    practitioner_id: str | None = None
    patient_id: str | None = None
    on_behalf_of: str | None = None

    def has(self, *roles: str) -> bool:
        return any(role in self.roles for role in roles)


class Envelope(Struct, frozen=True, kw_only=True):
    """A command on its way in: the message plus who, when, for which tenant, and under which idempotency key.

    `cosigner` is a second person who has proved who they are, where one alone may not (R-AUTH-4).
    """

    command: Command
    command_id: str
    tenant_id: str
    actor: Actor
    cosigner: Actor | None = None
    issued_at: datetime
    channel: EntryChannel = "api"
    aggregate_id: str | None = None
    branch_id: str | None = None
    expected_version: int | None = None
    client_recorded_at: datetime | None = None
    correlation_id: str | None = None
    causation_id: str | None = None


class ErrorBody(Struct, frozen=True, kw_only=True):
    code: str
    message: str
    details: dict[str, Any] = {}
    retryable: bool = False


class Ack(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a command; kept in the command log and given again when the same command comes again."""

    status: Literal["accepted", "duplicate", "rejected"]
    command_id: str
    stream_id: str | None = None
    stream_version: int | None = None
    event_ids: tuple[str, ...] = ()
    first_seq: int | None = None
    last_seq: int | None = None
    error: ErrorBody | None = None


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no floats: what is hashed is always these bytes."""
    return msgspec.json.encode(value, order="sorted")
