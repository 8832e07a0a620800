"""The proofs that `mymedic verify` runs: chain, guards, that the warehouse is of this very log, and live views too."""

from __future__ import annotations

from typing import NamedTuple

from apps.live_proofs import prove_live
from event_store.ledger.verify import verify_chain
from event_store.rebuild import guard_differences
from event_store.store import Store
from exports.warehouse import opened
from mymedic.counts import counted
from mymedic.errors import Refused
from mymedic.settings import Settings
from pipelines.landing.write import check_landing


class Proof(NamedTuple):
    tenant_id: str
    claim: str
    passed: bool
    seen: str
    problems: list[str]


def prove(store: Store, settings: Settings, tenant_id: str) -> list[Proof]:
    """Every proof about one tenant."""
    verdict = verify_chain(store.ledger, tenant_id)
    chain = Proof(tenant_id, "the chain is whole", verdict.is_whole, counted(verdict.events, "event"), verdict.problems)
    if not verdict.is_whole:
        return [chain]
    differences = guard_differences(store.ledger, store.feed, tenant_id)
    guards = Proof(
        tenant_id, "guards equal their replay", not differences, f"{len(differences)} differ", differences[:20]
    )
    return [
        chain,
        guards,
        _landing(store, settings, tenant_id),
        *_warehouse(store, settings, tenant_id),
        *(
            Proof(tenant_id, one.claim, not one.problems, one.seen, one.problems)
            for one in prove_live(store, settings, tenant_id)
        ),
    ]


def _landing(store: Store, settings: Settings, tenant_id: str) -> Proof:
    claim = "what landed is what was written"
    try:
        landed_to = check_landing(settings.landing_dir, tenant_id, deep=True)
    except Refused as refusal:
        return Proof(tenant_id, claim, False, "", [str(refusal)])
    is_ahead = landed_to > store.feed.head(tenant_id)
    problems = ["landing is ahead of the log: it is of another log"] if is_ahead else []
    return Proof(tenant_id, claim, not problems, f"up to seq {landed_to:,}", problems)


def _warehouse(store: Store, settings: Settings, tenant_id: str) -> list[Proof]:
    path = settings.warehouse_dir / f"{tenant_id}.duckdb"
    if not path.exists():
        return []
    with opened(path) as connection:
        info = connection.execute("SELECT tenant_id, last_seq FROM build_info").fetchall()
        tables = connection.execute("SELECT table_name, row_count FROM build_table").fetchall()
        found = {name: (connection.execute(f"SELECT count(*) FROM {name}").fetchone() or (0,))[0] for name, _ in tables}
    problems = [
        f"{name} has {counted(found[name], 'row')}, was published with {rows:,}"
        for name, rows in tables
        if found[name] != rows
    ]
    if [one for one, _ in info] != [tenant_id]:
        problems.append(f"the file says it is of {info}")
    elif info[0][1] > store.feed.head(tenant_id):
        problems.append("the warehouse is ahead of the log: it is of another log")
    return [Proof(tenant_id, "the warehouse is of this log", not problems, f"up to seq {info[0][1]:,}", problems)]
