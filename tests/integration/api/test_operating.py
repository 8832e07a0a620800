"""What keeps a server upright and what its operators see: limits, readiness, metrics, spans, log lines."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from event_store import committer
from event_store.api import watching
from event_store.api.app import create_app
from event_store.api.identity import Identity
from event_store.api.limits import Rate, RateLimits
from event_store.ledger.consuming import ParkedRow, park
from tests.integration.api.conftest import Api, refusal
from tests.integration.api.test_commands import CONSENT

SPANS = InMemorySpanExporter()
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def watched(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Another server over the same store, with tracing, limits and a disk to look after."""
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(SPANS))
    limits = RateLimits(Rate(1_000, 1_000), Rate(1, 10), api.chain.clock)
    app = create_app(
        api.chain.store, Identity(api.tokens), limits=limits, home=tmp_path_factory.mktemp("home"), tracers=tracers
    )
    with TestClient(app) as client:
        yield Api(client, api.tokens, api.chain, api.other, api.database)


@pytest.fixture(autouse=True)
def forgotten() -> None:
    SPANS.clear()


def sample(api: Api, name: str, **labels: str) -> float:
    """One value as Prometheus would read it; 0 when it is not there."""
    wanted = {f'{label}="{value}"' for label, value in labels.items()}
    for line in api.client.get("/metrics").text.splitlines():
        series, _, value = line.rpartition(" ")
        if series.partition("{")[0] == name and wanted <= set(series.partition("{")[2].rstrip("}").split(",")):
            return float(value)
    return 0.0


def test_a_body_that_tells_no_length_has_its_limit_too(api: Api) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(20):
            yield b"a" * 1_000_000

    answer = api.client.post(
        "/v1/commands/check-in-patient",
        content=endless(),
        headers={"Authorization": f"Bearer {api.token('FD', 'ten_test')}"},
    )
    refusal(answer, 413, "BODY_TOO_LARGE")


def test_who_sends_too_much_is_told_when_to_come_back(watched: Api) -> None:
    for _ in range(10):
        assert watched.send("define-specialty", {"name": ""}, "EN").status_code == 422
    answer = watched.send("define-specialty", {"name": ""}, "EN")
    assert refusal(answer, 429, "RATE_LIMITED")["retryable"] is True
    assert answer.headers["Retry-After"] == "1"
    assert watched.send("record-consent", CONSENT, "FD").json()["status"] == "accepted"
    assert sample(watched, "mymedic_commands_total", code="RATE_LIMITED", command="DefineSpecialty") == 1


def test_a_batch_counts_as_its_commands(watched: Api) -> None:
    body = b'{"commands":[' + b",".join([b"{}"] * 10) + b"]}"
    assert watched.post_batch(body, "FN").status_code == 200
    refusal(watched.post_batch(body, "FN"), 429, "RATE_LIMITED")


def test_a_server_that_could_keep_a_command_is_ready(watched: Api) -> None:
    assert watched.client.get("/ready").json() == {"status": "ready"}


