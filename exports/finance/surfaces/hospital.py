"""Reports of a hospital: beds and outpatients by midnight, claims by age."""

from __future__ import annotations

from exports.finance.surface import Bars, Surface, View, count, key, money, of_mart, rate

CENSUS = Surface(
    name="census",
    title="Census at midnight",
    mart="mart_census",
    query="SELECT mart.* FROM mart_census mart",
    period_on="as_of_date",
    key=("as_of_date", "line", "branch_id", "department_id", "bed_id"),
    view=View(
        columns=(
            key("date", "as_of_date"),
            key("branch", "branch_name"),
            key("ward", "ward"),
            count("beds", "beds_n"),
            count("occupied", "occupied_n"),
            rate("occupancy", "occupied_n", "beds_n"),
            count("admitted", "admissions_n"),
            count("discharged", "discharges_n"),
            count("outpatients", "opd_visits_n"),
        ),
        order_by="as_of_date, branch_name, ward",
        bars=Bars("Occupied beds", "as_of_date", "sum(occupied_n)", "count", most=62, is_timeline=True),
    ),
)

CLAIMS = Surface(
    name="claims",
    title="Claims by age",
    mart="mart_claims_ageing",
    query=of_mart("mart_claims_ageing", "payer_id", has_city=False),
    period_on="as_of_date",
    key=("as_of_date", "payer_id", "branch_id", "state", "bucket"),
    view=View(
        columns=(
            key("payer", "payer_name"),
            key("state", "state"),
            key("days", "bucket"),
            count("claims", "n"),
            money("claimed", "claimed_paise"),
            money("approved", "approved_paise"),
            money("settled", "settled_gross_paise"),
            money("outstanding", "outstanding_paise"),
            count("open queries", "open_queries_n"),
        ),
        order_by="payer_name, state, bucket",
        bars=Bars("Outstanding by age in days", "bucket", "sum(outstanding_paise)", "money"),
    ),
)
