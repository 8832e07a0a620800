"""Which tables finance takes away: their query, their order, and which date a period means."""

from __future__ import annotations

from dataclasses import dataclass

from exports.finance.advice import advice_sql


@dataclass(frozen=True, slots=True)
class Surface:
    """One export: a query over the published warehouse whose rows come in a total order.

    `period_on` is the column that `from`/`to` filter; `key` orders the rows and tells one from the other; `order_by`
    is the reading order where it is another one. Its rows are those of `mart` (where `mart_only` holds), so amounts
    and counts that both have under one name must add up to the same.
    """

    name: str
    title: str
    mart: str
    query: str
    period_on: str
    key: tuple[str, ...]
    has_branches: bool = True
    order_by: str = ""
    mart_only: str = "true"

    @property
    def reading_order(self) -> str:
        keys = ", ".join(self.key)
        return f"{self.order_by}, {keys}" if self.order_by else keys


# Names beside ids: a person reads the one, a program joins the other. Today's names, also for past rows.
_PLACES = """
    LEFT JOIN dim_branch branch
        ON branch.tenant_id = mart.tenant_id AND branch.branch_id = mart.branch_id AND branch.is_current
    LEFT JOIN dim_city city ON city.tenant_id = branch.tenant_id AND city.city_id = branch.city_id
"""
_PLACE_NAMES = (
    "coalesce(city.city_id, '-1') AS city_id, coalesce(city.name, '-') AS city_name,"
    " CASE mart.branch_id WHEN '-1' THEN 'Head office' ELSE coalesce(branch.name, mart.branch_id) END AS branch_name"
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
)

VARIANCE = Surface(
    name="variance",
    title="Branch variance",
    mart="mart_branch_variance",
    query=(
        f"SELECT mart.tenant_id, mart.business_date, {_PLACE_NAMES}, mart.* EXCLUDE (tenant_id, business_date)"
        f" FROM mart_branch_variance mart {_PLACES}"
    ),
    period_on="business_date",
    key=("business_date", "branch_id", "channel", "mode"),
)

LEAKAGE = Surface(
    name="leakage",
    title="Leakage",
    mart="mart_leakage_metrics",
    query=(
        f"SELECT mart.tenant_id, mart.business_date, {_PLACE_NAMES}, mart.* EXCLUDE (tenant_id, business_date)"
        f" FROM mart_leakage_metrics mart {_PLACES}"
    ),
    period_on="business_date",
    key=("business_date", "branch_id", "practitioner_id", "specialty_id", "leakage_type"),
)

NOSHOW = Surface(
    name="noshow",
    title="No-shows",
    mart="mart_noshow_patterns",
    query=(
        f"SELECT mart.tenant_id, mart.business_date, {_PLACE_NAMES}, mart.branch_id, mart.specialty_id,"
        " coalesce(specialty.name, 'unknown') AS specialty_name, sum(mart.n)::BIGINT AS appointments_n,"
        " sum(mart.kept_n)::BIGINT AS kept_n, sum(mart.noshow_n)::BIGINT AS noshow_n,"
        " sum(mart.decided_n)::BIGINT AS decided_n, sum(mart.cancelled_n)::BIGINT AS cancelled_n,"
        " sum(mart.noshow_n) / nullif(sum(mart.decided_n), 0) AS noshow_rate"
        f" FROM mart_noshow_patterns mart {_PLACES}"
        " LEFT JOIN dim_specialty specialty ON specialty.tenant_id = mart.tenant_id"
        " AND specialty.specialty_id = mart.specialty_id GROUP BY ALL"
    ),
    period_on="business_date",
    key=("business_date", "branch_id", "specialty_id"),
)

EXCEPTIONS = Surface(
    name="exceptions",
    title="Exceptions",
    mart="fct_recon_item",
    mart_only="is_exception",
    query=(
        "SELECT mart.tenant_id, mart.business_date, mart.item_id, mart.leg, mart.kind, mart.class, mart.age_days,"
        " greatest(abs(mart.variance_paise), abs(mart.fee_variance_paise)) AS amount_paise,"
        f" {_PLACE_NAMES}, mart.branch_id, mart.gateway,"
        " coalesce(line.entity_id, payment.gateway_payment_id, payment.rrn, mart.utr, mart.left_ref, mart.right_ref)"
        " AS gateway_ref,"
        " mart.payment_id, mart.settlement_id, mart.utr, mart.due_on, mart.left_paise, mart.right_paise,"
        " mart.matched_paise, mart.variance_paise, mart.fee_variance_paise, mart.rule_missed, mart.open_paise,"
        " mart.item_hash, mart.proposed_ref, mart.resolution_state,"
        f" {advice_sql('mart.class')} AS what_to_do"
        f" FROM fct_recon_item mart {_PLACES}"
        " LEFT JOIN fct_payment payment ON payment.tenant_id = mart.tenant_id AND payment.payment_id = mart.payment_id"
        " LEFT JOIN fct_settlement_line line ON line.tenant_id = mart.tenant_id AND line.line_id = mart.right_ref"
        " AND mart.left_ref IS NULL WHERE mart.is_exception"
    ),
    period_on="business_date",
    key=("item_id",),
    order_by="amount_paise DESC",
)

OVERCOLLECTED = Surface(
    name="overcollected",
    title="Over-collected bills of another system",
    mart="mart_imported_billing",
    mart_only="over_collected_paise > 0",
    query=(
        f"SELECT mart.tenant_id, mart.business_date, mart.source_system, mart.bill_ref, {_PLACE_NAMES},"
        " mart.* EXCLUDE (tenant_id, business_date, source_system, bill_ref, city_id)"
        f" FROM mart_imported_billing mart {_PLACES} WHERE mart.over_collected_paise > 0"
    ),
    period_on="business_date",
    key=("bill_id",),
    order_by="over_collected_paise DESC",
)

SURFACES: dict[str, Surface] = {
    surface.name: surface for surface in (SETTLEMENT, VARIANCE, LEAKAGE, NOSHOW, EXCEPTIONS, OVERCOLLECTED)
}
