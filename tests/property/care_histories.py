"""Random lives of follow-ups and of advised services, one event after another, with the states that they fold to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from event_store.aggregates.followup import events as f
from event_store.aggregates.patient.events import PatientRegistered
from event_store.aggregates.service_request import events as s
from mymedic.messages import Event
from tests.integration.warehouse.clinic import SINCE, Clinic

LIVES, LENGTH = 60, 9
SEEN, WINDOW = date(2026, 10, 5), timedelta(days=7)
DAY = timedelta(days=1)
Step = Callable[[Any, Random, datetime], Event]


def care_history() -> Clinic:
    """One tenant with so many lives of each kind, the same ones every time."""
    log = Clinic("ten_care")
    patient = PatientRegistered(patient_id="pat_1", sex="female", birth_year=1990, registered_branch_id="brn_1")
    log.add("patient", "pat_1", patient, SINCE)
    for number in range(LIVES):
        for kind, begin, steps in (("followup", requested, followup_steps), ("service_request", advised, advice_steps)):
            dice, id, at = Random(f"{kind}/{number}"), f"{kind}_{number}", SINCE + 4 * DAY
            log.add(kind, id, begin(dice, at), at)
            for _ in range(dice.randrange(LENGTH)):
                legal = list(steps(log.states(kind)[id]))
                if not legal:
                    break
                at += timedelta(hours=dice.randrange(1, 72))
                log.add(kind, id, dice.choice(legal)(log.states(kind)[id], dice, at), at)
    return log


def requested(dice: Random, at: datetime) -> Event:
    return f.FollowUpRequested(
        encounter_id="enc_1",
        patient_id="pat_1",
        practitioner_id="prac_1",
        specialty_id="spc_derm",
        branch_id="brn_1",
        **_window(SEEN + dice.randrange(1, 15) * DAY),
        same_practitioner=True,
        policy_version_id="pol_default_follow_up",
        reason_hash="0" * 64,
    )


def followup_steps(state: Any) -> Iterator[Step]:
    """What may happen next, as the fold allows it."""
    if not state.is_open:
        return
    yield lambda state, dice, at: f.FollowUpAmended(
        amended_on=at.date(), **_window(state.due_on + dice.randrange(1, 9) * DAY)
    )
    yield lambda state, dice, at: f.FollowUpBooked(appointment_id=f"appt_{dice.randrange(9)}", start_at=at)
    yield lambda state, dice, at: f.FollowUpCompleted(
        encounter_id="enc_2",
        completed_on=at.date(),
        deviation_days=(at.date() - state.counted_on).days,
        in_window=state.counted_from <= at.date() <= state.counted_to,
    )
    yield lambda state, dice, at: f.FollowUpClosed(outcome=dice.choice(("declined", "cancelled", "deceased")))
    if state.appointment_id is not None:
        yield lambda state, dice, at: f.FollowUpUnbooked(appointment_id=state.appointment_id, cause="noshow")
    if state.status == "overdue":
        yield lambda state, dice, at: f.FollowUpLapsed(as_of=at.date())
    else:
        yield lambda state, dice, at: f.FollowUpOverdue(as_of=at.date())


def advised(dice: Random, at: datetime) -> Event:
    if dice.random() < 0.1:
        return _performed(is_advised=False, at=at)
    return s.ServiceAdvised(
        encounter_id="enc_1",
        patient_id="pat_1",
        practitioner_id="prac_1",
        branch_id="brn_1",
        service_id="svc_1",
        priority="routine",
        list_price_paise=100_000,
        price_version_id="prc_1",
        window_days=dice.randrange(1, 20),
        advised_at=at,
    )


def advice_steps(state: Any) -> Iterator[Step]:
    if state.status == "active":
        yield lambda state, dice, at: s.ServiceAdviceAccepted(branch_id="brn_1")
        yield lambda state, dice, at: s.ServiceAdviceDeclined(branch_id="brn_1", reason="cost")
    if state.status in ("active", "accepted"):
        yield lambda state, dice, at: s.ServiceScheduled(branch_id="brn_2", appointment_id="appt_1", scheduled_at=at)
        yield lambda state, dice, at: s.ServiceRequestRevoked(branch_id="brn_1", reason="allergic")
    if state.status in ("active", "accepted", "scheduled"):
        yield lambda state, dice, at: _performed(is_advised=True, at=at)


def _performed(*, is_advised: bool, at: datetime) -> Event:
    return s.ServicePerformed(
        patient_id="pat_1",
        branch_id="brn_2",
        encounter_id="enc_3",
        service_id="svc_1",
        performer_id="prac_1",
        performed_at=at,
        advised=is_advised,
        late=False,
    )


def _window(due_on: date) -> dict[str, date]:
    return {
        "due_on": due_on,
        "due_from": due_on - 3 * DAY,
        "due_to": due_on + WINDOW,
        "lapse_on": due_on + WINDOW + 30 * DAY,
    }
