"""A question that a live view answers, declared once: who may ask it, what narrows it, how it is ordered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from mymedic.clock import business_date
from mymedic.messages import Id, Role
from projections.projection import Projection
from projections.reconciled import PublishedItems
from projections.row import Row, value_writers

MOST_IDS = 50
STAFF: frozenset[Role] = frozenset({"FD", "FN", "CM", "AU", "EN", "IN"})
EVERYBODY: frozenset[Role] = STAFF | {"PP", "DR"}


class Where(NamedTuple):
    """A condition of SQL with its values, as SQL takes them."""

    sql: str
    values: tuple[Any, ...] = ()


class Now(NamedTuple):
    """The moment of asking, in the tenant's zone, and who asks: what columns that depend on it are computed from."""

    at: datetime
    tz: timezone
    roles: tuple[Role, ...] = ()

    @property
    def today(self) -> date:
        return business_date(self.at, self.tz)


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter of the URL that leaves rows out. `condition` is given the row class, what was asked for, and now."""

    name: str
    annotation: Any
    meaning: str
    column: str
    condition: Callable[[type[Row], Any, Now], Where]


@dataclass(frozen=True, slots=True)
class Order:
    """Columns that rows are ordered by; the key follows, so that no two rows are alike. NULL comes first."""

    columns: tuple[str, ...] = ()
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Computed:
    """A column that depends on when it is asked for and by whom, or is laid over a stored one of the same name."""

    name: str
    annotation: Any
    value: Callable[[Any, Now], Any]


class Usually(NamedTuple):
    """A condition that holds unless one of these filters is given."""

    unless: tuple[str, ...]
    where: Where


# (published items, tenant, what is answered for each row)
LayOver = Callable[[PublishedItems, str, Sequence[dict[str, Any]]], None]
# (the look, rows, what is answered for each, now, what was asked for)
Attach = Callable[[Any, Sequence[Any], Sequence[dict[str, Any]], Now, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One view for one surface.

    `belongs_to`: whose a row is. `somebody`: each role reads as far as it reaches; `branch`: only who has some of the
    branches is held to them; `nobody`: whoever may ask reads all. `always` holds for every answer, `usually` unless
    one of its filters is given; `hidden` columns are the view's own business. `attach` writes the columns `attached`
    from the views `beside`, in the same look at the database; `lay_over` those that only the published warehouse
    knows. `follow` makes the `changes_cursor` of an answer.
    """

    path: str
    name: str
    surface: str
    title: str
    about: str
    projection: Projection
    readers: frozenset[Role]
    belongs_to: Literal["somebody", "branch", "nobody"] = "somebody"
    filters: tuple[Filter, ...] = ()
    orders: Mapping[str, Order] = field(default_factory=lambda: {"key": Order()})
    computed: tuple[Computed, ...] = ()
    always: Callable[[Now], Where] | None = None
    usually: Usually | None = None
    hidden: frozenset[str] = frozenset()
    beside: tuple[Projection, ...] = ()
    attach: Attach | None = None
    attached: tuple[tuple[str, Any], ...] = ()
    lay_over: LayOver | None = None
    follow: Callable[[Mapping[str, Any], int, int], str] | None = None

    @property
    def row(self) -> type[Row]:
        return self.projection.row

    @property
    def projections(self) -> tuple[Projection, ...]:
        return (self.projection, *self.beside)

    @property
    def has_people(self) -> bool:
        return "patient_id" in self.row.__struct_fields__


def ids(*columns: str) -> tuple[Filter, ...]:
    """One or some ids in a column; the parameter is given once for each."""
    return tuple(
        Filter(
            column,
            Annotated[list[Id], msgspec.Meta(max_length=MOST_IDS)],
            f"only rows with this `{column}`; may be given {MOST_IDS} times",
            column,
            lambda row, asked, now, column=column: among(row, column, asked),  # type: ignore[misc]
        )
        for column in columns
    )


def words(column: str, *values: str) -> Filter:
    """One or some of the words that a column knows."""
    return Filter(
        column,
        list[Literal[values]],  # type: ignore[valid-type]
        f"only rows with this `{column}`; may be given more than once",
        column,
        lambda row, asked, now: among(row, column, asked),
    )


def states(row: type[Row], *columns: str) -> tuple[Filter, ...]:
    """As `words`, with the words that the row's own type knows."""
    hints = get_type_hints(row)
    return tuple(words(column, *_literals(hints[column])) for column in columns)


def _literals(hint: Any) -> list[str]:
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [value for one in get_args(hint) for value in _literals(one)]


def days(column: str) -> tuple[Filter, ...]:
    """A range of days, both included."""
    return tuple(
        Filter(
            name,
            date,
            f"only rows whose `{column}` is this day or {word}",
            column,
            lambda row, asked, now, sign=sign: compared(row, column, sign, asked),  # type: ignore[misc]
        )
        for name, sign, word in (("from_date", ">=", "later"), ("to_date", "<=", "earlier"))
    )


def flag(column: str, meaning: str) -> Filter:
    return Filter(column, bool, meaning, column, lambda row, asked, now: compared(row, column, "=", asked))


def listed(name: str, column: str, meaning: str) -> Filter:
    """An id that stands in a column's list. A list of ids is JSON in SQL, where each stands in quotation marks."""
    return Filter(
        name,
        Id,
        meaning,
        column,
        lambda row, asked, now: Where(f"replace({column}, ?, '') <> {column}", (f'"{asked}"',)),
    )


def among(row: type[Row], column: str, asked: Sequence[Any]) -> Where:
    """A column that has one of some values; no values, no rows."""
    write = value_writers(row)[column]
    if not asked:
        return Where("1 = 0")
    if len(asked) == 1:
        return Where(f"{column} = ?", (write(asked[0]),))
    return Where(f"{column} IN ({', '.join('?' * len(asked))})", tuple(write(one) for one in asked))


def compared(row: type[Row], column: str, sign: str, asked: Any) -> Where:
    return Where(f"{column} {sign} ?", (value_writers(row)[column](asked),))


def answer_struct(query: Query) -> type[Struct]:
    """A row as it is answered: for the documentation, and for whoever generates a client from it."""
    hints = get_type_hints(query.row, include_extras=True)
    shown = {name: hints[name] for name in shown_columns(query)}
    shown |= {one.name: one.annotation for one in query.computed}
    shown |= dict(query.attached)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = list(shown.items())
    if query.has_people:
        fields += [("patient_display", str | None, None), ("patient_phone", str | None, None)]
    made = msgspec.defstruct(f"{query.name}Row", fields, frozen=True, kw_only=True)
    made.__doc__ = (query.row.__doc__ or "").strip()
    return made


def shown_columns(query: Query) -> list[str]:
    return [name for name in query.row.__struct_fields__ if name != "tenant_id" and name not in query.hidden]
