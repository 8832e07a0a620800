"""C115, C116."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from event_store.aggregates.notification.commands import RecordNotificationStatus, RequestNotification
from event_store.aggregates.notification.events import NotificationPii, NotificationRequested, NotificationStatusChanged
from event_store.aggregates.patient.events import ConsentRecorded, ConsentWithdrawn, PatientsMerged
from event_store.aggregates.tenant.events import SettingsPatch, TenantSettingsChanged
from event_store.catalogue import encode_payload
from mymedic.messages import Actor
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DESK, TENANT, TIMER, a_clinic, refused

PROVIDER = Actor(type="integration", id="int_messages", roles=("IN",))
MESSAGING = ConsentRecorded(purpose="messaging", notice_version="1", given_by_role="patient")


def request(**changes: Any) -> RequestNotification:
    fields: dict[str, Any] = {
        "patient_id": "pat_asha",
        "channel": "whatsapp",
        "template": "booking_confirmed",
        "category": "utility",
        "related_ref": "appt_1",
        "to_address": "+919812345678",
        "params": {"name": "Asha"},
    }
    return RequestNotification(**{**fields, **changes})


def status(world: Scenario, status: Any, wamid: str = "wamid.HBgM+/=", **changes: Any) -> list[Any]:
    command = RecordNotificationStatus(provider_message_id=wamid, status=status, at=world.now, **changes)
    return world.when(command, actor=PROVIDER)


def requested() -> Scenario:
    world = a_clinic()
    world.when(request(), actor=TIMER, id="ntf_1")
    return world


def sent() -> Scenario:
    world = requested()
    status(world, "sent", notification_id="ntf_1")
    return world


def test_a_notification_is_requested_and_nothing_readable_says_to_whom() -> None:
    (event,) = a_clinic().when(request(), actor=DESK, id="ntf_1")
    assert isinstance(event, NotificationRequested)
    assert event.pii == NotificationPii(to_address="+919812345678", params={"name": "Asha"})
    assert b"98123" not in encode_payload(event) and b"Asha" not in encode_payload(event)
    (event,) = a_clinic().when(request(to_address=None, params=None), actor=DESK)
    assert event.pii is None


def test_the_same_template_about_the_same_thing_is_sent_once() -> None:
    world = requested()
    assert refused(world, request()).code == "ALREADY_EXISTS"
    world.when(request(template="reminder"), actor=TIMER)
    world.when(request(related_ref="appt_2"), actor=TIMER)


@pytest.mark.parametrize(
    ("category", "utility_needs_consent", "consents", "is_sent"),
    [
        ("marketing", False, False, False),
        ("marketing", False, True, True),
        ("utility", False, False, True),
        ("utility", True, False, False),
        ("utility", True, True, True),
        ("authentication", True, False, True),
    ],
)
def test_consent_where_it_is_needed(category: str, utility_needs_consent: bool, consents: bool, is_sent: bool) -> None:
    world = a_clinic()
    patch = SettingsPatch(utility_needs_consent=utility_needs_consent)
    world.given("tenant", TENANT, TenantSettingsChanged(patch=patch))
    if consents:
        world.given("patient", "pat_asha", MESSAGING)
    if is_sent:
        assert world.when(request(category=category), actor=TIMER)
    else:
        assert refused(world, request(category=category), TIMER).code == "CONSENT_REQUIRED"


def test_a_withdrawn_or_expired_consent_is_none() -> None:
    world = a_clinic().given("patient", "pat_asha", MESSAGING, ConsentWithdrawn(purpose="messaging"))
    assert refused(world, request(category="marketing")).code == "CONSENT_REQUIRED"
    expired = ConsentRecorded(
        purpose="messaging", notice_version="1", given_by_role="patient", expires_at=world.now - timedelta(days=1)
    )
    world.given("patient", "pat_asha", expired)
    assert refused(world, request(category="marketing")).code == "CONSENT_REQUIRED"


def test_nothing_is_sent_to_a_patient_who_is_not_there() -> None:
    world = a_clinic()
    world.given("patient", "pat_bala", PatientsMerged(survivor_id="pat_bala", duplicate_id="pat_asha", reason="same"))
    assert refused(world, request()).code == "PATIENT_MERGED"
    assert refused(world, request(patient_id="pat_none")).code == "NOT_FOUND"


def test_a_status_finds_its_notification_by_the_providers_id() -> None:
    world = sent()
    (event,) = status(world, "delivered")
    assert event == NotificationStatusChanged(provider_message_id="wamid.HBgM+/=", status="delivered", at=world.now)
    assert world.state("notification", "ntf_1").status == "delivered"


@pytest.mark.parametrize(
    ("heard", "standing"),
    [
        (("delivered", "sent"), "delivered"),
        (("read",), "read"),
        (("read", "delivered", "read"), "read"),
        (("failed",), "failed"),
        (("failed", "sent"), "failed"),
        (("failed", "delivered"), "delivered"),
        (("delivered", "failed"), "delivered"),
        (("sent", "sent"), "sent"),
    ],
)
def test_the_highest_rank_stands_whatever_the_order(heard: tuple[str, ...], standing: str) -> None:
    world = sent()
    for one in heard:
        status(world, one)
    assert world.state("notification", "ntf_1").status == standing


def test_what_is_heard_late_records_nothing() -> None:
    world = sent()
    assert status(world, "delivered") and status(world, "sent") == []
    assert status(world, "failed", error_code="131047") == []


def test_an_unknown_or_anothers_message_is_refused() -> None:
    world = sent()
    unknown = RecordNotificationStatus(provider_message_id="wamid.X", status="read", at=world.now)
    assert refused(world, unknown, PROVIDER).code == "NOT_FOUND"
    world.when(request(related_ref="appt_2"), actor=TIMER, id="ntf_2")
    taken = RecordNotificationStatus(
        provider_message_id="wamid.HBgM+/=", status="read", at=world.now, notification_id="ntf_2"
    )
    assert refused(world, taken, PROVIDER).code == "ALREADY_EXISTS"


@pytest.mark.parametrize("first", ["sent", "failed", "delivered", "read"])
def test_any_word_may_be_the_first(first: str) -> None:
    world = requested()
    status(world, first, notification_id="ntf_1")
    assert world.state("notification", "ntf_1").status == first


def test_what_arrived_is_read() -> None:
    world = sent()
    status(world, "delivered")
    status(world, "read")
    assert world.state("notification", "ntf_1").status == "read"
    world = sent()
    status(world, "failed")
    status(world, "read")
    assert world.state("notification", "ntf_1").status == "read"
