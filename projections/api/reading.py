"""Answers a question with one look at the read database: its rows, how far they go, and where the next page begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from event_store.api.identity import Bearer
from event_store.retention.identity import View
from projections.api.cursor import fingerprint, packed, unpacked
from projections.api.query import Now, Order, Query, Where, shown_columns
from projections.api.reach import every_record, reach
from projections.api.views import Views, standing
from projections.row import Row, columns_of, value_writers

# A screen's worth; whoever wants more turns the page, or runs an export.
LIMIT, USUAL = 500, 100


class Question(NamedTuple):
    """What a request asks of a view. `filters`: parameter -> what was asked for."""

    query: Query
    filters: Mapping[str, Any]
    order: str = ""
    limit: int = USUAL
    cursor: str | None = None
    with_names: bool = False
    justification: str | None = None


class Page(NamedTuple):
    """Rows as they are answered. `generation` is the making of the view that they come from."""

    items: Sequence[Any]
    next_cursor: str | None
    as_of_seq: int
    generation: int


def read_page(views: Views, bearer: Bearer, question: Question) -> Page:
    """The rows that the bearer may see and has asked for."""
    query = question.query
    order = query.orders[question.order or next(iter(query.orders))]
    with views.truth(bearer.tenant_id) as (view, at):
        now = at._replace(roles=bearer.actor.roles)
        conditions = asked_for(query, view, now, bearer, question.filters)
    columns = (*order.columns, *(name for name in query.row.key if name not in order.columns))
    asked = fingerprint(query.name, question.filters, question.order)
    if question.cursor is not None:
        values = unpacked(question.cursor, asked, columns, query.row)
        conditions.append(beyond(query.row, columns, values, order))
    with views.database.read(bearer.tenant_id) as reader:
        generation, seq = standing(reader, query.projection)
        rows = select(reader, query.row, generation, conditions, columns, order, question.limit + 1)
        page, is_more = rows[: question.limit], len(rows) > question.limit
        items = [shown(query, row, now) for row in page]
        if query.attach is not None:
            query.attach(reader, page, items, now, question.filters)
            seq = min([seq, *(standing(reader, one)[1] for one in query.beside)])
    if query.lay_over is not None:
        query.lay_over(views.published, bearer.tenant_id, items)
    next_cursor = packed(asked, position(page[-1], columns)) if is_more else None
    if question.with_names:
        add_names(views, bearer, items, question.justification)
    return Page(items, next_cursor, seq, generation)


def asked_for(query: Query, view: View, now: Now, bearer: Bearer, filters: Mapping[str, Any]) -> list[Where]:
    """Every condition of an answer: what the bearer reaches, what was asked, what the question always says."""
    conditions = [reach(query, view, bearer.actor, filters)]
    for one in query.filters:
        asked = filters.get(one.name)
        if asked is None:
            continue
        if one.name == "patient_id":
            asked = every_record(view, asked)
        conditions.append(one.condition(query.row, asked, now))
    if query.usually is not None and not any(name in filters for name in query.usually.unless):
        conditions.append(query.usually.where)
    if query.always is not None:
        conditions.append(query.always(now))
    return conditions


def select(
    reader: Any,
    row: type[Row],
    generation: int,
    conditions: Sequence[Where],
    columns: Sequence[str],
    order: Order,
    limit: int,
) -> list[Any]:
    direction = " DESC" if order.is_descending else ""
    ordered = ", ".join(f"{_sortable(row, name)}{direction}" for name in columns)
    found: list[Any] = reader.select(
        row,
        generation,
        " AND ".join(one.sql for one in conditions),
        [value for one in conditions for value in one.values],
        f"ORDER BY {ordered} LIMIT {limit}",
    )
    return found


def beyond(row: type[Row], columns: Sequence[str], values: Sequence[Any], order: Order) -> Where:
    """What comes after a row in this order."""
    names = ", ".join(_sortable(row, name) for name in columns)
    sign = "<" if order.is_descending else ">"
    return Where(f"({names}) {sign} ({', '.join('?' * len(columns))})", tuple(values))


def position(row: Row, columns: Sequence[str]) -> list[Any]:
    """Where a row stands: its values as SQL sorts them."""
    writers = value_writers(type(row))
    kinds = {column.name: column.kind for column in columns_of(type(row))}
    found = []
    for name in columns:
        value = getattr(row, name)
        found.append(_least(kinds[name]) if value is None else writers[name](value))
    return found


def _sortable(row: type[Row], name: str) -> str:
    """NULL as the least value there is: engines differ in where they put it, and nothing is greater than NULL."""
    column = next(one for one in columns_of(row) if one.name == name)
    if not column.is_null:
        return name
    least = _least(column.kind)
    return f"COALESCE({name}, {least if isinstance(least, int) else repr(least)})"


def _least(kind: str) -> Any:
    return "" if kind in ("text", "day", "json") else -(2**62)


def shown(query: Query, row: Any, now: Now) -> dict[str, Any]:
    item = {name: getattr(row, name) for name in shown_columns(query)}
    for one in query.computed:
        item[one.name] = one.value(row, now)
    return item


def add_names(views: Views, bearer: Bearer, items: Sequence[dict[str, Any]], justification: str | None) -> None:
    """Who the patients are, as far as the bearer may know it. Whom they may not see stays an id."""
    wanted = sorted({item["patient_id"] for item in items if item.get("patient_id")})
    people = views.people.people(
        bearer.tenant_id, bearer.actor, wanted, ("name", "phone_e164"), justification=justification
    )
    erased = _erased(views, bearer, [one.patient_id for one in people.values() if one.name is None])
    for item in items:
        person = people.get(item.get("patient_id") or "")
        if person is not None:
            gone = "[erased]" if person.patient_id in erased else "[redacted]"
            item["patient_display"] = person.name or (gone if person.is_redacted else None)
            item["patient_phone"] = person.phone_e164


def _erased(views: Views, bearer: Bearer, patient_ids: Sequence[str]) -> set[str]:
    if not patient_ids:
        return set()
    with views.truth(bearer.tenant_id) as (view, _):
        return {one for one in patient_ids if view.state("data_subject", one).is_erased}
