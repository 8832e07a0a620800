"""What has changed in a month since it was signed: each difference with the events behind it, and their sum.

Rows are compared where they can be told apart best: settlement by settlement, item by item, and posting by posting for
the trial balance. Their differences must add up to those of the statement's own sums.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from apps.closing.figures import BALANCES, ITEMS, SETTLEMENTS, Row, Section, rows_of, sums
from event_store.feed import Feed
from exports.warehouse import opened
from mymedic.errors import Refused

_ITEMS = (
    "SELECT item_id, leg, branch_id, class, status, business_date < $first AS is_carried, left_paise, right_paise,"
    " matched_paise, open_paise, payment_id, settlement_id, resolution_state, source_seqs, resolution_seq"
    " FROM fct_recon_item WHERE business_date <= $last AND (business_date >= $first OR is_open)"
)
_SOURCES = "SELECT gateway, settlement_id, source_seqs FROM mart_settlement_report WHERE settled_on <= $last"
_POSTINGS = (
    "SELECT branch_id, account, source_seq,"
    " coalesce(sum(amount_paise) FILTER (side = 'D'), 0)::BIGINT AS debit_paise,"
    " coalesce(sum(amount_paise) FILTER (side = 'C'), 0)::BIGINT AS credit_paise,"
    " sum(CASE side WHEN 'D' THEN amount_paise ELSE -amount_paise END)::BIGINT AS balance_paise"
    " FROM fct_ledger_entry WHERE business_date <= $last GROUP BY ALL"
)
_MONEY = ("left_paise", "right_paise", "matched_paise", "open_paise")
_STANDING = ("branch_id", "class", "status", "is_carried", "resolution_state", *_MONEY)


class Difference(NamedTuple):
    """One row that is not what was signed. `seqs` are the events recorded since that caused it.

    None at all: nothing was recorded about it, and the day has moved on past its due date.
    """

    section: str
    row: str
    before: str
    after: str
    amounts: dict[str, int]
    seqs: list[int]


class Total(NamedTuple):
    """A sum of the statement: as signed, as it is now; `explained` is what the differences add up to."""

    section: str
    column: str
    signed: int
    now: int
    explained: int


class Changes(NamedTuple):
    signed_seq: int
    now_seq: int
    differences: list[Difference]
    totals: list[Total]


class _State(NamedTuple):
    """A month in one warehouse."""

    seq: int
    items: dict[str, Row]
    settlements: dict[tuple[str, ...], Row]
    sources: dict[tuple[str, ...], set[int]]
    postings: dict[tuple[str, ...], Row]
    sums: dict[str, dict[str, int]]


def changes(then: Path, now: Path, feed: Feed, tenant_id: str, month: str, signed_seq: int) -> Changes:
    """Between the warehouse of what was signed and another one; raises when the differences do not add up."""
    before, after = _state(then, month), _state(now, month)
    causes = _Causes(feed, tenant_id, signed_seq, before, after)
    found = [*_settlements(before, after, causes), *_items(before, after, causes), *_postings(before, after, causes)]
    totals = [
        Total(
            section.name,
            column,
            before.sums[section.name][column],
            after.sums[section.name][column],
            sum(one.amounts.get(column, 0) for one in found if one.section == section.name),
        )
        for section in (SETTLEMENTS, ITEMS, BALANCES)
        for column in section.sums
    ]
    for total in totals:
        if total.now - total.signed != total.explained:
            raise Refused(
                "RECON_NOT_BALANCED",
                f"{total.section} {total.column} changed by {total.now - total.signed}, explained is {total.explained}",
                section=total.section,
                column=total.column,
            )
    return Changes(signed_seq, after.seq, found, totals)


class _Causes:
    """Which events since the signing are behind a row."""

    def __init__(self, feed: Feed, tenant_id: str, signed_seq: int, before: _State, after: _State) -> None:
        self._feed, self._tenant_id, self._signed_seq = feed, tenant_id, signed_seq
        self.of_item = {
            name: self._of_item(before.items.get(name), after.items.get(name))
            for name in sorted(before.items.keys() | after.items.keys())
            if _standing(before.items.get(name)) != _standing(after.items.get(name))
        }
        rows = {name: [one[name] for one in (before.items, after.items) if name in one] for name in self.of_item}
        self.of_settlement: dict[str, set[int]] = {}
        self.of_seq: dict[int, set[int]] = {}
        for name, seqs in self.of_item.items():
            for row in rows[name]:
                self.of_settlement.setdefault(row["settlement_id"], set()).update(seqs)
                for seq in _seqs(row):
                    self.of_seq.setdefault(seq, set()).update(seqs)
        for name in [name for name, seqs in self.of_item.items() if not seqs]:  # a line that another item gave up
            shared = {seq for row in rows[name] for seq in _seqs(row)}
            self.of_item[name] = {cause for seq in shared for cause in self.of_seq.get(seq, ())}

    def later(self, seqs: Iterable[int]) -> set[int]:
        return {seq for seq in seqs if seq > self._signed_seq}

    def _of_item(self, before: Row | None, after: Row | None) -> set[int]:
        known = _seqs(before) if before else set()
        found = self.later((_seqs(after) if after else set()) - known)
        payment_id = (after or before or {}).get("payment_id")
        if not found and payment_id is not None:  # a reversal, say, is no evidence of the item, but changes it
            found = self.later(told.seq for told in self._feed.tagged(self._tenant_id, "payment", payment_id))
        return found


def _settlements(before: _State, after: _State, causes: _Causes) -> Iterable[Difference]:
    for key in sorted(before.settlements.keys() | after.settlements.keys()):
        old, new = before.settlements.get(key), after.settlements.get(key)
        if old != new:
            seqs = causes.later(after.sources.get(key, set())) | causes.of_settlement.get(key[1], set())
            said = [row["batch_class"] if row else "-" for row in (old, new)]
            amounts = _amounts(SETTLEMENTS.sums, old, new)
            yield Difference(SETTLEMENTS.name, "/".join(key), said[0], said[1], amounts, sorted(seqs))


def _items(before: _State, after: _State, causes: _Causes) -> Iterable[Difference]:
    for name, seqs in causes.of_item.items():
        old, new = before.items.get(name), after.items.get(name)
        amounts = _amounts(_MONEY, old, new) | {"items_n": (new is not None) - (old is not None)}
        said = [f"{row['class']} {row['status']}" if row else "-" for row in (old, new)]
        yield Difference(ITEMS.name, name, said[0], said[1], amounts, sorted(seqs))


def _postings(before: _State, after: _State, causes: _Causes) -> Iterable[Difference]:
    """A posting whose own event is older changed because of what was recorded later about its item."""
    for key in sorted(before.postings.keys() | after.postings.keys()):
        old, new = before.postings.get(key), after.postings.get(key)
        amounts = _amounts(BALANCES.sums, old, new)
        if any(amounts.values()):
            seq = int(key[2])
            seqs = causes.later([seq]) or causes.of_seq.get(seq, set())
            yield Difference(BALANCES.name, f"{key[1]} @{key[0]}, posted by seq {seq}", "", "", amounts, sorted(seqs))


def _state(warehouse: Path, month: str) -> _State:
    with opened(warehouse) as connection:
        (info,) = connection.execute("SELECT last_seq FROM build_info").fetchall()
        settlements = _keyed(connection, SETTLEMENTS.query, SETTLEMENTS.key, month)
        sources = _keyed(connection, _SOURCES, SETTLEMENTS.key, month)
        return _State(
            seq=info[0],
            items={key[0]: row for key, row in _keyed(connection, _ITEMS, ("item_id",), month).items()},
            settlements=settlements,
            sources={key: _numbers(row["source_seqs"]) for key, row in sources.items()},
            postings=_keyed(connection, _POSTINGS, ("branch_id", "account", "source_seq"), month),
            sums={one.name: _summed(connection, one, month) for one in (SETTLEMENTS, ITEMS, BALANCES)},
        )


def _summed(connection: duckdb.DuckDBPyConnection, section: Section, month: str) -> dict[str, int]:
    return sums(section, rows_of(connection, section.query, month))


def _keyed(
    connection: duckdb.DuckDBPyConnection, query: str, key: tuple[str, ...], month: str
) -> dict[tuple[str, ...], Row]:
    return {tuple(str(row[name]) for name in key): row for row in rows_of(connection, query, month)}


def _standing(row: Row | None) -> tuple[Any, ...] | None:
    return tuple(row[name] for name in _STANDING) if row else None


def _seqs(row: Row) -> set[int]:
    own = {int(row["resolution_seq"])} if row["resolution_seq"] is not None else set()
    return _numbers(row["source_seqs"]) | own


def _numbers(listed: str | None) -> set[int]:
    return {int(seq) for seq in (listed or "").split(",") if seq}


def _amounts(columns: Iterable[str], old: Row | None, new: Row | None) -> dict[str, int]:
    return {name: ((new or {}).get(name) or 0) - ((old or {}).get(name) or 0) for name in columns}
