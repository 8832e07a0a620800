"""Commands and the log over gRPC: the same answers, the same refusals, the same codes as over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import grpc
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from event_store.aggregates import tenant
from event_store.api.app import BODY_LIMIT, create_app
from event_store.api.identity import Bearer, Identity
from event_store.api.limits import Rate, RateLimits
from event_store.api.rpc.refusals import status_of
from event_store.api.rpc.schema import schema
from mymedic.deciding import Decision
from mymedic.errors import CODES, Refused
from mymedic.messages import Actor
from tests.integration.api.conftest import ACTORS, Api
from tests.integration.api.test_commands import hold

CODE = grpc.StatusCode
CONSENT = {"patient_id": "pat_asha", "purpose": "messaging", "notice_version": "1", "given_by": {"role": "patient"}}
AUDITOR = Actor(type="user", id="stf_audit", roles=("AU",))


class Rpc:
    """A client as one generated from the `.proto` file would be."""

    def __init__(self, channel: grpc.Channel, api: Api) -> None:
        self.channel = channel
        self.api = api
        ACTORS.setdefault("AU", AUDITOR)

    def call(self, name: str, body: bytes, role: str = "FD", **said: str) -> Any:
        """The answer, or the RpcError."""
        metadata = [(key.replace("_", "-"), value) for key, value in said.items()]
        if role:
            metadata.append(("authorization", f"Bearer {self.api.token(role, 'ten_test')}"))
        try:
            answer = self.channel.unary_unary(f"/mymedic.v1.Commands/{name}")(body, metadata=metadata, timeout=10)
        except grpc.RpcError as error:
            return error
        return schema().message("Ack").FromString(answer)

    def send(self, name: str, fields: dict[str, Any], role: str = "FD", **said: str) -> Any:
        return self.call(name, schema().message(name)(**fields).SerializeToString(), role, **said)

    def follow(self, role: str, token: str | None = None, **fields: Any) -> Iterator[Any]:
        token = token or self.api.token(role, "ten_test")
        body = schema().message("FollowRequest")(**fields).SerializeToString()
        method = self.channel.unary_stream("/mymedic.v1.Feed/Follow")
        for event in method(body, metadata=[("authorization", f"Bearer {token}")], timeout=10):
            yield schema().message("RecordedEvent").FromString(event)


@pytest.fixture(scope="module")
def rpc(api: Api) -> Iterator[Rpc]:
    limits = RateLimits(Rate(100_000, 100_000), Rate(1_000, 1_000), api.chain.clock)
    app = create_app(api.chain.store, Identity(api.tokens), limits=limits, grpc_port=0)
    with TestClient(app), grpc.insecure_channel(f"127.0.0.1:{app.state.grpc_port}") as channel:
        yield Rpc(channel, api)


def problem(answer: Any, status: grpc.StatusCode, code: str) -> Any:
    """The typed details of a refusal."""
    assert isinstance(answer, grpc.RpcError), answer
    assert answer.code() == status, answer  # type: ignore[attr-defined]
    trailing = dict(answer.trailing_metadata())  # type: ignore[attr-defined]
    assert trailing["mymedic-code"] == code
    rich = trailing["grpc-status-details-bin"]
    assert rich[:2] == bytes([8, status.value[0]])
    marker = b"type.googleapis.com/mymedic.v1.Problem"
    value = rich[rich.index(marker) + len(marker) + 1 :]
    size, skip = value[0], 1
    if size > 0x7F:
        size, skip = (size & 0x7F) | value[1] << 7, 2
    assert len(value) == size + skip
    found = schema().message("Problem").FromString(value[skip:])
    assert (found.code, found.retryable) == (code, CODES[code].retryable)
    return found


def test_a_command_is_answered_and_recorded(rpc: Rpc) -> None:
    before = rpc.api.chain.head()
    fields = hold(rpc.api, 3, "18:00")
    ack = rpc.send(
        "HoldAppointment", fields, "PP", x_aggregate_id="appt_rpc", x_channel="portal", x_correlation_id="f_1"
    )
    assert (ack.status, ack.stream_id, ack.stream_version) == ("accepted", "appointment-appt_rpc", 1)
    assert (ack.first_seq, ack.last_seq) == (before + 1, before + 1)
    recorded = rpc.api.chain.log()[-1]
    assert list(ack.event_ids) == [recorded.event_id]
    assert (recorded.actor.id, recorded.channel, recorded.correlation_id) == ("pat_asha", "portal", "f_1")


def test_one_command_by_two_ways_is_one(rpc: Rpc) -> None:
    """An idempotency key counts whichever way the command came."""
    assert rpc.api.send("record-consent", CONSENT, Idempotency_Key="two_ways").json()["status"] == "accepted"
    assert rpc.send("RecordConsent", CONSENT, idempotency_key="two_ways").status == "duplicate"


REFUSED = [
    ("", {}, CODE.UNAUTHENTICATED, "UNAUTHENTICATED", ""),
    ("EN", {}, CODE.PERMISSION_DENIED, "FORBIDDEN", ""),
    ("FD", {"if_match": "1"}, CODE.ABORTED, "VERSION_CONFLICT", ""),
    ("FD", {"if_match": "9" * 5000}, CODE.INVALID_ARGUMENT, "VALIDATION_FAILED", "expected_version"),
    ("FD", {"x_channel": "pigeon"}, CODE.INVALID_ARGUMENT, "VALIDATION_FAILED", "channel"),
    ("FD", {"idempotency_key": "no id"}, CODE.INVALID_ARGUMENT, "VALIDATION_FAILED", "command_id"),
    ("FD", {"x_tenant_id": "ten_other"}, CODE.PERMISSION_DENIED, "TENANT_MISMATCH", ""),
    ("FD", {"x_client_recorded_at": "2020-01-01T00:00:00Z"}, CODE.INVALID_ARGUMENT, "CLOCK_SKEW", ""),
    ("FD", {"x_client_recorded_at": "now"}, CODE.INVALID_ARGUMENT, "VALIDATION_FAILED", "client_recorded_at"),
]


@pytest.mark.parametrize(("role", "said", "status", "code", "field"), REFUSED)
def test_what_is_refused_over_http_is_refused_here(
    rpc: Rpc, role: str, said: Any, status: Any, code: str, field: str
) -> None:
    assert problem(rpc.send("RecordConsent", CONSENT, role, **said), status, code).field == field


@pytest.mark.parametrize("fields", [{}, {"appointment_id": "a"}, {"appointment_id": ""}])
def test_a_message_that_is_no_such_command_names_the_place(rpc: Rpc, fields: dict[str, str]) -> None:
    found = problem(rpc.send("CheckInPatient", fields), CODE.INVALID_ARGUMENT, "VALIDATION_FAILED")
    assert found.field == "appointment_id"


def test_what_is_not_there_is_not_found(rpc: Rpc) -> None:
    problem(rpc.send("CheckInPatient", {"appointment_id": "appt_none"}), CODE.NOT_FOUND, "NOT_FOUND")


def test_every_code_has_a_status() -> None:
    assert {status_of(code) for code in CODES} >= {CODE.DATA_LOSS, CODE.UNAVAILABLE, CODE.ALREADY_EXISTS}


def test_a_field_is_named_with_its_place(rpc: Rpc) -> None:
    line = {"line_no": 1, "service_id": "svc_laser", "qty": 1, "unit_price_paise": -1, "gst_bps": 0}
    bill = {"patient_id": "pat_asha", "branch_id": "brn_south", "lines": [line | {"tax_inclusive": True}]}
    found = problem(rpc.send("IssueInvoice", bill), CODE.INVALID_ARGUMENT, "VALIDATION_FAILED")
    assert found.field == "lines[0].unit_price_paise"
    problem(rpc.send("IssueInvoice", bill | {"lines": []}), CODE.INVALID_ARGUMENT, "INVOICE_EMPTY")


def test_a_field_that_the_server_does_not_know_is_refused(rpc: Rpc) -> None:
    unknown = bytes([2 << 3, 1])
    body = schema().message("CheckInPatient")(appointment_id="appt_1").SerializeToString() + unknown
    problem(rpc.call("CheckInPatient", body), CODE.INVALID_ARGUMENT, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    "body", [b"\xff", b"\x00", b"\x0a\xff\xff\xff\xff\x0f", b"{}", b"\x0b" * 5_000, b"\xf8\xff" * 50]
)
def test_bytes_that_are_no_message_are_refused(rpc: Rpc, body: bytes) -> None:
    problem(rpc.call("RecordConsent", body), CODE.INVALID_ARGUMENT, "VALIDATION_FAILED")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(name=st.sampled_from(sorted(schema().commands)), body=st.binary(max_size=60))
def test_any_bytes_are_answered(rpc: Rpc, name: str, body: bytes) -> None:
    answer = rpc.call(name, body, "*")
    if isinstance(answer, grpc.RpcError):
        assert answer.code() not in (CODE.UNKNOWN, CODE.INTERNAL), answer  # type: ignore[attr-defined]
        assert "mymedic-code" in dict(answer.trailing_metadata())  # type: ignore[attr-defined]


def test_a_body_longer_than_any_command(rpc: Rpc) -> None:
    body = schema().message("CheckInPatient")(appointment_id="a" * BODY_LIMIT).SerializeToString()
    problem(rpc.call("CheckInPatient", body), CODE.RESOURCE_EXHAUSTED, "BODY_TOO_LARGE")


def test_a_bug_is_told_to_nobody(rpc: Rpc, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def divides(*_: Any) -> Any:
        return [1 // 0]

    command = next(one for one in tenant.AGGREGATE.decisions if one.__name__ == "DefineSpecialty")
    broken = Decision(divides, target=tenant.AGGREGATE.decisions[command].target)
    with monkeypatch.context() as patched:
        patched.setitem(tenant.AGGREGATE.decisions, command, broken)
        answer = rpc.send("DefineSpecialty", {"name": "Paediatrics"}, "CM")
    assert answer.code() == CODE.INTERNAL and "division" not in answer.details()
    assert "ZeroDivision" in caplog.text
    assert rpc.send("DefineSpecialty", {"name": "Paediatrics"}, "CM").status == "accepted"


def test_a_refusal_with_very_many_details_keeps_its_code(rpc: Rpc, monkeypatch: pytest.MonkeyPatch) -> None:
    """A doctor's booked week names hundreds of appointments; trailing metadata have no room for them."""

    def full(*_: Any) -> list[Any]:
        raise Refused("ALREADY_EXISTS", "400 have it", specialty_ids=[f"spc_{n:026}" for n in range(400)])

    command = next(one for one in tenant.AGGREGATE.decisions if one.__name__ == "DefineSpecialty")
    target = tenant.AGGREGATE.decisions[command].target
    monkeypatch.setitem(tenant.AGGREGATE.decisions, command, Decision(full, target=target))
    answer = rpc.send("DefineSpecialty", {"name": "Haematology"}, "CM")
    assert not problem(answer, CODE.ALREADY_EXISTS, "ALREADY_EXISTS").details_json


