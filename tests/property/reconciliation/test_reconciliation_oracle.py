"""The SQL of reconciliation against the pencil: hundreds of random tenants in one build, compared cell by cell."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.integration.warehouse.rig import compiled_sql
from tests.integration.warehouse.shard import build_together
from tests.property.money.ledger import SPOKEN_OF, History, claim_histories, payment_histories
from tests.property.reconciliation import books, postings
from tests.property.reconciliation.draw import AS_OF, draw_world, shuffled
from tests.property.reconciliation.log import log_of
from tests.property.reconciliation.matching import Item
from tests.property.reconciliation.terms import local_day
from tests.property.reconciliation.world import World

CASES, TWINS, HISTORIES = 200, 50, 40
# A paisa more in this column of fct_recon_item, and the check must say so.
BREAKS = {
    "inv_r1_left_sides_tie_to_facts": "left_paise",
    "inv_r1_payouts_and_deposits_tie_to_facts": "left_paise",
    "inv_r2_every_line_is_used_once": "right_paise",
    "inv_r9_captured_online_is_in_one_place": "matched_paise",
}

# One build serves them all.


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    """The first have a twin each, told in another order."""
    drawn = [draw_world(case) for case in range(CASES)]
    return [*drawn, *(shuffled(drawn[case], f"ten_twin_{case:04d}") for case in range(TWINS))]


@pytest.fixture(scope="module")
def histories() -> list[History]:
    """Payments and claims to which anything has happened."""
    return [*payment_histories(HISTORIES, seed=1), *claim_histories(HISTORIES, seed=2)]


@pytest.fixture(scope="module")
def warehouse(worlds: list[World], histories: list[History]) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = build_together([*map(log_of, worlds), *(log for log, _ in histories)], as_of=AS_OF)
    yield connection
    connection.close()


def rows(warehouse: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> dict[str, list[tuple[Any, ...]]]:
    """tenant -> its rows, sorted; of the worlds alone."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    of_worlds = "regexp_matches(tenant_id, '^ten_(case|twin)_')"
    query = f"select tenant_id, {', '.join(columns)} from {table} where {of_worlds}"
    for tenant_id, *values in warehouse.execute(query).fetchall():
        found.setdefault(tenant_id, []).append(tuple(values))
    return {tenant_id: sorted(some, key=repr) for tenant_id, some in found.items()}


def told(item: Item) -> dict[str, Any]:
    """An item in the columns of fct_recon_item."""
    return {
        "item_id": item.item_id,
        "leg": item.leg,
        "kind": item.kind,
        "class": item.category,
        "status": item.status,
        "branch_id": item.branch_id,
        "payment_id": item.payment_id,
        "gateway": item.gateway,
        "channel": item.channel,
        "mode": item.mode,
        "business_date": item.business_date,
        "due_on": item.due_on,
        "overdue_after_on": item.overdue_after,
        "left_paise": item.left,
        "right_paise": item.right,
        "matched_paise": item.matched,
        "excess_paise": item.excess,
        "variance_paise": item.right - item.left,
        "fee_charged_paise": item.fee_charged,
        "fee_expected_paise": item.fee_expected,
        "tax_charged_paise": item.tax_charged,
        "tax_expected_paise": item.tax_expected,
        "fee_variance_paise": item.fee_variance,
        "right_ref": item.right_ref,
        "settlement_id": item.settlement_id,
        "proposed_ref": item.proposed_ref,
        "near_ref": item.near_ref,
        "near_by": item.near_by,
        "near_paise": item.near_paise,
        "near_days": item.near_days,
        "age_days": (local_day(AS_OF) - item.aged_from).days,
    }


def assert_equal(warehouse: duckdb.DuckDBPyConnection, table: str, expected: dict[str, list[dict[str, Any]]]) -> None:
    columns = list(next(row for some in expected.values() for row in some))
    found = rows(warehouse, table, columns)
    for tenant_id, some in expected.items():
        ours = sorted((tuple(row[name] for name in columns) for row in some), key=repr)
        theirs = found.pop(tenant_id, [])
        missing = [dict(zip(columns, row, strict=True)) for row in ours if row not in theirs]
        surplus = [dict(zip(columns, row, strict=True)) for row in theirs if row not in ours]
        assert (missing, surplus) == ([], []), f"{table} of {tenant_id}"
        assert ours == theirs
    assert found == {}


