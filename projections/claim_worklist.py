"""P10: every claim, what of it is still to come, and who has to do what next."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import ClassVar, Literal

from event_store.aggregates.admission import events as admissions
from event_store.aggregates.claim import events as e
from event_store.aggregates.claim.state import Status
from event_store.recorded import Recorded
from mymedic.clock import business_date
from mymedic.messages import Event
from projections.places import city_of, moved_with_branch
from projections.practitioners import changed_with_practitioner, specialty_of
from projections.projection import Projection, folds
from projections.row import Row
from projections.view import View

NextAction = Literal[
    "answer_query",
    "await_coverage",
    "submit_preauth",
    "await_preauth",
    "submit_claim",
    "review_rejection",
    "await_decision",
    "await_settlement",
    "review_disallowance",
    "close",
    "none",
]
_NEXT: dict[Status, NextAction] = {
    "draft": "await_coverage",
    "eligibility_checked": "submit_preauth",
    "preauth_submitted": "await_preauth",
    "preauth_queried": "answer_query",
    "preauth_approved": "submit_claim",
    "preauth_rejected": "review_rejection",
    "enhancement_submitted": "await_preauth",
    "claim_submitted": "await_decision",
    "claim_queried": "answer_query",
    "approved": "await_settlement",
    "partially_approved": "review_disallowance",
    "rejected": "review_rejection",
    "reprocess_requested": "await_decision",
    "partially_settled": "await_settlement",
    "settled": "close",
    "closed": "none",
    "cancelled": "none",
}


class ClaimWorklist(Row, frozen=True, kw_only=True):
    """One row per claim. Amounts are paise and cumulative.

    `outstanding_paise` is what of the approved is still to come: 0 once the claim is over, below 0 when too much came.
    Of several open queries, `open_query_id` is the one that has to be answered first.
    """

    table: ClassVar = "proj_claim_worklist"
    key: ClassVar = ("claim_id",)
    lookups: ClassVar = ("branch_id", "practitioner_id", "admission_id")
    indexes: ClassVar = (
        ("branch_id", "state"),
        ("payer_id", "state"),
        ("city_id", "state"),
        ("department_id", "state"),
        ("specialty_id", "state"),
        ("next_action", "query_due_at"),
        ("patient_id",),
    )

    claim_id: str
    patient_id: str
    payer_id: str
    branch_id: str | None
    city_id: str | None
    admission_id: str | None
    practitioner_id: str | None
    department_id: str | None
    specialty_id: str | None
    state: Status
    preauth_paise: int
    claimed_paise: int
    approved_paise: int
    disallowed_paise: int
    settled_gross_paise: int
    tds_paise: int
    outstanding_paise: int
    open_query_id: str | None
    query_due_at: datetime | None
    opened_at: datetime
    submitted_at: datetime | None
    next_action: NextAction


def age_days(row: ClaimWorklist, now: datetime, tz: timezone) -> int:
    """Days since the claim was submitted; of one that was not, since it was opened."""
    return (business_date(now, tz) - business_date(row.submitted_at or row.opened_at, tz)).days


def _on_claim(event: Recorded, happened: Event, view: View) -> None:
    claim_id = event.stream_id.removeprefix("claim-")
    before = view.get(ClaimWorklist, claim_id)
    submitted_at = before.submitted_at if before else None
    if isinstance(happened, e.ClaimSubmitted):
        submitted_at = event.occurred_at
    _put(claim_id, before.opened_at if before else event.occurred_at, submitted_at, view)


def _on_admission(event: Recorded, happened: Event, view: View) -> None:
    for row in view.where(ClaimWorklist, "admission_id", event.stream_id.removeprefix("admission-")):
        _put(row.claim_id, row.opened_at, row.submitted_at, view)


def _put(claim_id: str, opened_at: datetime, submitted_at: datetime | None, view: View) -> None:
    state = view.state("claim", claim_id)
    admission = view.state("admission", state.admission_id) if state.admission_id else None
    practitioner_id = admission.practitioner_id if admission and admission.exists else None
    queries = sorted((query.due_at, id) for id, query in state.queries.items() if query.is_open)
    view.put(
        ClaimWorklist(
            tenant_id=view.tenant_id,
            claim_id=claim_id,
            patient_id=state.patient_id,
            payer_id=state.payer_id,
            branch_id=state.branch_id,
            city_id=city_of(view, state.branch_id, None),
            admission_id=state.admission_id,
            practitioner_id=practitioner_id,
            department_id=admission.department_id if admission else None,
            specialty_id=specialty_of(view, practitioner_id),
            state=state.status,
            preauth_paise=state.preauth_paise,
            claimed_paise=state.claimed_paise,
            approved_paise=state.approved_paise,
            disallowed_paise=state.disallowed_paise,
            settled_gross_paise=state.settled_gross_paise,
            tds_paise=sum(one.tds_paise for one in state.settlements.values()),
            outstanding_paise=state.to_come_paise,
            open_query_id=queries[0][1] if queries else None,
            query_due_at=queries[0][0] if queries else None,
            opened_at=opened_at,
            submitted_at=submitted_at,
            next_action="answer_query" if queries else _NEXT[state.status],
        )
    )


PROJECTION = Projection(
    name="claim_worklist",
    version=1,
    rows=(ClaimWorklist,),
    looks_at=frozenset({"branch", "practitioner", "admission", "claim"}),
    folds=folds(_on_claim, *e.EVENTS)
    | folds(_on_admission, admissions.AdmissionRequested, admissions.PatientAdmitted, admissions.AdmissionUpdated)
    | moved_with_branch(ClaimWorklist, lambda row: None)
    | changed_with_practitioner(ClaimWorklist),
)
