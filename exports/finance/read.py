"""The rows of an export, read once and written in every format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from exports.finance.surface import Surface
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
# Column -> the ids that are wanted of it, as {"branch_id": ("brn_1", "brn_2")}.
Narrowed = Mapping[str, tuple[str, ...]]
NOTHING: Narrowed = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Extract:
    """The rows of a surface in their order, and what they were read from."""

    surface: Surface
    tenant_id: str
    period: Period
    narrowed: Narrowed
    as_of: datetime | None
    last_seq: int
    table: pa.Table

    @property
    def money_columns(self) -> list[str]:
        return [name for name in self.table.column_names if is_money(name)]

    def sums(self) -> dict[str, int]:
        """Total of every money column, in paise."""
        return {name: sum(value or 0 for value in self.table[name].to_pylist()) for name in self.money_columns}


def is_money(column: str) -> bool:
    return column == "paise" or column.endswith("_paise")


def extract(warehouse: Path, tenant_id: str, surface: Surface, period: Period, narrowed: Narrowed = NOTHING) -> Extract:
    """Read a surface for a period and, where it has them, for some branches, practitioners and so on."""
    conditions, parameters = ["tenant_id = ?"], [tenant_id]
    for condition, value in ((">=", period.from_on), ("<=", period.to_on)):
        if value is not None:
            conditions.append(f"{surface.period_on} {condition} ?")
            parameters.append(value)  # type: ignore[arg-type]
    with opened(warehouse) as connection:
        columns = {row[0] for row in connection.execute(f"DESCRIBE {surface.query}").fetchall()}
        for column, ids in narrowed.items():
            if column not in columns:
                field = column.removesuffix("_id")
                raise Refused("EXPORT_SCOPE_INVALID", f"{surface.title} cannot be narrowed by {field}", field=field)
            conditions.append(f"{column} IN ({', '.join('?' * len(ids))})")
            parameters.extend(ids)
        (info,) = connection.execute("SELECT last_seq, as_of_at FROM build_info").fetchall()
        table = connection.sql(
            f"SELECT * FROM ({surface.query}) WHERE {' AND '.join(conditions)} ORDER BY {surface.reading_order}",
            params=parameters,
        ).to_arrow_table()
    return Extract(surface, tenant_id, period, narrowed, info[1], info[0], table)
