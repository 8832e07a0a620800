"""The tie-out: every captured rupee is settled, on its way, held, missing or short; nothing else, nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from exports.warehouse import opened


class TieOutRow(NamedTuple):
    """One gateway or branch, in paise. `captured` comes from the payments, the rest from the reconciliation."""

    name: str
    captured: int
    settled: int
    in_transit: int
    on_hold: int
    missing: int
    short: int

    @property
    def is_tied(self) -> bool:
        return self.captured == self.settled + self.in_transit + self.on_hold + self.missing + self.short


@dataclass(frozen=True, slots=True)
class TieOut:
    tenant_name: str
    as_of: datetime | None
    gateways: list[TieOutRow]
    branches: list[TieOutRow]

    @property
    def is_tied(self) -> bool:
        return all(row.is_tied for row in (*self.gateways, *self.branches))


_ONLINE = "('gateway', 'pos', 'static_qr', 'direct_bank')"


def _sql(key: str) -> str:
    """Payments on one side, recon items on the other, joined by gateway or by branch."""
    return f"""
        WITH captured AS (
            SELECT tenant_id, {key} AS name, sum(captured_paise - reversed_paise)::BIGINT AS captured
            FROM fct_payment
            WHERE captured_at IS NOT NULL AND channel IN {_ONLINE}
            GROUP BY ALL
        ),
        judged AS (
            SELECT tenant_id, {key} AS name,
                sum(matched_paise)::BIGINT AS settled,
                coalesce(sum(left_paise - matched_paise)
                    FILTER (class IN ('in_transit', 'partially_settled', 'qr_in_transit')), 0)::BIGINT AS in_transit,
                coalesce(sum(left_paise - matched_paise) FILTER (class = 'on_hold'), 0)::BIGINT AS on_hold,
                coalesce(sum(left_paise - matched_paise)
                    FILTER (class IN ('missing_settlement', 'qr_missing')), 0)::BIGINT AS missing,
                coalesce(sum(left_paise - matched_paise)
                    FILTER (class IN ('amount_mismatch_short', 'qr_amount_mismatch')), 0)::BIGINT AS short
            FROM fct_recon_item
            WHERE leg IN ('L1', 'L3', 'L5') AND kind IN ('payment', 'qr')
            GROUP BY ALL
        )
        SELECT coalesce(captured.name, judged.name) AS name, coalesce(captured.captured, 0),
            coalesce(settled, 0), coalesce(in_transit, 0), coalesce(on_hold, 0), coalesce(missing, 0),
            coalesce(short, 0)
        FROM captured
        FULL JOIN judged ON captured.tenant_id = judged.tenant_id AND captured.name = judged.name
        ORDER BY 1
    """


def tie_out(warehouse: Path) -> TieOut:
    """The tie-out of a published warehouse, per gateway and per branch."""
    with opened(warehouse) as connection:
        gateways = [TieOutRow(*row) for row in connection.execute(_sql("channel")).fetchall()]
        by_id = connection.execute(_sql("branch_id")).fetchall()
        names = dict(connection.execute("SELECT branch_id, name FROM dim_branch WHERE is_current").fetchall())
        info = connection.execute(
            "SELECT dim_tenant.name, build_info.as_of_at FROM build_info"
            " JOIN dim_tenant ON dim_tenant.tenant_id = build_info.tenant_id"
        ).fetchone()
    branches = sorted(TieOutRow(names.get(row[0], row[0]), *row[1:]) for row in by_id)
    return TieOut(info[0] if info else "", info[1] if info else None, gateways, branches)
