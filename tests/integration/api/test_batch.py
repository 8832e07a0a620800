"""What a device gathered while it was offline: in order, each command answered by itself, the whole sendable again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from event_store.api.batches import BYTE_LIMIT, COMMAND_LIMIT
from tests.integration.api.conftest import Api, refusal
from tests.integration.api.test_commands import CONSENT


def one(command_id: str, name: str, body: Any, **about: Any) -> dict[str, Any]:
    return {"name": name, "command_id": command_id, "body": body, **about}


def consent(command_id: str, **about: Any) -> dict[str, Any]:
    return one(command_id, "record-consent", CONSENT, **about)


def send(api: Api, *commands: Any, role: str = "FD") -> Any:
    return api.post_batch(json.dumps({"commands": commands}).encode(), role)


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["status"] for each in answer.json()["answers"]]


def test_each_is_answered_in_its_place_and_recorded_in_order(api: Api) -> None:
    at = api.chain.clock.now()
    before = api.chain.head()
    times = [(at - timedelta(hours=hours)).isoformat() for hours in (3, 2, 1)]
    answer = send(api, *(consent(f"off_{n}", client_recorded_at=time) for n, time in enumerate(times)))
    assert statuses(answer) == ["accepted"] * 3
    assert [each["first_seq"] for each in answer.json()["answers"]] == [before + 1, before + 2, before + 3]
    kept = api.chain.log()[before:]
    assert [event.occurred_at.isoformat() for event in kept] == times
    assert {(event.recorded_at, event.channel) for event in kept} == {(at, "doctor_app")}


def test_one_that_is_refused_takes_no_other_with_it(api: Api) -> None:
    """Each for its own reason: its shape, its name, its clock, its version, a rule."""
    late = (api.chain.clock.now() - timedelta(days=2)).isoformat()
    answer = send(
        api,
        consent("mix_1"),
        one("mix_2", "record-consent", CONSENT | {"purpose": 5}),
        one("mix_3", "fly", {}),
        consent("mix_4", client_recorded_at=late),
        consent("mix_5", expected_version=1),
        one("mix_6", "check-in-patient", {"appointment_id": "appt_none"}),
        one("mix_7", "ingest-gateway-webhook", {}),
        {"name": "record-consent", "body": CONSENT},
        "no command",
        consent("mix_8"),
    )
    found = answer.json()
    assert [each["index"] for each in found["answers"]] == list(range(10))
    codes = [each.get("error", {}).get("code") for each in found["answers"]]
    assert codes == [
        *(None, "VALIDATION_FAILED", "VALIDATION_FAILED", "CLOCK_SKEW", "VERSION_CONFLICT", "NOT_FOUND"),
        *("VALIDATION_FAILED", "VALIDATION_FAILED", "VALIDATION_FAILED", None),
    ]
    fields = [each["error"]["details"].get("field") for each in found["answers"] if "error" in each]
    assert fields == ["purpose", "name", None, None, None, "name", "command_id", None]
    assert (found["accepted"], found["duplicate"], found["rejected"]) == (2, 0, 8)
    assert found["send_again"] == ["mix_5"]


def test_sent_again_everything_is_answered_again(api: Api) -> None:
    """Also when the answer was lost half way, and what was refused is refused again."""
    commands = [consent("again_1"), one("again_2", "check-in-patient", {"appointment_id": "appt_none"})]
    first = send(api, *commands).json()["answers"]
    before = api.chain.head()
    answer = send(api, *commands, consent("again_3"))
    assert statuses(answer) == ["duplicate", "rejected", "accepted"]
    assert answer.json()["answers"][0]["event_ids"] == first[0]["event_ids"]
    assert api.chain.head() == before + 1
    assert api.send("record-consent", CONSENT, Idempotency_Key="again_3").json()["status"] == "duplicate"


def test_a_command_twice_in_one_batch_is_one(api: Api) -> None:
    before = api.chain.head()
    assert statuses(send(api, consent("twin"), consent("twin"))) == ["accepted", "duplicate"]
    other = one("twin", "record-consent", CONSENT | {"notice_version": "2"})
    assert send(api, other).json()["answers"][0]["error"]["code"] == "IDEMPOTENCY_CONFLICT"
    assert api.chain.head() == before + 1


def test_what_could_not_be_read_may_come_again_corrected(api: Api) -> None:
    wrong = one("fixed", "record-consent", CONSENT | {"unknown": 1})
    assert statuses(send(api, wrong)) == ["rejected"]
    assert statuses(send(api, consent("fixed"))) == ["accepted"]


def test_a_later_command_sees_what_an_earlier_one_did(api: Api) -> None:
    define = one("dep_1", "define-specialty", {"name": "Genetics"}, aggregate_id="ten_test")
    again = one("dep_2", "define-specialty", {"name": "Genetics"})
    answer = send(api, define, again, role="CM")
    assert answer.json()["answers"][1]["error"]["code"] == "ALREADY_EXISTS"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"commands":[]}',
        b'{"commands":{}}',
        b'{"commands":[{}],"more":1}',
        b'{"commands":[{}],"commands":[{}]}',
        b'{"commands":[' + b",".join([b"{}"] * (COMMAND_LIMIT + 1)) + b"]}",
        b'{"commands":[' + b"[" * 100_000,
        b'{"commands":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_batch_that_is_none_is_refused_whole(api: Api, body: bytes) -> None:
    refusal(api.post_batch(body), 422, "VALIDATION_FAILED")


def test_a_batch_that_is_too_long_is_refused_whole(api: Api) -> None:
    refusal(api.post_batch(b'{"commands":["' + b"a" * BYTE_LIMIT + b'"]}'), 413, "BODY_TOO_LARGE")


def test_a_batch_needs_a_token(api: Api) -> None:
    refusal(api.client.post("/v1/commands:batch", json={"commands": []}), 401, "UNAUTHENTICATED")