def test_the_log_is_followed_from_any_seq(rpc: Rpc) -> None:
    log = rpc.api.chain.log()
    found = list(rpc.follow("AU", after_seq=2, until_head=True))
    assert [event.seq for event in found] == [event.seq for event in log[2:]]
    for mine, theirs in zip(log[2:], found, strict=True):
        assert (theirs.event_type, theirs.stream_id, theirs.event_id) == (
            mine.event_type,
            mine.stream_id,
            mine.event_id,
        )
        assert theirs.recorded_at.ToMicroseconds() == int(mine.recorded_at.timestamp() * 1e6)
    registered = [json.loads(event.payload_json) for event in found if event.event_type == "PatientRegistered"]
    assert registered and not any("pii" in one or "phone_hash" in one or "name_hash" in one for one in registered)


def test_who_follows_sees_what_comes(rpc: Rpc) -> None:
    following = rpc.follow("CM", after_seq=rpc.api.chain.head())
    assert rpc.api.send("record-consent", CONSENT).status_code == 200
    assert next(following).event_type == "ConsentRecorded"


def test_an_engineer_sees_no_payload(rpc: Rpc) -> None:
    first = next(rpc.follow("EN", until_head=True))
    assert first.event_type == "TenantRegistered" and not first.HasField("payload_json")