def test_every_item_is_as_the_pencil_says(warehouse: duckdb.DuckDBPyConnection, worlds: list[World]) -> None:
    expected = {one.tenant_id: [told(item) for item in books.reconcile(one, AS_OF).values()] for one in worlds}
    assert_equal(warehouse, "fct_recon_item", expected)


def test_what_is_not_posted_says_what_was_missed(warehouse: duckdb.DuckDBPyConnection) -> None:
    query = "select status, rule_missed, near_ref, near_by, near_paise, near_days from fct_recon_item"
    seen = set()
    for status, rule_missed, near_ref, near_by, near_paise, near_days in warehouse.execute(query).fetchall():
        assert (rule_missed is None) == (status == "posted")
        seen.add((near_by, bool(near_paise), bool(near_days)))
        if near_ref is not None:
            off = f"{near_days} days" if near_by == "amount" else f"{near_paise} paise and {near_days} days"
            assert rule_missed.endswith(f"; nearest is {near_ref}: same {near_by}, off by {off}")
    likeness = {("reference", is_more, is_later) for is_more in (True, False) for is_later in (True, False)}
    assert seen == likeness | {(None, False, False), ("amount", False, True), ("amount", False, False)}


def test_the_worlds_hold_every_class(worlds: list[World]) -> None:
    """A comparison of classes that never occur would prove nothing."""
    seen = {(item.leg, item.category) for one in worlds for item in books.reconcile(one, AS_OF).values()}
    gateway = {
        "matched",
        "matched_fee_variance",
        "partially_settled",
        "amount_mismatch_short",
        "amount_mismatch_over",
        "in_transit",
        "on_hold",
        "missing_settlement",
        "netted_reversal",
        "orphan_settlement",
        "duplicate_settlement",
        "unexpected_adjustment",
    }
    payouts = {f"batch_{one}" for one in ("matched", "amount_mismatch", "in_transit", "missing", "carried_negative")}
    assert {one for leg, one in seen if leg == "L1"} >= gateway | {"disputed", "chargeback_lost", "status_conflict"}
    assert {one for leg, one in seen if leg == "L3"} >= gateway
    assert {one for leg, one in seen if leg == "L2"} == payouts | {"unidentified_bank_credit"}
    assert {one for leg, one in seen if leg == "L4"} == {
        "cash_balanced",
        "cash_short",
        "cash_over",
        "deposit_matched",
        "deposit_in_transit",
        "deposit_missing",
        "deposit_mismatch",
    }
    assert {one for leg, one in seen if leg == "L5"} == {
        "qr_matched",
        "qr_in_transit",
        "qr_missing",
        "qr_amount_mismatch",
        "qr_orphan_credit",
        "netted_reversal",
    }
    claims = {f"claim_{one}" for one in ("matched", "amount_mismatch", "in_transit", "missing")}
    assert {one for leg, one in seen if leg == "L6"} == claims | {"unidentified_bank_credit"}


def test_the_worlds_hold_credits_of_several_items(warehouse: duckdb.DuckDBPyConnection) -> None:
    paid = "select distinct substr(item_id, 1, 2) from fct_bank_line where matched_by = 'exact sum'"
    assert {leg for (leg,) in warehouse.execute(paid).fetchall()} >= {"L2", "L5", "L6"}
    doubtful = "select count(*) from fct_recon_item where kind = 'line' and proposed_ref like '%,%'"
    assert warehouse.execute(doubtful).fetchone() > (0,)


def test_the_settlement_report(warehouse: duckdb.DuckDBPyConnection, worlds: list[World]) -> None:
    expected = {one.tenant_id: books.settlement_report(one, AS_OF) for one in worlds}
    assert_equal(warehouse, "mart_settlement_report", expected)


