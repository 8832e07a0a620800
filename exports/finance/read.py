"""The rows of an export, read once and written in every format."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from exports.finance.surfaces import Surface
from exports.warehouse import opened
from mymedic.errors import Refused


@dataclass(frozen=True, slots=True)
class Period:
    """From the first to the last day, both included; None is open."""

    from_on: date | None = None
    to_on: date | None = None

    @property
    def label(self) -> str:
        if self.from_on is None and self.to_on is None:
            return "all"
        return f"{self.from_on or 'begin'}_{self.to_on or 'end'}"


EVERYTHING = Period()


@dataclass(frozen=True, slots=True)
class Extract:
    """The rows of a surface in their order, and what they were read from."""

    surface: Surface
    tenant_id: str
    period: Period
    branch_ids: tuple[str, ...]
    as_of: datetime | None
    last_seq: int
    table: pa.Table

    @property
    def money_columns(self) -> list[str]:
        return [name for name in self.table.column_names if name.endswith("_paise")]

    def sums(self) -> dict[str, int]:
        """Total of every money column, in paise."""
        return {name: sum(value or 0 for value in self.table[name].to_pylist()) for name in self.money_columns}


def extract(
    warehouse: Path, tenant_id: str, surface: Surface, period: Period, branch_ids: tuple[str, ...] = ()
) -> Extract:
    """Read a surface for a period and, where it has branches, for some of them."""
    if branch_ids and not surface.has_branches:
        raise Refused("EXPORT_SCOPE_INVALID", f"{surface.title} has no branches to choose", field="branch")
    conditions, parameters = ["tenant_id = ?"], [tenant_id]
    for condition, value in ((">=", period.from_on), ("<=", period.to_on)):
        if value is not None:
            conditions.append(f"{surface.period_on} {condition} ?")
            parameters.append(value)  # type: ignore[arg-type]
    if branch_ids:
        conditions.append(f"branch_id IN ({', '.join('?' * len(branch_ids))})")
        parameters.extend(branch_ids)
    with opened(warehouse) as connection:
        (info,) = connection.execute("SELECT last_seq, as_of_at FROM build_info").fetchall()
        table = connection.sql(
            f"SELECT * FROM ({surface.query}) WHERE {' AND '.join(conditions)} ORDER BY {surface.reading_order}",
            params=parameters,
        ).to_arrow_table()
    return Extract(surface, tenant_id, period, branch_ids, info[1], info[0], table)
