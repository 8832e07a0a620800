"""Reports that compare places and people: variance of money, leaks, branches, yield, prices, revenue."""

from __future__ import annotations

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
    rate,
)

VARIANCE = Surface(
    name="variance",
    title="Branch variance",
    mart="mart_branch_variance",
    query=(
        f"SELECT mart.tenant_id, mart.business_date, {CITY_ID}, {PLACE_NAMES},"
        f" mart.* EXCLUDE (tenant_id, business_date) FROM mart_branch_variance mart {PLACES}"
    ),
    period_on="business_date",
    key=("business_date", "branch_id", "channel", "mode"),
    view=View(
        columns=(
            key("city", "city_name"),
            key("branch", "branch_name"),
            count("open items", "open_items_n"),
            money("expected", "expected_paise"),
            money("evidenced", "evidenced_paise"),
            money("in transit", "in_transit_paise"),
            money("on hold", "on_hold_paise"),
            money("missing", "missing_paise"),
            money("short", "short_paise"),
            money("cash short", "cash_short_paise"),
            money("variance", "variance_paise"),
        ),
        order_by="city_name, branch_name",
        bars=Bars("Variance by branch", "branch_name", "sum(variance_paise)", "money"),
    ),
)

LEAKAGE = Surface(
    name="leakage",
    title="Leakage",
    mart="mart_leakage_metrics",
    query=(
        f"SELECT mart.tenant_id, mart.business_date, {CITY_ID}, {PLACE_NAMES},"
        f" mart.* EXCLUDE (tenant_id, business_date) FROM mart_leakage_metrics mart {PLACES}"
    ),
    period_on="business_date",
    key=("business_date", "branch_id", "practitioner_id", "specialty_id", "leakage_type"),
    view=View(
        columns=(
            key("type", "leakage_type"),
            key("branch", "branch_name"),
            count("n", "n"),
            money("amount", "amount_paise"),
            money("recoverable", "recoverable_paise"),
        ),
        order_by="leakage_type, branch_name",
        bars=Bars("Amount by type", "leakage_type", "sum(amount_paise)", "money", most=13),
    ),
)

CHAIN = Surface(
    name="chain",
    title="Branches against the chain",
    mart="mart_chain_variance",
    query=of_mart("mart_chain_variance"),
    period_on="period_start_on",
    key=("period_kind", "period_start_on", "branch_id", "metric"),
    view=View(
        columns=(
            key("month", "period_start_on"),
            key("metric", "metric"),
            key("branch", "branch_name"),
            Column("branch value", "max(branch_value)", "value"),
            Column("chain value", "max(chain_value)", "value"),
            Column("difference", "max(variance_abs)", "value"),
            Column("beyond its mix", "max(variance_mix_adjusted)", "value"),
            number("z", "max(z)"),
            Column("rank", "max(rank)::BIGINT", "count"),
            Column("of", "max(n_branches)::BIGINT", "count"),
        ),
        only="period_kind = 'month'",
        order_by="period_start_on, metric, max(rank), branch_name",
        has_total=False,
        note="Months; weeks are in the files. Rank 1 is the best. Beyond its mix: what its specialties do not explain.",
    ),
)

YIELD = Surface(
    name="yield",
    title="Yield of practitioners",
    mart="mart_provider_yield",
    query=of_mart("mart_provider_yield", "practitioner_id", "specialty_id"),
    period_on="business_date",
    key=("business_date", "practitioner_id", "branch_id", "specialty_id", "department_id"),
    view=View(
        columns=(
            key("practitioner", "practitioner_name"),
            key("specialty", "specialty_name"),
            key("branch", "branch_name"),
            number("open hours", "sum(available_minutes) / 60.0"),
            number("worked hours", "sum(worked_seconds) / 3600.0"),
            rate("filled", "booked_minutes", "available_minutes"),
            money("net revenue", "net_revenue_paise"),
            money("forfeits", "forfeit_net_paise"),
            Column(
                "per open hour",
                "round(sum(net_revenue_paise) FILTER (available_minutes > 0) * 60"
                " / nullif(sum(available_minutes), 0))::BIGINT",
                "money",
            ),
            money("their share", "practitioner_share_paise"),
        ),
        order_by="practitioner_name, specialty_name, branch_name",
        bars=Bars("Net revenue", "practitioner_name", "sum(net_revenue_paise)", "money"),
        note="Revenue on days without open hours counts in net revenue, not per open hour.",
    ),
)

PRICE = Surface(
    name="price",
    title="What became of bookings when a price changed",
    mart="mart_price_sensitivity",
    query=(
        "SELECT mart.*, coalesce(city.name, mart.city_id) AS city_name,"
        " coalesce(service.name, specialty.name, mart.service_id) AS service_name,"
        " concat_ws(', ', CASE WHEN is_low_n THEN 'few bookings' END,"
        " CASE WHEN is_confounded THEN 'another change near' END,"
        " CASE WHEN is_capacity_bound THEN 'fully booked' END,"
        " CASE WHEN is_no_control THEN 'nothing to compare' END,"
        " CASE WHEN is_promo THEN 'discounts' END) AS remarks"
        " FROM mart_price_sensitivity mart"
        " LEFT JOIN dim_city city ON city.tenant_id = mart.tenant_id AND city.city_id = mart.city_id"
        " LEFT JOIN dim_service service ON service.tenant_id = mart.tenant_id AND service.service_id = mart.service_id"
        " LEFT JOIN dim_specialty specialty ON specialty.tenant_id = mart.tenant_id"
        " AND specialty.specialty_id = mart.specialty_id"
    ),
    period_on="effective_on",
    key=(
        *("level", "city_id", "branch_id", "practitioner_id", "specialty_id", "service_id", "visit_type"),
        "price_change_id",
    ),
    view=View(
        columns=(
            key("city", "city_name"),
            key("service", "service_name"),
            key("visit", "visit_type"),
            key("from", "effective_on"),
            Column("price before", "max(p_old_paise)", "money"),
            Column("price after", "max(p_new_paise)", "money"),
            Column("bookings before", "max(bookings_before_n)::BIGINT", "count"),
            Column("after", "max(bookings_after_n)::BIGINT", "count"),
            number("elasticity", "max(elasticity)"),
            number("against the rest", "max(elasticity_did)"),
            Column("revenue effect", "max(revenue_effect_paise)::BIGINT", "money"),
            key("mind", "remarks"),
        ),
        only="level = 'city'",
        order_by="effective_on, city_name, service_name, visit_type",
        has_total=False,
        note="Association, not proof of cause. 28 days before and after each change.",
    ),
)

BRIDGE = Surface(
    name="bridge",
    title="Why revenue changed: volume, mix, price",
    mart="mart_revenue_bridge",
    query=of_mart("mart_revenue_bridge", has_city=False),
    period_on="period_start_on",
    key=("period_kind", "period_start_on", "level", "branch_id"),
    view=View(
        columns=(
            key("month", "period_start_on"),
            key("branch", "branch_name"),
            money("before", "revenue_previous_paise"),
            money("volume", "volume_paise"),
            money("mix", "mix_paise"),
            money("price", "price_paise"),
            money("new", "new_paise"),
            money("discontinued", "discontinued_paise"),
            money("now", "revenue_paise"),
        ),
        only="period_kind = 'month' AND level = 'branch'",
        order_by="period_start_on, branch_name",
    ),
)
