"""What a decision needs to know of one reconciliation item, or of one period: both are streams of this kind."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from event_store.aggregates.recon_case.events import (
    FinancialPeriodClosed,
    OpenItem,
    ReconciliationRun,
    ReconItemReopened,
    ReconItemResolved,
)
from mymedic.deciding import Guard, GuardChange
from mymedic.ids import derived_id
from mymedic.lives import machine
from mymedic.messages import Event

# It posts nothing, and the item stays open.
POSTS_NOTHING_AND_STAYS = frozenset({"chase_gateway"})


class State(Struct):
    """Of an item: how it was resolved last. Of a period: its last run over everything, and whether it is closed."""

    exists: bool = False
    recon_item_id: str = ""
    resolved_hash: str | None = None  # of the resolution in force
    replaced_hashes: set[str] = set()  # what the item was when it was resolved before
    resolution: ReconItemResolved | None = None
    run: ReconciliationRun | None = None
    is_closed: bool = False

    def settles(self, item_hash: str) -> bool:
        """Whether a resolution in force is of the item as it is now."""
        return self.resolved_hash == item_hash


def case_id(recon_item_id: str) -> str:
    """The stream of an item follows from the item, so that two people meet on the same one."""
    return derived_id("rcase", recon_item_id)


def period_id(yyyymm: str) -> str:
    return f"period-{yyyymm}"


def yyyymm_of(day: date) -> str:
    return f"{day.year:04d}{day.month:02d}"


def last_day(yyyymm: str) -> date:
    year, month = int(yyyymm[:4]), int(yyyymm[4:])
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    state.exists = True
    match event:
        case ReconciliationRun():
            if event.scope.is_whole and (state.run is None or event.as_of >= state.run.as_of):
                state.run = event
        case ReconItemResolved():
            state.recon_item_id = event.recon_item_id
            if event.resolution in POSTS_NOTHING_AND_STAYS:
                return
            if state.resolved_hash is not None and state.resolved_hash != event.item_hash:
                state.replaced_hashes.add(state.resolved_hash)
            state.resolved_hash, state.resolution = event.item_hash, event
        case ReconItemReopened():
            state.resolved_hash = state.resolution = None
        case FinancialPeriodClosed():
            state.is_closed = True


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    match event:
        case ReconciliationRun():
            seen = [Guard("recon_item", item.recon_item_id, detail(item)) for item in event.open_items]
            # An item is claimed by each run that names it: the last one says what it is.
            return GuardChange(claim=[Guard("recon_run", event.run_id), *seen], release=seen)
    return None


def detail(item: OpenItem) -> str:
    """What a run says of an item, as it stands beside the item's guard."""
    return f"{item.item_hash}#{item.open_paise}"


def _item(state: State) -> dict[str, str]:
    return {"": "resolved" if state.resolved_hash else "open"} if state.recon_item_id else {}


def _period(state: State) -> dict[str, str]:
    return {} if state.recon_item_id or not state.exists else {"": "closed" if state.is_closed else "open"}


MACHINES = (
    machine(
        "Reconciliation item",
        """
        ReconItemResolved: - > open
        ReconItemResolved: - open > resolved
        ReconItemReopened: resolved > open
        """,
        _item,
    ),
    machine(
        "Financial period",
        """
        ReconciliationRun: - > open
        FinancialPeriodClosed: open > closed
        """,
        _period,
    ),
)
