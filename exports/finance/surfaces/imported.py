"""Reports of what other systems billed."""

from __future__ import annotations

from exports.finance.surface import PLACE_NAMES, PLACES, Bars, Surface, View, key, money

OVERCOLLECTED = Surface(
    name="overcollected",
    title="Over-collected bills of another system",
    mart="mart_imported_billing",
    mart_only="over_collected_paise > 0",
    query=(
        f"SELECT mart.tenant_id, mart.business_date, mart.source_system, mart.bill_ref, {PLACE_NAMES},"
        " mart.* EXCLUDE (tenant_id, business_date, source_system, bill_ref)"
        f" FROM mart_imported_billing mart {PLACES} WHERE mart.over_collected_paise > 0"
    ),
    period_on="business_date",
    key=("bill_id",),
    order_by="over_collected_paise DESC",
    view=View(
        columns=(
            key("date", "business_date"),
            key("branch", "branch_name"),
            key("bill", "bill_ref"),
            key("currency", "currency"),
            money("charged", "charged_paise"),
            money("asked", "asked_paise"),
            money("paid", "paid_paise"),
            money("too much", "over_collected_paise"),
        ),
        order_by="sum(over_collected_paise) DESC, bill_ref",
        bars=Bars("Too much, by branch", "branch_name", "sum(over_collected_paise)", "money"),
    ),
)
