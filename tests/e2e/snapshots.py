"""Stored snapshots of three states of knowledge: `python -m tests.e2e.snapshots` writes them anew after a deliberate
change of a mart.

They are made from a log that ends at the moment; the test builds them from a log that has gone on.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.build import Line, build_shard
from tests.chain import Chain, opened
from tests.e2e.week import REFUND_AT_GATEWAY, friday, monday, tuesday, wednesday_evening, wednesday_noon
from tests.founding import founded
from tests.unit.event_store.clinic import ist
from tests.worlds import without_data_tests

TENANT = "ten_f01"
SEED = "week"  # the vault's keys are random otherwise, and the ids of bank lines follow from them
MOMENTS = {4: ist(4, "23:59"), 6: ist(6, "23:59"), 8: ist(8, "23:59")}
STORED = Path(__file__).parents[1] / "fixtures" / "as_of" / f"{TENANT}.json"


def hashes(warehouse: Path) -> dict[str, str]:
    """Content hash of every mart of a published file."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = connection.execute(
            "SELECT table_name, content_hash FROM build_table WHERE table_name LIKE 'mart\\_%' ESCAPE '\\' ORDER BY 1"
        ).fetchall()
    return dict(found)


def stored() -> dict[str, dict[str, str]]:
    """Moment -> mart -> hash."""
    found: dict[str, dict[str, str]] = json.loads(STORED.read_text(encoding="utf-8"))
    return found


def made(folder: Path) -> dict[str, dict[str, str]]:
    """The week of the example whose card line is dropped, built each time it has come to one of the moments."""
    found = {}
    with opened(folder) as (ledger, vault):
        vault.adopt_simulated(TENANT, SEED)
        chain = founded(Chain(ledger, vault, TENANT))
        line = Line(chain.store.feed, vault, folder / "landing", folder / "warehouse")
        deposit_id = monday(chain)
        refund_id = tuesday(chain)
        chain.at(4, "09:00").refunded(deposit_id, refund_id, REFUND_AT_GATEWAY)
        _, card_id = wednesday_noon(chain)
        wednesday_evening(chain, deposit_id)
        for day, moment in MOMENTS.items():
            if day == 6:
                friday(chain, card_id, is_card_line_dropped=True)
            with without_data_tests():
                report = build_shard(line, TENANT, [TENANT], as_of=moment, border=lambda *_: nullcontext(list))
            found[moment.isoformat()] = hashes(report.published[TENANT].path)
    return found


def main() -> None:
    with TemporaryDirectory(prefix="mymedic-snapshots-") as folder:
        found = made(Path(folder))
    STORED.parent.mkdir(parents=True, exist_ok=True)
    STORED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
