"""Random histories of claims and of wards as logs of tenants, with the states that they were folded to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from mymedic.clock import INDIA
from mymedic.messages import Event
from tests.integration.warehouse.rig import EventLog
from tests.property.money.claim_steps import ClaimSteps
from tests.property.money.world import World
from tests.property.test_inpatient_stays import Ward
from tests.unit.event_store.claim import ward as insured

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
TRIED, KEPT_OF_A_STATE, LENGTH = 300, 3, 16
WARDS, STEPS = 3, 150


class KeptWorld(World):
    """A world that keeps what was given to it."""

    def begin(self) -> None:
        super().begin()
        self.log: list[tuple[str, str, Event]] = [("invoice", *one) for one in self.invoices.items()]
        self.log += [("cash_session", "cash_1", event) for event in self._cash_events]

    def give(self, aggregate: str, id: str, event: Event) -> None:
        self.log.append((aggregate, id, event))
        super().give(aggregate, id, event)


class WardHistory(NamedTuple):
    """A ward's log; `nights` is who lay in which bed at which census: (admission, date) -> bed."""

    log: EventLog
    nights: dict[tuple[str, date], str]


def claim_histories() -> dict[str, EventLog]:
    """Of many histories a few that ended in each state, half of them wild, the same ones every time."""
    base = insured.a_hospital()
    issued = next(event for aggregate, _, event in base.log if aggregate == "invoice")
    world = KeptWorld(base, {"inv_1": issued})
    steps = ClaimSteps(world, seed=7)
    found: dict[str, EventLog] = {}
    ended: dict[str, int] = {}
    for number in range(TRIED):
        steps.history(LENGTH, chaos=0.4 if number % 2 else 0.02)
        status = steps.claim.status
        ended[status] = ended.get(status, 0) + 1
        if ended[status] <= KEPT_OF_A_STATE:
            log = EventLog(f"ten_claim_{number:03d}")
            for aggregate, id, event in base.log:
                if aggregate in ("tenant", "branch", "invoice"):
                    log.add(aggregate, log.tenant_id if aggregate == "tenant" else id, event, BEGAN)
            for second, (aggregate, id, event) in enumerate(world.log):
                if aggregate == "claim":
                    log.add(aggregate, id, event, BEGAN + timedelta(seconds=second))
            found[log.tenant_id] = log
    return found


def ward_histories() -> dict[str, WardHistory]:
    """Wards that lived for a while, and the census of each of their nights."""
    found = {}
    for seed in range(WARDS):
        ward = Ward(seed)
        ward.live(STEPS)
        log = EventLog(f"ten_ward_{seed}")
        for second, (aggregate, id, event) in enumerate(ward.world.log):
            if aggregate != "staff":
                at = ward.world.now + timedelta(seconds=second)
                log.add(aggregate, log.tenant_id if aggregate == "tenant" else id, event, at)
        found[log.tenant_id] = WardHistory(log, _nights(ward))
    return found


def _nights(ward: Ward) -> dict[tuple[str, date], str]:
    nights = {}
    on = ward.began.astimezone(INDIA).date() - timedelta(days=3)
    while on <= ward.world.now.astimezone(INDIA).date():
        for admission_id in ward.patient_of.keys() - ward.cancelled:
            bed_id = ward.world.state("admission", admission_id).bed_of_night(on, INDIA)
            if bed_id is not None:
                nights[admission_id, on] = bed_id
        on += timedelta(days=1)
    return nights
