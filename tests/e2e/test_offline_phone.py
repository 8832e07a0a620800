"""A doctor's phone without a network for a day: what it kept, what it queued, and how it ends right."""

from __future__ import annotations

import json
from typing import Any

from event_store.aggregates.appointment.commands import CheckInPatient, RescheduleAppointment
from event_store.aggregates.encounter.commands import FinishEncounter, StartEncounter
from event_store.aggregates.schedule.commands import OverrideSlot
from tests.chain import BALA
from tests.integration.api.conftest import Api, api
from tests.unit.event_store.clinic import DESK, DOCTOR, ist

__all__ = ["api"]
SCHEDULE = "/v1/phone/schedule"
WEEK = {"from_date": "2026-11-03", "to_date": "2026-11-06"}


class Phone:
    """What is on the device: a copy of the doctor's week, where it stands, and commands that wait for a network."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.days: dict[tuple[str, int], dict[str, Any]] = {}
        self.cursor = ""
        self.queue: list[dict[str, Any]] = []

    def load(self) -> None:
        answer = self.api.ask(SCHEDULE, "DR", limit=500, **WEEK).json()
        self.cursor = answer["changes_cursor"]
        self._lay(answer["items"])

    def say(self, day: int, clock: str, name: str, **body: Any) -> None:
        """Keep a command with the time at which the doctor gave it."""
        at = ist(day, clock).isoformat()
        command = {"name": name, "command_id": f"phone_{len(self.queue)}", "body": body, "client_recorded_at": at}
        self.queue.append(command)

    def send(self) -> dict[str, Any]:
        answer = self.api.post_batch(json.dumps({"commands": self.queue}).encode(), "DR")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def catch_up(self, after_seq: int) -> list[dict[str, Any]]:
        """Lay over the copy what has changed; the rows that came."""
        came = []
        while True:
            said = {"since": self.cursor, "after_seq": after_seq, "limit": 2, **WEEK}
            answer = self.api.ask(f"{SCHEDULE}/changes", "DR", **said).json()
            assert not answer["is_reset"]
            self._lay(answer["items"])
            came += answer["items"]
            self.cursor = answer["changes_cursor"]
            if not answer["has_more"]:
                return came

    def _lay(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            key = (row["slot_id"], row["token_no"])
            if row.get("deleted"):
                self.days.pop(key, None)
            else:
                self.days[key] = row


def the_days(api: Api) -> dict[tuple[str, int], dict[str, Any]]:
    items = api.ask(SCHEDULE, "DR", limit=500, **WEEK).json()["items"]
    return {(row["slot_id"], row["token_no"]): row for row in items}


def seen_on_tuesday(api: Api) -> None:
    api.chain.book("appt_asha", 3, "18:00")
    api.chain.book("appt_moving", 5, "18:15", BALA)
    api.chain.at(3, "18:00").ask(CheckInPatient(appointment_id="appt_asha"))
    api.chain.ask(StartEncounter(appointment_id="appt_asha", class_="AMB"), DOCTOR, "enc_asha")
    api.chain.at(3, "18:15").ask(FinishEncounter(encounter_id="enc_asha", outcome="follow_up"), DOCTOR)


def a_day_at_the_desk(api: Api) -> None:
    """Thursday at six is taken, somebody moves, and a slot on Friday closes."""
    chain = api.chain
    chain.at(4, "10:00").book("appt_bala", 5, "18:00", BALA)
    moved = RescheduleAppointment(
        appointment_id="appt_moving",
        new_slot_id=chain.slot(6, "18:00"),
        initiator="patient",
        reason_code="time_conflict",
    )
    chain.ask(moved, DESK)
    late = chain.slot(6, "23:30")
    chain.ask(OverrideSlot(schedule_id="sch_rao", slot_id=late, action="close", reason="cleaning"), DESK)


def test_a_phone_that_was_offline_for_a_day_ends_right(api: Api) -> None:
    seen_on_tuesday(api)
    api.fold()
    phone = Phone(api)
    phone.load()
    assert phone.days == the_days(api)

    # In a cellar: each is fine by what the phone knows.
    thursday = (ist(5, "18:00").isoformat(), ist(5, "18:15").isoformat())
    extra = (ist(4, "20:00").isoformat(), ist(4, "20:15").isoformat())
    asked = {"encounter_id": "enc_asha", "followup_id": "fup_asha", "due_on": "2026-11-10", "reason": "control"}
    phone.say(3, "18:30", "request-follow-up", **asked, same_practitioner=True)
    phone.say(
        *(3, "18:35", "override-slot"),
        **{"schedule_id": "sch_rao", "action": "add_extra", "start": extra[0], "end": extra[1]},
        **{"capacity": 1, "mode": "in_person", "reason": "one more"},
    )
    phone.say(
        *(3, "18:40", "block-schedule"),
        **{"schedule_id": "sch_rao", "start": thursday[0], "end": thursday[1]},
        **{"reason": "ot", "on_conflict": "reject"},
    )
    a_day_at_the_desk(api)

    # Back in the network: two are taken, at the time at which they were given; the third is told why not.
    api.chain.at(4, "17:30")
    sent = phone.send()
    assert [one["status"] for one in sent["answers"]] == ["accepted", "accepted", "rejected"]
    assert sent["answers"][2]["error"]["code"] == "SCHEDULE_HAS_BOOKINGS" and sent["send_again"] == []
    last_seq = max(one["last_seq"] for one in sent["answers"] if one["status"] == "accepted")
    kept = {one.seq: one for one in api.chain.log()}[last_seq]
    assert (kept.occurred_at, kept.recorded_at) == (ist(3, "18:35"), ist(4, "17:30"))

    api.fold()
    came = phone.catch_up(last_seq)
    assert phone.days == the_days(api)
    status = {(row["start_at"], row["deleted"]): row["status"] for row in came}
    assert status == {
        ("2026-11-04T14:30:00Z", False): "free",  # the phone's own
        ("2026-11-05T12:30:00Z", False): "booked",
        ("2026-11-05T12:45:00Z", False): "free",  # moved away from here
        ("2026-11-06T12:30:00Z", False): "booked",  # to here
        ("2026-11-06T18:00:00Z", True): "retired",
    }
    (asked_for,) = api.ask("/v1/phone/follow-ups", "DR", after_seq=last_seq).json()["items"]
    assert (asked_for["followup_id"], asked_for["due_on"], asked_for["state"]) == (
        "fup_asha",
        "2026-11-10",
        "requested",
    )

    # The answer was lost on the way: everything is sent again, and nothing happens twice.
    head = api.chain.head()
    again = [one["status"] for one in phone.send()["answers"]]
    assert again == ["duplicate", "duplicate", "rejected"] and api.chain.head() == head

    # The doctor decides anew, knowing of the booking: it stays, and is to be moved.
    phone.queue.clear()
    phone.say(
        *(4, "17:31", "block-schedule"),
        **{"schedule_id": "sch_rao", "start": thursday[0], "end": thursday[1]},
        **{"reason": "ot", "on_conflict": "queue_for_reschedule"},
    )
    phone.queue[0]["command_id"] = "phone_decided"
    api.chain.at(4, "17:32")
    (blocked,) = phone.send()["answers"]
    assert blocked["status"] == "accepted", blocked
    api.fold()
    phone.catch_up(blocked["last_seq"])
    assert phone.days == the_days(api)
    (row,) = [row for row in phone.days.values() if row["appointment_id"] == "appt_bala"]
    assert (row["status"], row["block_id"] is not None) == ("booked", True)
