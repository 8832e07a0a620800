"""Names over HTTP: reach, the auditor's trace, limits, and no name in any log."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from event_store.aggregates.data_subject.events import PiiAccessed
from event_store.api import watching
from mymedic.messages import Actor
from tests.integration.api.conftest import Api, refusal

AUDITOR = Actor(type="user", id="stf_audit", roles=("AU",))


def ask(api: Api, token: str, *patient_ids: str, **said: Any) -> Any:
    body = {"patient_ids": patient_ids, **said}
    return api.client.post("/v1/identities:lookup", json=body, headers={"Authorization": f"Bearer {token}"})


def test_the_front_desk_reads_names(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, watching.__name__):
        answer = ask(api, api.token("FD", "ten_test"), "pat_asha", "pat_bala")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    people = answer.json()["people"]
    assert people["pat_asha"] == {
        "patient_id": "pat_asha",
        "name": "Asha",
        "phone_e164": "+919812345678",
        "birth_year": 1980,
        "age_years": 46,
        "is_redacted": False,
    }
    (line,) = [record.__dict__ for record in caplog.records if record.message == "answered"]
    assert (line["command"], line["outcome"], line["tenant_id"]) == ("identities", "answered", "ten_test")
    assert "Asha" not in str(line) and "98123" not in str(line)


def test_an_unknown_and_a_hidden_id_are_told_the_same(api: Api) -> None:
    """R-AUTH-1, R-AUTH-3: the words of commands, too."""
    told = set()
    for role, hidden in (("PP", "pat_bala"), ("DR", "pat_bala"), ("FD", "pat_none"), ("PP", "pat_none")):
        problem = refusal(ask(api, api.token(role, "ten_test"), "pat_asha", hidden), 404, "NOT_FOUND")
        assert problem["details"] == {"id": problem["detail"].split()[-1]}
        told.add(problem["detail"].replace(hidden, "X").replace("pat_asha", "X"))
    update = {"patient_id": "pat_none", "clear_patch": {"sex": "other"}}
    told.add(refusal(api.send("update-patient", update), 404, "NOT_FOUND")["detail"].replace("pat_none", "X"))
    assert told == {"there is no patient X"}
    refusal(ask(api, "guessed", "pat_asha"), 401, "UNAUTHENTICATED")
    refusal(ask(api, api.token("EN", "ten_test"), "pat_asha"), 403, "FORBIDDEN")


def test_an_auditor_leaves_a_trace(api: Api) -> None:
    """R-AUTH-6."""
    token, before = api.tokens.issue("ten_test", AUDITOR), api.chain.head()
    problem = refusal(ask(api, token, "pat_asha"), 422, "VALIDATION_FAILED")
    assert problem["details"] == {"field": "justification"}
    assert api.chain.head() == before
    answer = ask(api, token, "pat_asha", fields=["name"], justification="complaint 12")
    assert answer.json()["people"]["pat_asha"]["name"] == "Asha"
    (access,) = [one for one in api.chain.store.feed.read("ten_test", before)]
    assert access.event == PiiAccessed(actor_id="stf_audit", fields=("name",), justification="complaint 12")
    assert (access.stream_id, access.patient_id) == ("subject-pat_asha", "pat_asha")


@pytest.mark.parametrize(
    ("said", "field"),
    [({"patient_ids": []}, "patient_ids"), ({"fields": ["dob"]}, "fields[0]"), ({"as_of": "now"}, "as_of")],
)
def test_a_question_that_is_none(api: Api, said: dict[str, Any], field: str) -> None:
    body = {"patient_ids": ["pat_asha"], **said}
    headers = {"Authorization": f"Bearer {api.token('FD', 'ten_test')}"}
    problem = refusal(api.client.post("/v1/identities:lookup", json=body, headers=headers), 422, "VALIDATION_FAILED")
    assert problem["details"]["field"] == field
