"""The published reconciliation items, for the live view that lays resolutions over them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from exports.warehouse import opened
from projections.reconciled import ItemFilter, PublishedItem, Settlement

_COLUMNS = ", ".join(field.encode_name for field in msgspec.structs.fields(PublishedItem))


class WarehouseItems:
    """Items of each tenant's published file; every question opens the file that is published at that moment."""

    def __init__(self, warehouse_dir: Path) -> None:
        self._dir = warehouse_dir

    def by_id(self, tenant_id: str, item_ids: Collection[str]) -> list[PublishedItem]:
        if not item_ids:
            return []
        sql = f"SELECT {_COLUMNS} FROM fct_recon_item WHERE item_id IN (SELECT unnest($1::VARCHAR[]))"
        rows = self._rows(tenant_id, sql, [sorted(item_ids)])
        names = _COLUMNS.split(", ")
        return [msgspec.convert(dict(zip(names, row, strict=True)), PublishedItem) for row in rows]

    def of_payments(self, tenant_id: str, payment_ids: Collection[str]) -> dict[str, Settlement]:
        if not payment_ids or not self._path(tenant_id).exists():
            return {}
        sql = (
            "SELECT left_ref, due_on, class FROM fct_recon_item"
            " WHERE kind = 'payment' AND left_ref IN (SELECT unnest($1::VARCHAR[]))"
        )
        rows = self._rows(tenant_id, sql, [sorted(payment_ids)])
        return {payment_id: Settlement(due_on, class_) for payment_id, due_on, class_ in rows}

    def select(self, tenant_id: str, wanted: ItemFilter, said_of: Collection[str], kept: Collection[str]) -> list[str]:
        equal = {"gateway": wanted.gateway, "leg": wanted.leg, "class": wanted.class_}
        where: list[str] = ["true"]
        values: list[Any] = []
        for column, value in equal.items():
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        if wanted.branch_ids is not None:
            where.append("list_contains(?::VARCHAR[], branch_id)")
            values.append(list(wanted.branch_ids))
        for bound, condition in ((wanted.since, "business_date >= ?"), (wanted.until, "business_date <= ?")):
            if bound is not None:
                where.append(condition)
                values.append(bound)
        if wanted.status is not None:
            where.append(
                "(list_contains(?::VARCHAR[], item_id) OR (NOT list_contains(?::VARCHAR[], item_id)"
                " AND list_contains(?::VARCHAR[], evidence_status)))"
            )
            values += [list(kept), list(said_of), list(wanted.status)]
        rows = self._rows(
            tenant_id,
            f"SELECT item_id FROM fct_recon_item WHERE {' AND '.join(where)}"
            " ORDER BY business_date, item_id LIMIT ? OFFSET ?",
            [*values, wanted.limit, wanted.offset],
        )
        return [item_id for (item_id,) in rows]

    def _rows(self, tenant_id: str, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
        with opened(self._path(tenant_id)) as connection:
            return connection.execute(sql, values).fetchall()

    def _path(self, tenant_id: str) -> Path:
        return self._dir / f"{tenant_id}.duckdb"
