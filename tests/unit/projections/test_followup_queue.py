"""P6: what is urgent, and whether the patient was reached."""

from __future__ import annotations

from datetime import date

from event_store.aggregates.branch.events import BranchUpdated
from event_store.aggregates.followup.events import FollowUpAmended, FollowUpRequested
from event_store.aggregates.notification.events import NotificationRequested, NotificationStatusChanged
from projections.followup_queue import PROJECTION, FollowupQueue, overdue_days
from tests.unit.event_store.clinic import a_clinic, ist
from tests.unit.projections.shown import Shown

ASKED = FollowUpRequested(
    encounter_id="enc_1",
    patient_id="pat_asha",
    practitioner_id="prac_rao",
    specialty_id="spc_derm",
    branch_id="brn_south",
    due_on=date(2026, 11, 10),
    due_from=date(2026, 11, 7),
    due_to=date(2026, 11, 17),
    lapse_on=date(2026, 12, 17),
    same_practitioner=False,
    policy_version_id="pol_1",
    reason_hash="0" * 64,
)


def test_a_follow_up_is_more_urgent_every_day_after_its_window() -> None:
    world = a_clinic()
    world.given("followup", "fup_1", ASKED)
    row = Shown(PROJECTION, world).one(FollowupQueue)
    days = (date(2026, 11, 1), date(2026, 11, 17), date(2026, 11, 18), date(2026, 12, 17))
    assert [overdue_days(row, day) for day in days] == [0, 0, 1, 30]


def test_the_newest_message_tells_how_far_the_patient_was_reached() -> None:
    world = a_clinic()
    world.given("followup", "fup_1", ASKED)
    shown = Shown(PROJECTION, world)
    for notification_id in ("ntf_1", "ntf_2"):
        world.given(
            "notification",
            notification_id,
            NotificationRequested(
                patient_id="pat_asha",
                channel="sms",
                template=notification_id,
                category="utility",
                related_ref="fup_1",
            ),
        )
    for notification_id in ("ntf_2", "ntf_1"):
        status = NotificationStatusChanged(provider_message_id=notification_id, status="sent", at=ist(3, "10:00"))
        world.given("notification", notification_id, status)
    read = NotificationStatusChanged(provider_message_id="ntf_1", status="read", at=ist(3, "10:00"))
    world.given("notification", "ntf_1", read)
    row = shown.see().one(FollowupQueue)
    assert (row.contact_attempts, row.last_notification_id, row.last_contact_status) == (2, "ntf_2", "sent")


def test_the_city_is_that_of_the_day_it_is_due_on() -> None:
    world = a_clinic()
    world.given("followup", "fup_1", ASKED)
    shown = Shown(PROJECTION, world)
    world.given("branch", "brn_south", BranchUpdated(city_id="cty_new", effective_on=date(2026, 11, 20)))
    assert shown.see().one(FollowupQueue).city_id == "cty_blr"
    later = FollowUpAmended(
        amended_on=date(2026, 11, 3),
        due_on=date(2026, 11, 20),
        due_from=date(2026, 11, 20),
        due_to=date(2026, 11, 27),
        lapse_on=date(2026, 12, 27),
    )
    world.given("followup", "fup_1", later)
    assert shown.see().one(FollowupQueue).city_id == "cty_new"
