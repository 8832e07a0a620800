"""Reports of the reconciliation: settlements, exceptions, their age, and the gateways' fees."""

from __future__ import annotations

from exports.finance.advice import advice_sql
from exports.finance.surface import (
    CITY_ID,
    PLACE_NAMES,
    PLACES,
    Bars,
    Column,
    Surface,
    View,
    count,
    key,
    money,
    number,
    of_mart,
)

SETTLEMENT = Surface(
    name="settlement",
    title="Settlement report",
    mart="mart_settlement_report",
    query="SELECT mart.* FROM mart_settlement_report mart",
    period_on="settled_on",
    key=("gateway", "settlement_id"),
    has_branches=False,
    order_by="settled_on",
    view=View(
        columns=(
            key("settled", "settled_on"),
            key("gateway", "gateway"),
            key("settlement", "settlement_id"),
            count("payments", "payments_n"),
            money("gross", "payments_gross_paise"),
            money("refunds", "refunds_paise"),
            money("fees", "fee_paise"),
            money("tax", "tax_paise"),
            money("net", "net_paise"),
            money("bank", "bank_paise"),
            key("bank says", "batch_class"),
        ),
        order_by="settled_on, gateway, settlement_id",
        bars=Bars("Net by day of settlement", "settled_on", "sum(net_paise)", "money", most=62, is_timeline=True),
    ),
)

EXCEPTIONS = Surface(
    name="exceptions",
    title="Exceptions",
    mart="fct_recon_item",
    mart_only="is_exception",
    query=(
        "SELECT mart.tenant_id, mart.business_date, mart.item_id, mart.leg, mart.kind, mart.class, mart.age_days,"
        " greatest(abs(mart.variance_paise), abs(mart.fee_variance_paise)) AS amount_paise,"
        f" {CITY_ID}, {PLACE_NAMES}, mart.branch_id, mart.gateway,"
        " coalesce(line.entity_id, payment.gateway_payment_id, payment.rrn, mart.utr, mart.left_ref, mart.right_ref)"
        " AS gateway_ref,"
        " mart.payment_id, mart.settlement_id, mart.utr, mart.due_on, mart.left_paise, mart.right_paise,"
        " mart.matched_paise, mart.variance_paise, mart.fee_variance_paise, mart.rule_missed, mart.open_paise,"
        " mart.near_ref, mart.near_by, mart.near_paise, mart.near_days,"
        " mart.item_hash, mart.proposed_ref, mart.resolution_state,"
        f" {advice_sql('mart.class')} AS what_to_do"
        f" FROM fct_recon_item mart {PLACES}"
        " LEFT JOIN fct_payment payment ON payment.tenant_id = mart.tenant_id AND payment.payment_id = mart.payment_id"
        " LEFT JOIN fct_settlement_line line ON line.tenant_id = mart.tenant_id AND line.line_id = mart.right_ref"
        " AND mart.left_ref IS NULL WHERE mart.is_exception"
    ),
    period_on="business_date",
    key=("item_id",),
    order_by="amount_paise DESC",
    view=View(
        columns=(
            Column("days", "max(age_days)", "number"),
            money("amount", "amount_paise"),
            key("what", "class"),
            key("branch", "branch_name"),
            key("gateway", "gateway"),
            key("their id", "gateway_ref"),
            Column("which rule missed", "rule_missed", "words", is_key=True),
            key("what to do", "what_to_do"),
            key("item", "item_id"),
        ),
        order_by="sum(amount_paise) DESC, item_id",
        bars=Bars("Amount at stake by class", "class", "sum(amount_paise)", "money"),
    ),
)

AGEING = Surface(
    name="ageing",
    title="Age of open items",
    mart="mart_recon_ageing",
    query=of_mart("mart_recon_ageing", has_city=False),
    period_on="as_of_date",
    key=("leg", "class", "branch_id", "bucket"),
    view=View(
        columns=(
            key("leg", "leg"),
            key("class", "class"),
            key("branch", "branch_name"),
            key("days", "bucket"),
            count("items", "n"),
            money("amount", "paise"),
        ),
        order_by="leg, class, branch_name, bucket",
        bars=Bars("Open amount by age in days", "bucket", "sum(paise)", "money"),
    ),
)

FEES = Surface(
    name="fees",
    title="Gateway fee audit",
    mart="mart_gateway_fee_audit",
    query="SELECT mart.* FROM mart_gateway_fee_audit mart",
    period_on="month_start_on",
    key=("month_start_on", "gateway", "mode", "card_type"),
    has_branches=False,
    view=View(
        columns=(
            key("month", "month_start_on"),
            key("gateway", "gateway"),
            key("mode", "mode"),
            key("card", "card_type"),
            count("payments", "n"),
            money("amount", "amount_paise"),
            money("fee charged", "fee_charged_paise"),
            money("fee by contract", "fee_expected_paise"),
            money("tax charged", "tax_charged_paise"),
            money("tax by contract", "tax_expected_paise"),
            money("too much", "variance_paise"),
            number("bps", "10000.0 * sum(fee_charged_paise + tax_charged_paise) / nullif(sum(amount_paise), 0)"),
        ),
        order_by="month_start_on, gateway, mode, card_type",
        bars=Bars("Fee and tax charged, by mode", "mode", "sum(fee_charged_paise + tax_charged_paise)", "money"),
    ),
)