def test_a_store_that_does_not_answer_is_not_ready(watched: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> Any:
        raise OSError("no such host")

    monkeypatch.setattr(type(watched.chain.store.ledger), "read", gone)
    answer = watched.client.get("/ready")
    assert refusal(answer, 503, "STORE_UNAVAILABLE")["details"] == {"failing": ["store"]}
    assert answer.headers["Retry-After"] == "1"
    assert watched.client.get("/health").status_code == 200


def test_a_disk_that_takes_no_file_is_not_ready(api: Api, tmp_path: Path) -> None:
    with TestClient(create_app(api.chain.store, Identity(api.tokens), home=tmp_path / "gone")) as client:
        assert refusal(client.get("/ready"), 503, "STORE_UNAVAILABLE")["details"] == {"failing": ["disk"]}


def test_a_writer_that_is_dead_is_not_ready(api: Api) -> None:
    app = create_app(api.chain.store, Identity(api.tokens))
    with TestClient(app) as client:
        app.state.committer.stop()
        assert refusal(client.get("/ready"), 503, "STORE_UNAVAILABLE")["details"] == {"failing": ["writer"]}
        token = {"Authorization": f"Bearer {api.token('FD', 'ten_test')}"}
        answer = client.post("/v1/commands/record-consent", json=CONSENT, headers=token)
        refusal(answer, 503, "STORE_UNAVAILABLE")


def test_commands_are_counted_by_their_outcome(api: Api) -> None:
    labels = {"door": "http", "command": "RecordConsent"}
    appended = sample(api, "mymedic_append_seconds_count")
    for key in ("count_1", "count_1"):
        api.send("record-consent", CONSENT, Idempotency_Key=key)
    api.send("record-consent", CONSENT, "EN")
    for outcome, code in (("accepted", ""), ("duplicate", ""), ("rejected", "FORBIDDEN")):
        assert sample(api, "mymedic_commands_total", outcome=outcome, code=code, **labels) == 1
    assert sample(api, "mymedic_request_seconds_count", **labels) == 3
    assert sample(api, "mymedic_append_seconds_count") == sample(api, "mymedic_append_commands_count") == appended + 3
    assert sample(api, "mymedic_head_seq", tenant_id="ten_test") == api.chain.head()


def test_a_batch_is_counted_by_its_commands(api: Api) -> None:
    item = b'{"name":"check-in-patient","command_id":"b_%d","body":{"appointment_id":"appt_none"}}'
    assert api.post_batch(b'{"commands":[' + item % 1 + b"," + item % 2 + b"]}").status_code == 200
    labels = {"door": "batch", "command": "CheckInPatient", "outcome": "rejected", "code": "NOT_FOUND"}
    assert sample(api, "mymedic_commands_total", **labels) == 2
    assert sample(api, "mymedic_append_commands_sum") >= 2


def test_no_path_of_a_strangers_making_becomes_a_series(api: Api) -> None:
    for number in range(3):
        api.client.post(f"/v1/commands/fly-{number}")
    assert "fly" not in api.client.get("/metrics").text
    assert sample(api, "mymedic_commands_total", command="unknown", code="NOT_FOUND") == 3


def test_only_so_many_tenants_are_named(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "TENANTS_NAMED", 1)
    heads = {"ten_test": api.chain.head(), "ten_other": api.other.head()}
    assert sample(api, "mymedic_head_seq", tenant_id="others") == min(heads.values())
    assert sample(api, "mymedic_tenants") == 2


@pytest.mark.parametrize("seconds", [60.0, -1.0], ids=["at once", "by the writer's thread"])
def test_a_command_and_its_append_are_spans_of_the_callers_trace(
    watched: Api, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(committer, "SLOW_SECONDS", seconds)
    monkeypatch.setattr(committer, "KEPT_OFF_SECONDS", -seconds)
    monkeypatch.setattr(committer, "MOST_SLOW", 1)
    watched.send("record-consent", CONSENT, "SY")  # after one that was slow comes one that is kept off
    SPANS.clear()
    watched.send("record-consent", CONSENT, "SY", traceparent=TRACEPARENT, X_Request_Id="req_mine")
    append, command = SPANS.get_finished_spans()
    assert (append.name, command.name) == ("append", "RecordConsent")
    assert command.context.trace_id == append.context.trace_id == int(TRACEPARENT.split("-")[1], 16)
    assert command.parent is not None and command.parent.span_id == int(TRACEPARENT.split("-")[2], 16)
    assert append.parent is not None and append.parent.span_id == command.context.span_id
    assert command.attributes is not None
    assert dict(command.attributes) == {
        "mymedic.door": "http",
        "mymedic.command": "RecordConsent",
        "mymedic.tenant_id": "ten_test",
        "mymedic.outcome": "rejected",
        "mymedic.code": "FORBIDDEN",
        "mymedic.request_id": "req_mine",
    }


def test_a_batch_is_a_span(watched: Api) -> None:
    watched.post_batch(b'{"commands":[{}]}', "CM")
    (span,) = SPANS.get_finished_spans()
    assert span.name == "batch" and span.attributes is not None
    assert span.attributes["mymedic.outcome"] == "batch"


def test_a_request_is_one_line_without_anything_of_a_person(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "event_store.api.watching"):
        register = {"pii": {"name": "Asha Rao", "phone_e164": "+919812345678"}, "sex": "female", "birth_year": 1990}
        answer = api.send("register-patient", register | {"branch_id": "brn_south"}, X_Request_Id="req_7")
        api.client.post("/v1/commands/register-patient", json=register, headers={"X-Request-Id": "Asha Rao"})
    assert answer.headers["X-Request-Id"] == "req_7"
    accepted, stranger = caplog.records
    said = {name: value for name, value in vars(accepted).items() if name in ("door", "command", "outcome", "status")}
    assert said == {"door": "http", "command": "RegisterPatient", "outcome": "accepted", "status": 200}
    assert accepted.request_id == "req_7" and accepted.tenant_id == "ten_test" and accepted.ms > 0  # type: ignore[attr-defined]
    assert stranger.code == "UNAUTHENTICATED" and stranger.tenant_id == ""  # type: ignore[attr-defined]
    for record in caplog.records:
        assert "Asha" not in str(vars(record)) and "9812345678" not in str(vars(record))


def test_consumers_are_seen_by_how_far_they_are_behind(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    store, labels = api.chain.store, {"consumer": "bus", "tenant_id": "ten_test"}
    with store.ledger.write() as session:
        session.set_checkpoint("ten_test", "bus", api.chain.head() - 3)
        session.set_checkpoint("ten_other", "bus", 0)
        park(session, ParkedRow("ten_test", "bus", "stream-1", 1, "evt_1", "Event", "error", 1, 1, "parked"))
    recorded_at = store.feed.read("ten_test", api.chain.head() - 3, 1)[0].recorded_at
    assert sample(api, "mymedic_consumer_lag_events", **labels) == 3
    waits = (api.chain.clock.now() - recorded_at).total_seconds()
    assert sample(api, "mymedic_consumer_lag_seconds", **labels) == waits
    assert sample(api, "mymedic_parked_streams", **labels) == 1
    monkeypatch.setattr(watching, "TENANTS_NAMED", 1)
    assert sample(api, "mymedic_consumer_lag_events", consumer="bus", tenant_id="others") > 0
