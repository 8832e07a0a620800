"""What is behind `mymedic trace`: the log by tag, the published facts by key."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from event_store.feed import Feed
from event_store.recorded import Recorded
from event_store.store import Store
from exports.warehouse import opened
from mymedic.errors import Refused
from mymedic.settings import Settings


class TracedEvent(NamedTuple):
    seq: int
    occurred_at: datetime
    recorded_at: datetime
    event_type: str
    stream_id: str
    amount_paise: int | None
    actor: str
    command_id: str | None
    causation_id: str


@dataclass(slots=True)
class Trace:
    """One thing's whole way; the warehouse parts are empty while nothing is published."""

    tenant_id: str
    kind: str
    id: str
    events: list[TracedEvent]
    lines: list[dict[str, Any]] = field(default_factory=list)
    bank_lines: list[dict[str, Any]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)


def trace_of(store: Store, settings: Settings, tenant_id: str, id: str) -> Trace:
    """Find the thing that an id names, and everything that concerns it; NOT_FOUND when nothing does."""
    warehouse = settings.warehouse_dir / f"{tenant_id}.duckdb"
    kind, own_id = _identify(store.feed, tenant_id, id, warehouse)
    if kind == "settlement line":
        payment_ids = _payments_of_line(warehouse, own_id)
    elif kind == "payment":
        payment_ids = [own_id]
    else:
        events = store.feed.tagged(tenant_id, "appointment", own_id)
        payment_ids = list(dict.fromkeys(event.payment_id for event in events if event.payment_id))
    recorded: dict[int, Recorded] = {}
    if kind == "appointment":
        recorded.update({event.seq: event for event in store.feed.tagged(tenant_id, "appointment", own_id)})
    for payment_id in payment_ids:
        recorded.update({event.seq: event for event in store.feed.tagged(tenant_id, "payment", payment_id)})
    trace = Trace(tenant_id, kind, own_id, [_traced(recorded[seq]) for seq in sorted(recorded)])
    if warehouse.exists():
        with opened(warehouse) as connection:
            _add_facts(connection, trace, payment_ids)
    return trace


def _identify(feed: Feed, tenant_id: str, id: str, warehouse: Path) -> tuple[str, str]:
    """(kind, our own id). A gateway's id or an RRN is found through the facts."""
    if feed.stream(tenant_id, f"payment-{id}"):
        return "payment", id
    if feed.stream(tenant_id, f"appointment-{id}"):
        return "appointment", id
    if warehouse.exists():
        with opened(warehouse) as connection:
            found = connection.execute(
                "SELECT payment_id FROM fct_payment WHERE ? IN (gateway_payment_id, rrn, order_id) LIMIT 1", (id,)
            ).fetchone()
            if found is not None:
                return "payment", str(found[0])
            found = connection.execute(
                "SELECT line_id FROM fct_settlement_line WHERE ? IN (line_id, entity_id) LIMIT 1", (id,)
            ).fetchone()
            if found is not None:
                return "settlement line", str(found[0])
    raise Refused("NOT_FOUND", f"nothing in {tenant_id} is called {id}", id=id)


def _payments_of_line(warehouse: Path, line_id: str) -> list[str]:
    with opened(warehouse) as connection:
        rows = connection.execute(
            "SELECT DISTINCT item.payment_id FROM fct_settlement_line line"
            " JOIN fct_recon_item item ON item.tenant_id = line.tenant_id AND item.item_id = line.item_id"
            " WHERE line.line_id = ? AND item.payment_id IS NOT NULL ORDER BY 1",
            (line_id,),
        ).fetchall()
    return [payment_id for (payment_id,) in rows]


def _add_facts(connection: duckdb.DuckDBPyConnection, trace: Trace, payment_ids: list[str]) -> None:
    line_ids = [trace.id] if trace.kind == "settlement line" else []
    trace.items = _dicts(
        connection,
        "SELECT item_id, leg, kind, class, status, due_on, age_days, left_paise, right_paise, matched_paise,"
        " variance_paise, fee_variance_paise, settlement_id, utr, rule_missed, source_seqs FROM fct_recon_item"
        " WHERE list_contains(?, payment_id) OR list_contains(?, right_ref) ORDER BY leg, kind, item_id",
        (payment_ids, line_ids),
    )
    item_ids = [row["item_id"] for row in trace.items]
    trace.lines = _dicts(
        connection,
        "SELECT line_id, gateway, settlement_id, settlement_utr, entity_type, entity_id, outcome, amount_paise,"
        " fee_excl_paise, tax_paise, credit_paise, debit_paise, settled_at, seq FROM fct_settlement_line"
        " WHERE list_contains(?, item_id) OR list_contains(?, line_id) ORDER BY seq",
        (item_ids, line_ids),
    )
    utrs = sorted({row["settlement_utr"] for row in trace.lines if row["settlement_utr"]})
    references = sorted({*utrs, *(row["utr"] for row in trace.items if row["utr"])})
    rrns = [
        rrn
        for (rrn,) in connection.execute(
            "SELECT rrn FROM fct_payment WHERE list_contains(?, payment_id) AND rrn IS NOT NULL", (payment_ids,)
        ).fetchall()
    ]
    trace.bank_lines = _dicts(
        connection,
        "SELECT bank_line_id, value_on, side, credit_paise + debit_paise AS amount_paise, utr, rrn, seq"
        " FROM fct_bank_line WHERE list_contains(?, utr) OR list_contains(?, rrn) ORDER BY seq",
        (references, rrns),
    )


def _dicts(connection: duckdb.DuckDBPyConnection, sql: str, parameters: tuple[Any, ...]) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _traced(event: Recorded) -> TracedEvent:
    amount = getattr(event.event, "amount_paise", None)
    if amount is None:
        amount = getattr(event.event, "total_paise", None)
    return TracedEvent(
        event.seq,
        event.occurred_at,
        event.recorded_at,
        event.event_type,
        event.stream_id,
        amount,
        event.actor.id,
        event.command_id,
        event.causation_id,
    )
