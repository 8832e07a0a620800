"""A process of its own, in whatever time zone and on whatever database: it makes the tiny world and says its hashes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from event_store.store import open_store
from mymedic.settings import Settings
from simulator.run import simulate
from tests.worlds import build_all, without_data_tests


def main() -> None:
    home, url = sys.argv[1:]
    settings = Settings(home=Path(home), ledger_url=url or None)
    report = simulate("tiny", settings)
    print(json.dumps(hashes(settings, report.tenants)))


def hashes(settings: Settings, tenants: list[str]) -> dict[str, dict[str, str]]:
    """The end of each tenant's chain, and the content hash of every published table of a full build."""
    with open_store(settings) as store, store.ledger.read() as reads:
        heads = {tenant_id: reads.head(tenant_id) for tenant_id in tenants}
    with without_data_tests():
        built = build_all(settings, tenants, full=True).published
    return {
        tenant_id: {
            "chain": head.event_hash if head else "",
            **{table.name: table.content_hash for table in built[tenant_id].tables},
        }
        for tenant_id, head in heads.items()
    }


if __name__ == "__main__":
    main()
