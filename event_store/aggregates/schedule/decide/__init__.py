"""The rules of a schedule: one file per topic; here, which command is decided where."""

from event_store.aggregates.schedule import commands as c
from event_store.aggregates.schedule.decide.amending import amend_schedule, retire_schedule
from event_store.aggregates.schedule.decide.blocking import block_schedule, unblock_schedule
from event_store.aggregates.schedule.decide.overriding import override_slot
from event_store.aggregates.schedule.decide.publishing import publish_schedule
from mymedic.deciding import Decision
from mymedic.messages import Command

DECISIONS: dict[type[Command], Decision] = {
    c.PublishSchedule: Decision(publish_schedule, target="schedule_id", creates=True),
    c.AmendSchedule: Decision(amend_schedule, target="schedule_id"),
    c.BlockSchedule: Decision(block_schedule, target="schedule_id"),
    c.UnblockSchedule: Decision(unblock_schedule, target="schedule_id"),
    c.OverrideSlot: Decision(override_slot, target="schedule_id"),
    c.RetireSchedule: Decision(retire_schedule, target="schedule_id"),
}