def test_the_branch_variance(warehouse: duckdb.DuckDBPyConnection, worlds: list[World]) -> None:
    expected = {one.tenant_id: books.branch_variance(one, AS_OF) for one in worlds}
    assert_equal(warehouse, "mart_branch_variance", expected)


def test_the_leakage(warehouse: duckdb.DuckDBPyConnection, worlds: list[World]) -> None:
    expected = {one.tenant_id: books.leakage(one, AS_OF) for one in worlds}
    assert_equal(warehouse, "mart_leakage_metrics", expected)


def balances(warehouse: duckdb.DuckDBPyConnection) -> dict[str, dict[tuple[str, str], int]]:
    """tenant -> (branch, account) -> debits less credits, where it is not zero."""
    query = (
        "select tenant_id, branch_id, account, sum(case side when 'D' then amount_paise else -amount_paise end)::bigint"
        " from fct_ledger_entry group by all"
    )
    found: dict[str, dict[tuple[str, str], int]] = {}
    for tenant_id, branch_id, account, paise in warehouse.execute(query).fetchall():
        if paise:
            found.setdefault(tenant_id, {})[branch_id, account] = paise
    return found


def test_the_ledger(warehouse: duckdb.DuckDBPyConnection, worlds: list[World]) -> None:
    """Every balance of every branch, against postings made by hand from the pencil's items."""
    found = balances(warehouse)
    for world in worlds:
        assert found.get(world.tenant_id, {}) == postings.balances(world, AS_OF), world.tenant_id
    posted = {posting for (posting,) in warehouse.execute("select distinct posting from fct_ledger_entry").fetchall()}
    assert posted >= {"settled_pos", "repaid_gateway", "repaid_pos", "unexplained_receipt", "unexplained_repayment"}
    assert posted >= {"dispute_held", "dispute_released", "dispute_lost", "adjusted_down", "adjusted_up"}
    assert posted >= {"payout_received", "payout_short", "deposit_received", "transfer_paid", "qr_received"}


def test_the_ledger_of_random_histories(warehouse: duckdb.DuckDBPyConnection, histories: list[History]) -> None:
    """What patients and payers have, owe and are owed, against the imperative books of tests/property/money."""
    found = balances(warehouse)
    for log, expected in histories:
        held: Counter[str] = Counter()
        for (_, account), paise in found.get(log.tenant_id, {}).items():
            held[account] += paise
        assert {account: held[account] for account in SPOKEN_OF if held[account]} == expected, log.tenant_id
    posted = {posting for (posting,) in warehouse.execute("select distinct posting from fct_ledger_entry").fetchall()}
    assert posted >= {"allocated", "deallocated", "forfeited", "forfeit_reversed", "credited", "written_off"}
    assert posted >= {"refund_reserved", "refund_released", "refunded_cash", "refunded_gateway", "refunded_transfer"}
    assert posted >= {"claim_submitted", "claim_disallowed", "claim_reprocessed", "claim_settled", "claim_cancelled"}
    assert posted >= {"claim_written_off", "claim_billed_back", "float_added", "petty_spent", "cash_dropped"}


# A check, what breaks it, and the account that it must name (a mutation that no check sees is a check too few).
LEGS_OF = (
    "delete from fct_ledger_entry where (tenant_id, entry_group) in"
    " (select (tenant_id, entry_group) from fct_ledger_entry where account = '{0}' order by all limit 1)"
)
CLEARING = ("1100", "1110", "1200", "1210", "1220", "1225", "1230", "1240", "1250", "2900", "2910")
MUTATIONS = [
    ("inv_r4_every_posting_balances", "update fct_ledger_entry set amount_paise = amount_paise + 1 where rowid = 7"),
    ("inv_r4_every_posting_balances", "update fct_ledger_entry set branch_id = 'brn_x' where rowid = 7"),
    ("inv_r4_every_posting_balances", "update fct_ledger_entry set business_date = business_date + 1 where rowid = 7"),
    ("inv_r10_settlements_tie_to_the_bank_account", LEGS_OF.format("1230")),
    ("trial_balance_ties_to_the_ledger", "update mart_trial_balance set debit_paise = debit_paise + 1 where rowid = 3"),
    *(("inv_r5_clearing_accounts_tie_to_items", LEGS_OF.format(account)) for account in CLEARING),
    *(
        ("inv_r6_people_and_payers_tie_to_facts", LEGS_OF.format(account))
        for account in ("2100", "2200", "1400", "1410", "1415")
    ),
]


