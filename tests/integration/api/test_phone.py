"""A doctor's phone: days with an etag, changes with tombstones, and a stream that can be taken up again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from event_store.aggregates.schedule.commands import BlockSchedule, OverrideSlot, UnblockSchedule
from projections.doctor_schedule import PROJECTION
from projections.generations import rebuild
from tests.chain import BALA
from tests.integration.api.conftest import Api, refusal
from tests.integration.api.two_branches import IYER, NORTHERN, book_in_both, open_north
from tests.unit.event_store.clinic import DOCTOR, ist

SCHEDULE, CHANGES, STREAM = (f"/v1/phone/schedule{part}" for part in ("", "/changes", "/stream"))
TUESDAY = {"from_date": "2026-11-03", "to_date": "2026-11-03"}
Copy = dict[tuple[str, int], str]


@pytest.fixture(scope="module", autouse=True)
def booked(api: Api) -> None:
    open_north(api.chain)
    book_in_both(api.chain)
    api.fold()


def copy_of(answer: Any) -> Copy:
    """What a phone keeps of its days."""
    assert answer.status_code == 200, answer.text
    return {(row["slot_id"], row["token_no"]): row["etag"] for row in answer.json()["items"]}


def merged(copy: Copy, items: list[dict[str, Any]]) -> Copy:
    """The copy with changes laid over it; what is deleted goes."""
    copy = dict(copy)
    for row in items:
        key = (row["slot_id"], row["token_no"])
        copy.pop(key, None)
        if not row["deleted"]:
            copy[key] = row["etag"]
    return copy


def caught_up(api: Api, role: Any, cursor: str, copy: Copy, **said: Any) -> tuple[Copy, str]:
    while True:
        answer = api.ask(CHANGES, role, since=cursor, **said).json()
        if answer["is_reset"]:
            copy = {}
        copy, cursor = merged(copy, answer["items"]), answer["changes_cursor"]
        if not answer["has_more"]:
            return copy, cursor


def test_a_day_is_every_token_in_order(api: Api) -> None:
    answer = api.ask(SCHEDULE, "DR", **TUESDAY)
    rows = answer.json()["items"]
    assert [(row["start_at"], row["status"]) for row in rows] == [
        ("2026-11-03T12:30:00Z", "booked"),
        ("2026-11-03T12:45:00Z", "booked"),
        ("2026-11-03T13:00:00Z", "free"),
        ("2026-11-03T13:15:00Z", "free"),
        ("2026-11-03T18:00:00Z", "free"),
    ]
    assert (rows[0]["appointment_id"], rows[0]["patient_id"], rows[0]["balance_due_paise"]) == (
        *("appt_asha", "pat_asha"),
        80_000,
    )
    (named,) = [row for row in api.ask(SCHEDULE, "DR", include="names", **TUESDAY).json()["items"][:1]]
    assert named["patient_display"] == "Asha"


def test_a_doctor_has_their_own_days_and_a_branch_its_own(api: Api) -> None:
    week = {"from_date": "2026-11-02", "to_date": "2026-11-08"}
    theirs = {row["practitioner_id"] for row in api.ask(SCHEDULE, IYER, **week).json()["items"]}
    assert theirs == {"prac_iyer"}
    assert {row["branch_id"] for row in api.ask(SCHEDULE, NORTHERN, **week).json()["items"]} == {"brn_north"}
    for other in ("prac_rao", "prac_none"):
        refusal(api.ask(SCHEDULE, IYER, practitioner_id=other), 403, "FORBIDDEN")
    refusal(api.ask(SCHEDULE, "PP"), 403, "FORBIDDEN")


def test_a_day_that_is_as_before_is_not_sent(api: Api) -> None:
    etag = api.ask(SCHEDULE, "DR", **TUESDAY).headers["ETag"]
    api.chain.book("appt_week", 10, "18:00", BALA)
    api.fold()
    assert api.ask(SCHEDULE, "DR", If_None_Match=etag, **TUESDAY).status_code == 304
    api.chain.book("appt_late", 3, "18:30", BALA)
    api.fold()
    assert api.ask(SCHEDULE, "DR", If_None_Match=etag, **TUESDAY).status_code == 200


@pytest.fixture(scope="module")
def shaken(api: Api) -> Iterator[tuple[str, Copy]]:
    """A copy of the doctor's days; then a cancellation, blocks, an extra slot, a closed one."""
    api.fold()
    answer = api.ask(SCHEDULE, "DR", limit=500)
    cursor, copy = answer.json()["changes_cursor"], copy_of(answer)
    chain = api.chain
    cancel = {"appointment_id": "appt_bala", "initiator": "patient", "reason_code": "cost"}
    assert api.send("cancel-appointment", cancel).status_code == 200
    chain.ask(
        BlockSchedule(
            schedule_id="sch_rao", start=ist(4, "18:00"), end=ist(4, "18:30"), reason="ot", on_conflict="reject"
        ),
        DOCTOR,
    )
    (blocked,) = chain.events("ScheduleBlocked")
    chain.ask(
        BlockSchedule(
            schedule_id="sch_rao", start=ist(5, "18:00"), end=ist(5, "18:30"), reason="ot", on_conflict="reject"
        ),
        DOCTOR,
    )
    chain.ask(UnblockSchedule(schedule_id="sch_rao", block_id=blocked.block_id), DOCTOR)
    extra = {"action": "add_extra", "start": ist(3, "20:00"), "end": ist(3, "20:15"), "capacity": 1}
    chain.ask(OverrideSlot(schedule_id="sch_rao", mode="in_person", reason="asked for", **extra), DOCTOR)
    close = OverrideSlot(schedule_id="sch_rao", slot_id=chain.slot(3, "23:30"), action="close", reason="too late")
    chain.ask(close, DOCTOR)
    api.fold()
    yield cursor, copy