@pytest.mark.parametrize("role", ["PP", "DR", "FD", "FN"])
def test_nobody_else_reads_the_log(rpc: Rpc, role: str) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        list(rpc.follow(role, until_head=True))
    problem(refusal.value, CODE.PERMISSION_DENIED, "FORBIDDEN")


def test_who_manages_one_branch_does_not_read_the_log_of_all(rpc: Rpc) -> None:
    one = Actor(type="user", id="stf_south", roles=("CM",), branch_scope=("brn_south",))
    with pytest.raises(grpc.RpcError) as refusal:
        list(rpc.follow("", token=rpc.api.tokens.issue("ten_test", one), until_head=True))
    problem(refusal.value, CODE.PERMISSION_DENIED, "FORBIDDEN")


def test_the_log_grants_who_reads_it_not_the_token_alone(rpc: Rpc) -> None:
    """C12, R-AUTH-2: a role that was narrowed or taken away reads no log with an older token."""
    held = {"name": "Isha", "staff_id": "stf_isha", "roles": [{"role": "AU", "branch_scope": ["brn_south"]}]}
    assert rpc.api.send("register-staff", held, "CM").status_code == 200
    token = rpc.api.tokens.issue("ten_test", Actor(type="user", id="stf_isha", roles=("AU",)))
    with pytest.raises(grpc.RpcError) as refusal:
        list(rpc.follow("", token=token, until_head=True))
    problem(refusal.value, CODE.PERMISSION_DENIED, "FORBIDDEN")
    wider = {"subject_id": "stf_isha", "role": "AU", "branch_scope": ["*"]}
    assert rpc.api.send("grant-role", wider, "CM").status_code == 200
    assert list(rpc.follow("", token=token, until_head=True))