def test_each_check_of_the_books_can_fail(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """One row is changed in a copy of the warehouse: the check that guards it finds exactly that."""
    databases = "select database_name, path from duckdb_databases() where database_name in ('warehouse', 'workings')"
    for name, built in warehouse.execute(databases).fetchall():
        shutil.copy(built, tmp_path / f"{name}.duckdb")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as copy:
        copy.execute("set TimeZone = 'UTC'")
        copy.execute(f"attach '{tmp_path / 'workings.duckdb'}' as workings (read_only)")
        for check, mutation in MUTATIONS:
            sql = compiled_sql(check)
            copy.begin()
            assert copy.execute(mutation).fetchall() != [(0,)], mutation
            assert copy.execute(sql).fetchall() != [], f"{check} does not see: {mutation}"
            copy.rollback()
            assert copy.execute(sql).fetchall() == [], check


def test_the_order_of_files_does_not_matter(warehouse: duckdb.DuckDBPyConnection) -> None:
    """INV-R8, for all that does not say when a line was recorded."""
    columns = [
        "item_id",
        "class",
        "status",
        "left_paise",
        "right_paise",
        "matched_paise",
        "fee_variance_paise",
        "right_ref",
        "proposed_ref",
    ]
    found = rows(warehouse, "fct_recon_item", columns)
    twins = [tenant_id for tenant_id in found if tenant_id.startswith("ten_twin_")]
    assert len(twins) == TWINS
    for tenant_id in twins:
        assert found[tenant_id] == found[tenant_id.replace("twin", "case")]


def test_every_item_can_be_walked_back_to_its_events(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Its seqs are the tenant's own, each named once, and the line that is its evidence is among them."""
    seqs_of: dict[str, set[int]] = {}
    lines: dict[tuple[str, str], int] = {}
    for table, name in (("fct_settlement_line", "line_id"), ("fct_bank_line", "bank_line_id")):
        for tenant_id, line_id, seq in warehouse.execute(f"select tenant_id, {name}, seq from {table}").fetchall():
            lines[tenant_id, line_id] = seq
    query = "select tenant_id, seq from stg_event"
    for tenant_id, seq in warehouse.execute(query).fetchall():
        seqs_of.setdefault(tenant_id, set()).add(seq)
    items = "select tenant_id, leg, kind, right_ref, source_seqs from fct_recon_item"
    for tenant_id, leg, kind, right_ref, source_seqs in warehouse.execute(items).fetchall():
        seqs = [int(one) for one in source_seqs.split(",")]
        assert len(set(seqs)) == len(seqs)
        told = {seq for (tenant, _), seq in lines.items() if tenant == tenant_id}
        assert set(seqs) <= told | seqs_of.get(tenant_id, set())
        if right_ref and kind != "session":
            assert lines[tenant_id, right_ref] in seqs, (tenant_id, leg, right_ref)


@pytest.mark.parametrize("check", BREAKS)
def test_a_check_fails_when_a_paisa_is_wrong(warehouse: duckdb.DuckDBPyConnection, check: str) -> None:
    sql, table = compiled_sql(check), '"warehouse"."main"."fct_recon_item"'
    wrong = f"(select * replace ({BREAKS[check]} + 1 as {BREAKS[check]}) from {table})"
    assert table in sql
    assert warehouse.execute(sql).fetchall() == []
    assert warehouse.execute(sql.replace(table, wrong)).fetchall() != []
