"""What a report is: the rows that leave as a file, and how a person sees them, grouped, with a total."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# text and words (paise in a sentence become rupees) and days stand left; the others are figures and stand right.
# `value` is a figure whose unit the row's `metric` says.
Kind = Literal["text", "words", "count", "money", "rate", "number", "value"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a person sees: a key that rows are grouped by, or a figure over the rows of a group."""

    label: str
    sql: str
    kind: Kind = "text"
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart: one bar for each value of `by`, as long as `figure` (both in SQL); the longest `most` of them."""

    title: str
    by: str
    figure: str
    kind: Kind
    most: int = 12
    is_timeline: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """How a report looks to a person. Ratios are computed from the sums of a group, the total's too, never averaged."""

    columns: tuple[Column, ...]
    order_by: str
    only: str = "true"
    bars: Bars | None = None
    note: str = ""
    has_total: bool = True


@dataclass(frozen=True, slots=True)
class Surface:
    """One report: a query over the published warehouse whose rows come in a total order.

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
    view: View
    has_branches: bool = True
    order_by: str = ""
    mart_only: str = "true"

    @property
    def reading_order(self) -> str:
        keys = ", ".join(self.key)
        return f"{self.order_by}, {keys}" if self.order_by else keys


def key(label: str, column: str) -> Column:
    return Column(label, column, "text", is_key=True)


def count(label: str, column: str) -> Column:
    return Column(label, f"coalesce(sum({column}), 0)::BIGINT", "count")


def money(label: str, column: str) -> Column:
    return Column(label, f"coalesce(sum({column}), 0)::BIGINT", "money")


def rate(label: str, numerator: str, denominator: str) -> Column:
    """A share of the group's sums; nothing where there is nothing to divide by."""
    return Column(label, f"sum({numerator}) / nullif(sum({denominator}), 0)", "rate")


def number(label: str, sql: str) -> Column:
    return Column(label, sql, "number")


# Names beside ids: a person reads the one, a program joins the other. Today's names, also for past rows; of a branch
# that has moved, the city where it was then, if the mart says one.
_BRANCH = """
    LEFT JOIN dim_branch branch
        ON branch.tenant_id = mart.tenant_id AND branch.branch_id = mart.branch_id AND branch.is_current
"""
PLACES = f"{_BRANCH} LEFT JOIN dim_city city ON city.tenant_id = branch.tenant_id AND city.city_id = branch.city_id"
PLACES_THEN = f"{_BRANCH} LEFT JOIN dim_city city ON city.tenant_id = mart.tenant_id AND city.city_id = mart.city_id"
PLACE_NAMES = (
    "coalesce(city.name, '-') AS city_name,"
    " CASE mart.branch_id WHEN '-1' THEN 'Head office' ELSE coalesce(branch.name, mart.branch_id) END AS branch_name"
)
CITY_ID = "coalesce(city.city_id, '-1') AS city_id"
# column -> (its dimension, what makes one row of it, the name's column)
_NAMED = {
    "practitioner_id": ("dim_practitioner", "named.is_current", "practitioner_name"),
    "specialty_id": ("dim_specialty", "true", "specialty_name"),
    "service_id": ("dim_service", "true", "service_name"),
    "payer_id": ("dim_payer", "true", "payer_name"),
}


def of_mart(mart: str, *ids: str, has_city: bool = True) -> str:
    """All columns of a mart that has branches, with the names of its places and of these ids.

    `has_city`: the mart has a `city_id` of its own; otherwise it gets the one of the branch today.
    """
    names = [PLACE_NAMES if has_city else f"{CITY_ID}, {PLACE_NAMES}"]
    joins = [PLACES_THEN if has_city else PLACES]
    for id in ids:
        dimension, condition, name = _NAMED[id]
        alias = f"named_{id}"
        names.append(f"coalesce({alias}.name, mart.{id}) AS {name}")
        joins.append(
            f" LEFT JOIN {dimension} {alias} ON {alias}.tenant_id = mart.tenant_id AND {alias}.{id} = mart.{id}"
            f" AND {condition.replace('named.', f'{alias}.')}"
        )
    return f"SELECT mart.*, {', '.join(names)} FROM {mart} mart {''.join(joins)}"
