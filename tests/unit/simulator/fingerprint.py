"""What must be equal when a run repeats: each tenant's chain of events and every byte of its truth.

Run as a module it plays the micro world into a folder and prints the fingerprint, for another process to compare.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from event_store.ledger import open_ledger
from mymedic.settings import Settings
from tests.unit.simulator.conftest import play


def fingerprint(home: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    ledger = open_ledger(Settings(home=home, ledger_url=None).event_store_url)
    try:
        with ledger.read() as reads:
            for tenant_id in reads.tenants():
                head = reads.head(tenant_id)
                assert head is not None
                found[tenant_id] = f"{head.seq} {head.event_hash}"
    finally:
        ledger.close()
    truth = home / "truth"
    for path in sorted(truth.rglob("*.json")):
        found[str(path.relative_to(truth))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


if __name__ == "__main__":
    play(Path(sys.argv[1]))
    for name, value in fingerprint(Path(sys.argv[1])).items():
        print(name, value)
