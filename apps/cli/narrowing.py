"""Which ids people mean by the names of branches, cities, practitioners, departments and specialties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from exports.finance.read import Narrowed
from exports.warehouse import opened
from mymedic.errors import Refused

# A city stands for its branches: not every mart has cities, and a branch that moved counts where it is.
_QUERIES = {
    "branch": "SELECT branch_id, name, branch_id FROM dim_branch WHERE is_current",
    "city": (
        "SELECT city.city_id, city.name, branch.branch_id FROM dim_branch branch JOIN dim_city city"
        " ON city.tenant_id = branch.tenant_id AND city.city_id = branch.city_id WHERE branch.is_current"
    ),
    "practitioner": "SELECT practitioner_id, name, practitioner_id FROM dim_practitioner WHERE is_current",
    "department": "SELECT department_id, name, department_id FROM dim_department",
    "specialty": "SELECT specialty_id, name, specialty_id FROM dim_specialty",
}
_COLUMN = {"city": "branch_id"}


def narrowed_by(warehouse: Path, wanted: Mapping[str, Sequence[str]]) -> Narrowed:
    """Column -> ids; what several words say about one column must all hold. NOT_FOUND for a name that nothing has."""
    found: dict[str, set[str]] = {}
    for what, names in wanted.items():
        if names:
            ids = _ids(warehouse, what, names)
            column = _COLUMN.get(what, f"{what}_id")
            found[column] = found[column] & ids if column in found else ids
    return {column: tuple(sorted(ids)) or ("",) for column, ids in sorted(found.items())}


def _ids(warehouse: Path, what: str, names: Sequence[str]) -> set[str]:
    with opened(warehouse) as connection:
        known = connection.execute(f"{_QUERIES[what]} ORDER BY 2").fetchall()
    found: set[str] = set()
    for name in names:
        ids = {id for key, called, id in known if name.casefold() in (key.casefold(), called.casefold())}
        if not ids:
            there = ", ".join(dict.fromkeys(called for _, called, _ in known))
            raise Refused("NOT_FOUND", f"there is no {what} {name!r}", known=there)
        found |= ids
    return found
