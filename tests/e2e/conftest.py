"""The week of the worked example, played by three tenants of one store, and their warehouses as of any evening."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from exports.warehouse import opened as warehouse_of
from pipelines.build import Line, build_shard
from tests.chain import Chain, opened
from tests.e2e.snapshots import SEED
from tests.e2e.week import Week, play
from tests.founding import founded
from tests.worlds import without_data_tests

VARIANTS: dict[str, dict[str, bool]] = {
    "ten_example": {},
    "ten_f01": {"is_card_line_dropped": True},
    "ten_rebooked": {"is_rebooked": True},
}


class Weeks:
    """What the three tenants did, and what their books said at a moment."""

    def __init__(self, folder: Path, line: Line, chains: dict[str, Chain], played: dict[str, Week]) -> None:
        self.folder = folder
        self.line = line
        self.chains = chains
        self.played = played
        self._built: set[datetime] = set()

    def rows(self, tenant_id: str, as_of: datetime, query: str) -> list[dict[str, Any]]:
        """Ask the tenant's warehouse as of a moment; it is built when it is first asked for."""
        if as_of not in self._built:
            # No border here: what lands and what leaves is checked where the pipeline itself is tested.
            with nullcontext() if not self._built else without_data_tests():
                build_shard(self.line, "clinics", list(VARIANTS), as_of=as_of, border=lambda *_: nullcontext(list))
            self._built.add(as_of)
        with warehouse_of(self.line.published_path(tenant_id, as_of)) as connection:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def classes(self, tenant_id: str, as_of: datetime) -> dict[str, str]:
        """Reconciliation item -> its class."""
        query = "SELECT item_id, class FROM fct_recon_item ORDER BY item_id"
        return {row["item_id"]: row["class"] for row in self.rows(tenant_id, as_of, query)}


@pytest.fixture(scope="session")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weeks]:
    folder = tmp_path_factory.mktemp("week")
    with opened(folder) as (ledger, vault):
        for tenant_id in VARIANTS:
            vault.adopt_simulated(tenant_id, SEED)
        chains = {tenant_id: founded(Chain(ledger, vault, tenant_id)) for tenant_id in VARIANTS}
        played = {tenant_id: play(chains[tenant_id], **variant) for tenant_id, variant in VARIANTS.items()}
        line = Line(chains["ten_example"].store.feed, vault, folder / "landing", folder / "warehouse")
        yield Weeks(folder, line, chains, played)
