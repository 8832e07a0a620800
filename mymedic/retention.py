"""How long each retention class is kept (DOMAIN §9.1). The floors are the law's; a tenant may only lengthen them."""

from __future__ import annotations

from datetime import date
from typing import Literal

RetentionClass = Literal["medico_legal", "financial_gst", "hospital", "insurance", "operational"]

FLOOR_YEARS: dict[RetentionClass, int] = {
    "medico_legal": 7,
    "financial_gst": 5,
    "hospital": 10,
    "insurance": 3,
    "operational": 3,
}
# The annual return of a fiscal year is due on 31 December after it; books are kept for 72 months from then.
_YEARS_AFTER_RETURN = 6
_ADULT_AGE = 18


def years_later(on: date, years: int) -> date:
    """The same day some years later; after 29 February the first of March."""
    try:
        return on.replace(year=on.year + years)
    except ValueError:
        return date(on.year + years, 3, 1)


def retain_until(retention_class: RetentionClass, anchor: date, years: int | None = None) -> date:
    """The first day on which nothing of this class has to be kept any more.

    `anchor`: what the class counts from. `years`: the tenant's setting; less than the floor counts as the floor.
    """
    period = max(years or 0, FLOOR_YEARS[retention_class])
    if retention_class != "financial_gst":
        return years_later(anchor, period)
    year_end = date(anchor.year + (anchor.month > 3), 3, 31)
    return max(years_later(year_end, period), date(year_end.year + _YEARS_AFTER_RETURN, 12, 31))


def of_age_by(birth_year: int) -> date:
    """The last day on which somebody born in that year can turn 18: the day of birth itself is sealed."""
    return date(birth_year + _ADULT_AGE, 12, 31)
