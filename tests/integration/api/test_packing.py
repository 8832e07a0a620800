"""`GET /v1/audit/pack` and `/v1/audit/verifier`: the evidence that the installation makes, for who sees all of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from event_store.aggregates.data_subject.events import PiiAccessed
from event_store.audit.asked import Subject
from event_store.audit.pack.contents import verifier_source
from event_store.audit.pack.made import make_pack
from event_store.audit.pack.verifier import files_in, verified
from mymedic.messages import Actor
from tests.integration.api.conftest import Api, refusal

AUDITOR = Actor(type="user", id="stf_audit", roles=("AU",))
ASHA = {"patient_id": "pat_asha"}


def pack(api: Api, role: str | Actor = AUDITOR, **said: Any) -> Any:
    return api.ask("/v1/audit/pack", role, **said)


def traces(api: Api, after: int) -> list[PiiAccessed]:
    return [one.event for one in api.chain.log() if one.seq > after and isinstance(one.event, PiiAccessed)]


def test_it_is_the_pack_of_the_installation(api: Api) -> None:
    head = api.chain.head()
    answer = pack(api, **ASHA)
    here = make_pack(api.chain.store.handler, "ten_test", Subject("patient", "pat_asha"))
    assert answer.status_code == 200 and answer.content == here.data
    assert answer.headers["X-Key-Fingerprint"] == here.fingerprint
    assert answer.headers["Content-Type"] == "application/zip" and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="evidence_pat_asha.zip"'
    assert b"Asha" not in answer.content and api.chain.head() == head, "pseudonymous: nothing was read of anybody"
    assert pack(api, "CM", **ASHA).content == answer.content
    program = api.ask("/v1/audit/verifier", AUDITOR)
    assert program.content == verifier_source()
    verified(answer.content, program.headers["X-Key-Fingerprint"])


def test_names_stand_in_the_log_first(api: Api) -> None:
    head = api.chain.head()
    answer = pack(api, **ASHA, X_Justification="court order 7")
    assert b"Asha" in files_in(answer.content)["names.json"]
    assert {(one.actor_id, one.justification) for one in traces(api, head)} == {("stf_audit", "court order 7")}
    head = api.chain.head()
    refusal(pack(api, "CM", **ASHA, X_Justification="why not"), 403, "FORBIDDEN")
    refusal(pack(api, **ASHA, X_Justification=""), 422, "VALIDATION_FAILED")
    assert api.chain.head() == head


@pytest.mark.parametrize("path", ["pack", "verifier"])
def test_who_audits_nothing_gets_nothing(api: Api, path: str) -> None:
    said = ASHA if path == "pack" else {}
    for role in ("FD", "DR", "PP", "SY"):
        refusal(api.ask(f"/v1/audit/{path}", role, **said), 403, "FORBIDDEN")
    refusal(api.client.get(f"/v1/audit/{path}", params=said), 401, "UNAUTHENTICATED")


def test_who_sees_a_part_makes_no_pack(api: Api) -> None:
    for role in ("FN", "EN", msgspec.structs.replace(AUDITOR, branch_scope=("brn_south",))):
        refusal(pack(api, role, **ASHA), 403, "FORBIDDEN")
    theirs = files_in(pack(api, tenant="ten_other", **ASHA).content)["manifest.json"]
    assert msgspec.json.decode(theirs)["tenant_id"] == "ten_other"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({}, 422, "VALIDATION_FAILED"),
        ({"patient_id": "pat_asha", "claim_id": "clm_1"}, 422, "VALIDATION_FAILED"),
        ({"appointment_id": "appt_1"}, 422, "VALIDATION_FAILED"),
        ({"patient_id": "pat_none"}, 404, "NOT_FOUND"),
        ({"patient_id": "../pat"}, 422, "VALIDATION_FAILED"),
        ({"patient_id": "pat_asha", "as_of": "yesterday"}, 422, "VALIDATION_FAILED"),
        ({"patient_id": "pat_asha", "as_of": "2001-01-01T00:00:00Z"}, 404, "NOT_FOUND"),
    ],
)
def test_a_wrong_question_is_refused(api: Api, query: dict[str, str], status: int, code: str) -> None:
    refusal(pack(api, **query), status, code)
