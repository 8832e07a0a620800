"""What a build computed, brought into the log: by the command line, and by the line itself every night (C87)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from apps.closing.run import run_of
from apps.closing.sending import sent_by
from event_store.aggregates.recon_case.commands import RunReconciliation
from event_store.api.identity import Bearer
from event_store.store import Store, open_store
from mymedic.ids import OWN_COMMAND, derived_id
from mymedic.messages import Ack, Actor
from mymedic.settings import Settings
from pipelines.reconciling import Reconciled

BY_HAND = Actor(type="system", id="cli:reconcile", roles=("SY",))
BY_NIGHT = Actor(type="system", id="line:reconcile", roles=("SY",))


def recorded(
    store: Store, warehouse: Path, tenant_id: str, month: str | None = None, actor: Actor = BY_HAND
) -> tuple[RunReconciliation, Ack]:
    """The run and what became of it. The same build is the same command: recorded once, however often it is sent."""
    run = run_of(warehouse, store.feed, tenant_id, month)
    return run, sent_by(store, run, Bearer(tenant_id, actor), derived_id(OWN_COMMAND, tenant_id, run.run_id))


@dataclass(frozen=True, slots=True)
class NightlyReconciler:
    """What the line is given to reach the log with; the store is open only while it is needed."""

    settings: Settings

    def record(self, tenant_id: str, warehouse: Path, month: str | None) -> Reconciled:
        with open_store(self.settings) as store:
            run, ack = recorded(store, warehouse, tenant_id, month, BY_NIGHT)
        return Reconciled(
            tenant_id=tenant_id,
            run_id=run.run_id,
            status=ack.status,
            until=run.scope.to,
            input_seq=run.input_seq,
            items_n=sum(total.count for total in run.totals),
            open_n=len(run.open_items),
            open_paise=sum(item.open_paise for item in run.open_items),
        )