@pytest.mark.parametrize("limit", [1, 3, 500])
def test_changes_bring_a_copy_up_to_the_day(api: Api, shaken: tuple[str, Copy], limit: int) -> None:
    """Tombstones included; however small the pages are, and whoever asks twice gets nothing twice."""
    cursor, before = shaken
    copy, after = caught_up(api, "DR", cursor, before, limit=limit)
    assert copy == copy_of(api.ask(SCHEDULE, "DR", limit=500)) != before
    assert len(set(before) - set(copy)) == 1 and len(set(copy) - set(before)) == 1
    assert api.ask(CHANGES, "DR", since=after).json()["items"] == []


def test_a_gone_token_says_so(api: Api, shaken: tuple[str, Copy]) -> None:
    items = api.ask(CHANGES, "DR", since=shaken[0], limit=500).json()["items"]
    (gone,) = [row for row in items if row["deleted"]]
    assert (gone["slot_id"], gone["status"]) == (api.chain.slot(3, "23:30"), "retired")
    assert [row["last_seq"] for row in items] == sorted(row["last_seq"] for row in items)


def test_a_copy_of_a_view_that_was_made_anew_is_thrown_away(api: Api, shaken: tuple[str, Copy]) -> None:
    rebuild(api.chain.store.feed, api.database, api.chain.clock, "ten_test", [PROJECTION])
    answer = api.ask(CHANGES, "DR", since=shaken[0], limit=3).json()
    assert answer["is_reset"] and answer["has_more"]
    copy, _ = caught_up(api, "DR", shaken[0], {("slot_nowhere", 1): "old"}, limit=3)
    assert copy == copy_of(api.ask(SCHEDULE, "DR", limit=500))


def test_a_cursor_of_other_days_is_refused(api: Api) -> None:
    cursor = api.ask(SCHEDULE, IYER).json()["changes_cursor"]
    for said in ({"since": "guessed"}, {"since": cursor, "branch_id": "brn_south"}):
        problem = refusal(api.ask(CHANGES, "DR", **said), 422, "VALIDATION_FAILED")
        assert problem["details"] == {"field": "since"}
    refusal(api.ask(CHANGES, "DR"), 422, "VALIDATION_FAILED")
    refusal(api.ask(CHANGES, "PP", since=cursor), 403, "FORBIDDEN")
    refusal(api.ask(CHANGES, "DR", since=cursor, after_seq=10**9, wait_ms=0), 503, "NOT_YET_VISIBLE")


def test_a_stream_pushes_what_changes_and_is_taken_up_again(api: Api) -> None:
    cursor = api.ask(SCHEDULE, "DR").json()["changes_cursor"]
    quiet = api.ask(STREAM, "DR", since=cursor)
    assert quiet.headers["Content-Type"].startswith("text/event-stream") and ": nothing new" in quiet.text
    assert "event:" not in quiet.text
    api.chain.book("appt_pushed", 6, "18:00", BALA)
    api.fold()
    ((kind, last_id, data),) = events(api.ask(STREAM, "DR", since=cursor).text)
    assert kind == "changes" and last_id == data["changes_cursor"]
    assert [row["appointment_id"] for row in data["items"]] == ["appt_pushed"]
    assert events(api.ask(STREAM, "DR", since=cursor, Last_Event_ID=last_id).text) == []
    refusal(api.ask(STREAM, "PP", since=cursor), 403, "FORBIDDEN")
    refusal(api.ask(STREAM, "DR", since="guessed"), 422, "VALIDATION_FAILED")


def events(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if "data" in fields:
            found.append((fields["event"], fields["id"], json.loads(fields["data"])))
    return found


def test_a_doctor_reads_the_timelines_of_their_own_patients(api: Api) -> None:
    path = "/v1/console/timeline"
    rows = api.ask(path, IYER, patient_id="pat_asha").json()["items"]
    assert "appointment_booked" in {row["title_code"] for row in rows} and {row["patient_id"] for row in rows} == {
        "pat_asha"
    }
    assert api.ask(path, IYER).json()["items"] == []
    for other in ("pat_bala", "pat_none"):
        assert refusal(api.ask(path, IYER, patient_id=other), 404, "NOT_FOUND")["details"] == {"id": other}
