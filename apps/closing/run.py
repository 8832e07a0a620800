"""A published warehouse as the command that brings its reconciliation into the log (C87).

The truth reads no warehouse: the figures are read here and sent in, with the seq and the hash of the log behind them.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from event_store.aggregates.recon_case.commands import RunReconciliation
from event_store.aggregates.recon_case.events import ClassTotal, OpenItem, RunScope
from event_store.feed import Feed
from exports.warehouse import opened
from mymedic.clock import business_date, zone
from mymedic.errors import Refused
from mymedic.ids import derived_id
from mymedic.messages import canonical_json

_CLASSES = (
    "SELECT leg, class, count(*), sum(left_paise)::BIGINT, sum(right_paise)::BIGINT FROM fct_recon_item"
    " WHERE business_date <= ? GROUP BY leg, class ORDER BY leg, class"
)
_OPEN = (
    "SELECT item_id, item_hash, first_open_on, open_paise FROM fct_recon_item"
    " WHERE is_open AND business_date <= ? ORDER BY item_id"
)
# Balances at the end of a month; the latest there are when the month has no row of its own.
TRIAL_BALANCE = (
    "SELECT branch_id, account, debit_paise, credit_paise, balance_paise FROM mart_trial_balance"
    " WHERE as_of_month = (SELECT max(as_of_month) FROM mart_trial_balance WHERE as_of_month <= ?)"
    " ORDER BY branch_id, account"
)


class TrialBalance(NamedTuple):
    """Its sums and the sha256 of its rows."""

    debits_paise: int
    credits_paise: int
    sha256: str


def run_of(warehouse: Path, feed: Feed, tenant_id: str, month: str | None = None) -> RunReconciliation:
    """What the published warehouse computed, up to a month's end or to its own as-of date.

    INVALID_STATE when the log holds more of the build's last instant than the build does: it cannot be told apart by
    its moment. The same build gives the same run.
    """
    with opened(warehouse) as connection:
        as_of, last_seq = _built(connection)
        as_of_date = business_date(as_of, _zone(connection))
        until = min(last_day(month), as_of_date) if month else as_of_date
        totals = [
            ClassTotal(leg=leg, class_=name, count=count, left_paise=left, right_paise=right)
            for leg, name, count, left, right in connection.execute(_CLASSES, (until,)).fetchall()
        ]
        items = [
            OpenItem(recon_item_id=item_id, item_hash=item_hash, opened_on=opened_on, open_paise=open_paise)
            for item_id, item_hash, opened_on, open_paise in connection.execute(_OPEN, (until,)).fetchall()
        ]
        found = connection.execute("SELECT min(business_date) FROM fct_recon_item").fetchone()
        first = until.replace(day=1)
        balance = trial_balance(connection, until)
        output_hash = _output_hash(connection)
    input_seq, input_hash = feed.known_at(tenant_id, as_of)
    if input_seq > last_seq:
        raise Refused("INVALID_STATE", "the log has events of the build's last instant that it has not; build again")
    scope = RunScope(from_=min(first, found[0]) if found and found[0] else first, to=until)
    return RunReconciliation(
        run_id=derived_id("run", tenant_id, as_of.isoformat(), str(until), input_hash, output_hash),
        as_of=as_of,
        scope=scope,
        input_seq=input_seq,
        input_hash=input_hash,
        output_hash=output_hash,
        totals=tuple(totals),
        debits_paise=balance.debits_paise,
        credits_paise=balance.credits_paise,
        trial_balance_hash=balance.sha256,
        open_items=tuple(items),
    )


def trial_balance(connection: duckdb.DuckDBPyConnection, on: date) -> TrialBalance:
    """Of the month of a date."""
    rows = connection.execute(TRIAL_BALANCE, (on.replace(day=1),)).fetchall()
    return TrialBalance(sum(row[2] for row in rows), sum(row[3] for row in rows), digest(rows))


def digest(rows: list[Any]) -> str:
    return sha256(canonical_json(rows)).hexdigest()


def last_day(month: str) -> date:
    """The last day of `YYYY-MM`; VALIDATION_FAILED when it is no month."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise Refused("VALIDATION_FAILED", f"{month!r} is no month like 2026-11", field="month") from error
    return first.replace(day=monthrange(first.year, first.month)[1])


def _built(connection: duckdb.DuckDBPyConnection) -> tuple[datetime, int]:
    (found,) = connection.execute("SELECT as_of_at, last_seq FROM build_info").fetchall()
    return found[0], found[1]


def _zone(connection: duckdb.DuckDBPyConnection) -> Any:
    (found,) = connection.execute("SELECT tz FROM dim_tenant").fetchall()
    return zone(found[0])


def _output_hash(connection: duckdb.DuckDBPyConnection) -> str:
    """Of the content of every table that was published."""
    return digest(connection.execute("SELECT table_name, content_hash FROM build_table ORDER BY 1").fetchall())
