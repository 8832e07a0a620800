"""A practitioner's weeks at a branch become slots."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from event_store.aggregates.schedule.commands import PublishSchedule
from event_store.aggregates.schedule.decide.week import check_place, check_weekly, cut_days
from event_store.aggregates.schedule.events import SchedulePublished, SlotsGenerated
from event_store.aggregates.schedule.state import State
from mymedic.deciding import Context, check
from mymedic.messages import Event

LONGEST = timedelta(days=366)


def publish_schedule(state: State, command: PublishSchedule, context: Context) -> Iterable[Event]:
    span = command.valid_to - command.valid_from
    check(
        timedelta(0) <= span < LONGEST,
        "VALIDATION_FAILED",
        "a schedule is valid for 1 to 366 days",
        field="valid_to",
    )
    tenant = context.require("tenant", context.tenant_id)
    for service_id in command.service_ids:
        check(tenant.service(service_id), "NOT_FOUND", "no such service", id=service_id)
    check_place(context, command.practitioner_id, command.branch_id, command.valid_from, command.valid_to)
    check_weekly(context, command.weekly, command.branch_id, command.valid_from, command.valid_to)
    yield SchedulePublished(
        practitioner_id=command.practitioner_id,
        branch_id=command.branch_id,
        service_ids=command.service_ids,
        valid_from=command.valid_from,
        valid_to=command.valid_to,
        weekly=command.weekly,
    )
    generated = [
        SlotsGenerated(business_date=on, slots=tuple(cut.slot(context.new_id("slot")) for cut in cuts))
        for on, cuts in cut_days(command.weekly, command.valid_from, command.valid_to, context.tz)
    ]
    check(generated, "VALIDATION_FAILED", "no day of the schedule has a slot", field="weekly")
    yield from generated  # overlaps with other schedules are found by the guards