def test_a_stream_ends_when_its_reader_may_no_longer_read(rpc: Rpc, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no end of its own: without this, a revoked key would read on for ever."""
    monkeypatch.setattr("event_store.api.rpc.feed.RECHECK_SECONDS", 0.0)
    token = rpc.api.tokens.issue("ten_test", AUDITOR)
    following = rpc.follow("", token=token, after_seq=rpc.api.chain.head() - 1)
    assert next(following).seq == rpc.api.chain.head()
    desk = msgspec.structs.replace(AUDITOR, roles=("FD",))
    monkeypatch.setitem(rpc.api.tokens._bearers, token, Bearer("ten_test", desk))
    with pytest.raises(grpc.RpcError) as refusal:
        next(following)
    problem(refusal.value, CODE.PERMISSION_DENIED, "FORBIDDEN")


def test_a_gap_ends_it_loudly(rpc: Rpc, monkeypatch: pytest.MonkeyPatch) -> None:
    from event_store.ledger.reads import Reads

    whole = Reads.events

    def holed(self: Any, tenant_id: str, after_seq: int, limit: int) -> Any:
        return [row for row in whole(self, tenant_id, after_seq, limit) if row[1] != 5]

    monkeypatch.setattr(Reads, "events", holed)
    with pytest.raises(grpc.RpcError) as refusal:
        list(rpc.follow("AU", until_head=True))
    problem(refusal.value, CODE.DATA_LOSS, "FEED_GAP")


def test_who_sends_too_much_is_told_when_to_come_back(rpc: Rpc) -> None:
    token = rpc.api.tokens.issue("ten_test", Actor(type="user", id="stf_busy", roles=("AU",)))
    rpc.api._issued["busy", "ten_test"] = token
    answers = [rpc.call("RecordConsent", b"\xff", "busy") for _ in range(1_001)]
    assert problem(answers[-1], CODE.RESOURCE_EXHAUSTED, "RATE_LIMITED").retry_after_s == 1
