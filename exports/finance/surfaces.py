"""Which tables finance takes away: their query, their order, and which date a period means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Surface:
    """One export: a query over the published warehouse whose rows come in a total order.

    `period_on` is the column that `from`/`to` filter; `key` orders the rows and tells one from the other.
    """

    name: str
    title: str
    query: str
    period_on: str
    key: tuple[str, ...]
    branch_column: str | None = None


_BRANCH = """
    LEFT JOIN dim_branch branch
        ON branch.tenant_id = mart.tenant_id AND branch.branch_id = mart.branch_id AND branch.is_current
    LEFT JOIN dim_city city ON city.city_id = branch.city_id
"""

SETTLEMENT = Surface(
    name="settlement",
    title="Settlement report",
    query="SELECT mart.* FROM mart_settlement_report mart",
    period_on="settled_on",
    key=("gateway", "settlement_id"),
)

VARIANCE = Surface(
    name="variance",
    title="Branch variance",
    query=(
        "SELECT mart.tenant_id, mart.business_date, coalesce(city.name, '-') AS city_name,"
        " coalesce(branch.name, 'Head office') AS branch_name, mart.* EXCLUDE (tenant_id, business_date)"
        f" FROM mart_branch_variance mart {_BRANCH}"
    ),
    period_on="business_date",
    key=("business_date", "branch_id", "channel", "mode"),
    branch_column="branch_id",
)

LEAKAGE = Surface(
    name="leakage",
    title="Leakage",
    query=(
        "SELECT mart.tenant_id, mart.business_date, coalesce(city.name, '-') AS city_name,"
        " coalesce(branch.name, 'Head office') AS branch_name, mart.* EXCLUDE (tenant_id, business_date)"
        f" FROM mart_leakage_metrics mart {_BRANCH}"
    ),
    period_on="business_date",
    key=("business_date", "branch_id", "practitioner_id", "specialty_id", "leakage_type"),
    branch_column="branch_id",
)

SURFACES: dict[str, Surface] = {surface.name: surface for surface in (SETTLEMENT, VARIANCE, LEAKAGE)}
