"""The rules of a follow-up: asking for it, moving it, closing it, and what time and visits make of it (R-FU-1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from event_store.aggregates.followup.commands import (
    AmendFollowUp,
    CloseFollowUp,
    CompleteFollowUp,
    EvaluateFollowUps,
    RequestFollowUp,
)
from event_store.aggregates.followup.events import (
    FollowUpAmended,
    FollowUpClosed,
    FollowUpCompleted,
    FollowUpLapsed,
    FollowUpOverdue,
    FollowUpPii,
    FollowUpRequested,
)
from event_store.aggregates.followup.state import State
from mymedic import policies
from mymedic.clock import business_date
from mymedic.deciding import Context, Decision, Moment, check
from mymedic.followups import completed_by
from mymedic.messages import Command, Event, On
from mymedic.patients import check_not_erased
from mymedic.policies import FollowUpBody, PolicyVersion

FURTHEST = timedelta(days=3660)


class Promise(NamedTuple):
    """All days are inclusive; `free_until` None: no visit of it is free."""

    policy: PolicyVersion
    due_from: date
    due_to: date
    free_until: date | None
    lapse_on: date


def request_follow_up(state: State, command: RequestFollowUp, context: Context) -> Iterator[Event]:
    encounter = context.require("encounter", command.encounter_id)
    check(context.actor.practitioner_id == encounter.practitioner_id, "FORBIDDEN", "the encounter is another doctor's")
    check(encounter.status != "cancelled", "INVALID_STATE", "the encounter was cancelled")
    check_not_erased(context, encounter.patient_id)
    seen_on = business_date(encounter.started_at, context.tz)
    _check_due(command.due_on, seen_on)
    reason_hash = context.keyed_hash(" ".join(command.reason.casefold().split()))
    standing = context.holder("followup_reason", f"{command.encounter_id}#{reason_hash}")
    check(standing is None, "ALREADY_EXISTS", "it has been asked for already", followup_id=standing)
    context.require("branch", encounter.branch_id)
    context.require("appointment", encounter.appointment_id)
    promise = promised(context, encounter, command.due_on)
    yield FollowUpRequested(
        encounter_id=command.encounter_id,
        patient_id=encounter.patient_id,
        practitioner_id=encounter.practitioner_id,
        specialty_id=encounter.specialty_id,
        branch_id=encounter.branch_id,
        due_on=command.due_on,
        due_from=promise.due_from,
        due_to=promise.due_to,
        free_until=promise.free_until,
        lapse_on=promise.lapse_on,
        same_practitioner=command.same_practitioner,
        policy_version_id=promise.policy.policy_version_id,
        reason_hash=reason_hash,
        pii=FollowUpPii(reason_text=command.reason),
    )


def promised(moment: Moment, encounter: Any, due_on: date) -> Promise:
    """The window around the day, and how long a visit is free, by the policy in force at this moment."""
    branch = moment.state("branch", encounter.branch_id)
    policy = policies.in_force(
        moment,
        "follow_up",
        moment.occurred_at,
        branch_id=encounter.branch_id,
        city_id=branch.city_on(moment.today()),
    )
    body = policy.body
    assert isinstance(body, FollowUpBody)
    # A visit that cost nothing buys no other one.
    is_free = body.free_visits > 0 and not moment.state("appointment", encounter.appointment_id).is_free_followup
    seen_on = business_date(encounter.started_at, moment.tz)
    due_to = due_on + timedelta(days=body.late_days)
    return Promise(
        policy=policy,
        due_from=due_on - timedelta(days=body.early_days),
        due_to=due_to,
        free_until=seen_on + timedelta(days=body.free_days) if is_free else None,
        lapse_on=due_to + timedelta(days=body.lapse_days),
    )


def amend_follow_up(state: State, command: AmendFollowUp, context: Context) -> Iterator[Event]:
    """The window keeps the width that the policy gave it when the follow-up was asked for (R-POL-1)."""
    _check_open(state)
    check(command.due_on != state.due_on, "VALIDATION_FAILED", "it is due on that day already", field="due_on")
    encounter = context.require("encounter", state.encounter_id)
    _check_due(command.due_on, business_date(encounter.started_at, context.tz))
    moved = command.due_on - state.due_on
    yield FollowUpAmended(
        amended_on=context.today(),
        due_on=command.due_on,
        due_from=state.due_from + moved,
        due_to=state.due_to + moved,
        lapse_on=state.lapse_on + moved,
    )


def close_follow_up(state: State, command: CloseFollowUp, context: Context) -> Iterator[Event]:
    only_patient = not context.actor.has("FD", "DR")
    check(command.outcome == "declined" or not only_patient, "FORBIDDEN", "a patient can only decline")
    _check_open(state)
    yield FollowUpClosed(outcome=command.outcome)


def evaluate_follow_ups(state: State, command: EvaluateFollowUps, context: Context) -> Iterator[On]:
    """Oldest day first, then by id; each event stands on the stream of its own follow-up."""
    as_of = command.as_of
    check(as_of <= context.today(), "TOO_EARLY", "that day has not come", as_of=as_of.isoformat())
    for line in context.guards("followup_diary", ""):
        day, _, followup_id = line.partition("#")
        if date.fromisoformat(day) >= as_of:
            return
        due = context.state("followup", followup_id)
        if due.status != "overdue":
            yield On("followup", followup_id, FollowUpOverdue(as_of=as_of))
        if due.lapse_on < as_of:
            yield On("followup", followup_id, FollowUpLapsed(as_of=as_of))


def complete_follow_up(state: State, command: CompleteFollowUp, context: Context) -> Iterator[Event]:
    _check_open(state)
    encounter = context.require("encounter", command.encounter_id)
    check(encounter.status == "finished", "INVALID_STATE", f"the encounter is {encounter.status}")
    met = [one.followup_id for one in completed_by(context, encounter, context.tz)]
    check(
        state.followup_id in met,
        "INVALID_STATE",
        "the encounter is not what this follow-up asked for",
        completes=met,
    )
    completed_on = business_date(encounter.started_at, context.tz)
    yield FollowUpCompleted(
        encounter_id=command.encounter_id,
        completed_on=completed_on,
        deviation_days=(completed_on - state.counted_on).days,
        in_window=state.counted_from <= completed_on <= state.counted_to,
    )


def _check_open(state: State) -> None:
    check(state.is_open, "INVALID_STATE", f"the follow-up is {state.status}", status=state.status)


def _check_due(due_on: date, seen_on: date) -> None:
    check(due_on > seen_on, "VALIDATION_FAILED", "a follow-up is due after its encounter", field="due_on")
    check(due_on - seen_on <= FURTHEST, "VALIDATION_FAILED", "that is more than ten years away", field="due_on")


DECISIONS: dict[type[Command], Decision] = {
    RequestFollowUp: Decision(request_follow_up, target="followup_id", creates=True),
    AmendFollowUp: Decision(amend_follow_up, target="followup_id"),
    CloseFollowUp: Decision(close_follow_up, target="followup_id"),
    # of the whole tenant: nothing is ever written under this id
    EvaluateFollowUps: Decision(evaluate_follow_ups, target=lambda command, context: context.tenant_id, creates=None),
    CompleteFollowUp: Decision(complete_follow_up, target="followup_id"),
}
