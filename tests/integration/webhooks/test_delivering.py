"""Webhooks to a real HTTP server: signed, in order, tried again, stopped when it is no use, and never elsewhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from event_store.subscriptions.backoff import BackOff
from event_store.subscriptions.endpoints import Endpoints
from event_store.subscriptions.leases import Leases
from event_store.subscriptions.parking import LedgerParking
from event_store.subscriptions.subscription import Subscription, Unavailable
from integrations.webhooks.addresses import Reach
from integrations.webhooks.outbound import AT_ONCE, Delivering
from integrations.webhooks.posting import SECONDS, Answer, Post, Poster
from integrations.webhooks.signature import new_secret
from integrations.webhooks.worker import WebhookWorker
from mymedic.errors import Refused
from tests.integration.bus.test_relay import fill, more
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import ENGINEER, TENANT
from tests.integration.webhooks.conftest import PATIENCE, SECRET, Got, Line, Target, registered

Lines = Callable[..., Line]


def test_every_event_arrives_signed_and_each_stream_in_order(
    bench: Bench, endpoints: Endpoints, target: Target, line: Lines
) -> None:
    streams = fill(bench, drawers=3, each=3)
    _, subscription = line(registered(endpoints, target))
    subscription.drain()
    events = {event.seq: event for event in bench.store.feed.read(TENANT)}
    assert sorted(target.seqs) == sorted(events)
    for stream in streams:
        assert [seq for seq in target.seqs if events[seq].stream_id == stream] == [
            seq for seq in sorted(events) if events[seq].stream_id == stream
        ]
    for one in target.got:
        assert one.headers["webhook-id"] == events[one.seq].event_id
        assert one.headers["webhook-timestamp"] == str(int(bench.clock.now().timestamp()))
        assert one.headers["content-type"] == "application/cloudevents+json"
        assert one.headers["webhook-signature"] == f"v1,{signature(SECRET, one)}"


def signature(secret: str, got: Got) -> str:
    """As a receiver computes it, from the standard's own words."""
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_a_rotated_secret_signs_beside_the_one_before(
    bench: Bench, endpoints: Endpoints, target: Target, line: Lines
) -> None:
    fill(bench, drawers=1, each=0)
    endpoint, second, third = registered(endpoints, target), new_secret(), new_secret()
    endpoints.rotate(TENANT, endpoint.endpoint_id, second)
    _, subscription = line(endpoint)
    subscription.drain()
    signatures = target.got[-1].headers["webhook-signature"].split(" ")
    assert signatures == [f"v1,{signature(secret, target.got[-1])}" for secret in (second, SECRET)]
    endpoints.rotate(TENANT, endpoint.endpoint_id, third)
    assert endpoints.secrets(TENANT, endpoint.endpoint_id) == (third, second)
    stored = bench.sql("SELECT secrets FROM webhook_endpoint")[0][0]
    assert second.encode() not in stored and base64.b64decode(second.removeprefix("whsec_")) not in stored


def test_an_endpoint_is_told_what_it_asked_for(bench: Bench, endpoints: Endpoints, target: Target, line: Lines) -> None:
    fill(bench, drawers=2, each=40)
    _, subscription = line(registered(endpoints, target, "CashSessionOpened", "tenant.*"))
    subscription.drain()
    assert sorted(target.seqs) == [1, 3, 4]
    with pytest.raises(Refused) as refusal:
        registered(endpoints, target, "CashSessionOpen")
    assert refusal.value.code == "VALIDATION_FAILED"
    target.got.clear()
    _, later = line(registered(endpoints, target, from_seq=80))
    later.drain()
    assert sorted(target.seqs) == [81, 82, 83, 84]


@pytest.mark.parametrize(
    ("trouble", "patience"), [(500, SECONDS), (503, SECONDS), (404, SECONDS), (302, SECONDS), ("hangs", PATIENCE)]
)
def test_a_target_in_trouble_is_tried_again_later_each_time(
    bench: Bench, endpoints: Endpoints, target: Target, line: Lines, trouble: int | str
) -> None:
    fill(bench, drawers=2, each=4)
    endpoint = registered(endpoints, target)
    _, subscription = line(endpoint)
    target.answers = (
        target.hanging if trouble == "hangs" else lambda _: (int(trouble), {"location": target.url + "/elsewhere"})
    )
    waits = []
    for _ in range(1 if trouble == "hangs" else 3):
        assert subscription.round() is False
        due = subscription.back_off.next_due()
        assert due is not None
        waits.append((due - bench.clock.now()).total_seconds())
        bench.clock.at = due
    assert waits == [1, 2, 4][: len(waits)] and {one.path for one in target.got} == {"/hook"}, "no redirect is followed"
    (shown,) = endpoints.list()
    assert (shown.state, shown.failures) == ("enabled", len(waits))
    assert str(trouble) in str(shown.last_error) or "no answer within" in str(shown.last_error)
    target.answers = lambda _: None
    subscription.drain()
    assert set(target.seqs) == set(range(1, bench.store.feed.head(TENANT) + 1))
    (shown,) = endpoints.list()
    assert (shown.state, shown.failures, shown.last_error) == ("enabled", 0, None)


def test_a_target_may_say_how_long_to_wait(bench: Bench, endpoints: Endpoints, target: Target, line: Lines) -> None:
    fill(bench, drawers=1, each=1)
    _, subscription = line(registered(endpoints, target))
    target.answers = lambda _: (429, {"retry-after": "120"})
    subscription.round()
    assert subscription.back_off.next_due() == bench.clock.now() + timedelta(seconds=120)


def test_what_was_taken_before_the_trouble_is_not_sent_again(
    bench: Bench, endpoints: Endpoints, target: Target, line: Lines
) -> None:
    fill(bench, drawers=4, each=8)
    _, subscription = line(registered(endpoints, target))
    target.answers = lambda got: 500 if got.seq == 20 else None
    with pytest.raises(Unavailable):
        subscription.drain()
    before = len(target.got)
    target.answers = lambda _: None
    subscription.drain()
    again = [seq for seq in set(target.seqs) if target.seqs.count(seq) > 1]
    assert 20 in again and min(again) == 20 and len(again) <= AT_ONCE
    assert len(target.got) - before <= bench.store.feed.head(TENANT) - 19


def test_a_target_that_stays_away_is_disabled_and_loses_nothing(
    bench: Bench, endpoints: Endpoints, target: Target, line: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    fill(bench, drawers=1, each=2)
    endpoint = registered(endpoints, target)
    _, subscription = line(endpoint, disabled_after=3)
    target.answers = lambda _: 500
    for _ in range(3):
        subscription.round()
        bench.clock.at = subscription.back_off.next_due() or bench.clock.at
    (shown,) = endpoints.list()
    assert (shown.state, shown.failures, shown.last_error) == ("disabled", 3, "500")
    assert "is disabled" in caplog.text
    target.got.clear()
    target.answers = lambda _: None
    _, again = line(endpoints.enable(TENANT, endpoint.endpoint_id))
    again.drain()
    assert sorted(target.seqs) == [1, 2, 3, 4, 5]


def test_a_target_that_is_gone_is_disabled_at_once(
    bench: Bench, endpoints: Endpoints, target: Target, line: Lines
) -> None:
    fill(bench, drawers=1, each=1)
    _, subscription = line(registered(endpoints, target))
    target.answers = lambda _: 410
    subscription.round()
    assert [(one.state, one.last_error) for one in endpoints.list()] == [("disabled", "it answers 410")]


def test_an_event_that_is_refused_for_good_parks_its_stream_alone(
    bench: Bench, endpoints: Endpoints, target: Target, line: Lines
) -> None:
    streams = fill(bench, drawers=2, each=3)
    endpoint = registered(endpoints, target)
    _, subscription = line(endpoint)
    target.answers = lambda got: 422 if got.seq == 5 else None
    for _ in range(6):
        while subscription.round():
            pass
        bench.clock.at = subscription.back_off.next_due() or bench.clock.at
    parking = LedgerParking(bench.store.ledger, bench.clock)
    (waiting,) = parking.waiting()
    assert (waiting.stream_id, waiting.first_seq, waiting.consumer) == (streams[0], 5, endpoint.consumer)
    assert waiting.error == "the endpoint answers 422" and target.seqs.count(5) == 3
    assert not {7, 9} & set(target.seqs) and {6, 8, 10} <= set(target.seqs)
    target.answers = lambda _: None
    parking.decide(waiting, "retry", ENGINEER, "they have mended it")
    subscription.drain()
    assert target.seqs[-3:] == [5, 7, 9]


def test_a_range_is_told_again_without_moving_the_endpoint(
    bench: Bench, endpoints: Endpoints, target: Target, line: Lines
) -> None:
    fill(bench, drawers=2, each=3)
    delivering, subscription = line(registered(endpoints, target))
    subscription.drain()
    target.got.clear()
    assert delivering.replay(bench.store.feed.read(TENANT, 3, 4)) is None
    assert sorted(target.seqs) == [4, 5, 6, 7]
    target.answers = lambda got: 500 if got.seq == 6 else None
    assert delivering.replay(bench.store.feed.read(TENANT, 3, 4)) == (6, "500")


def test_little_of_an_endless_answer_is_read(bench: Bench, poster: Poster, target: Target) -> None:
    target.body = b"x" * 50_000_000
    assert poster.send("whk_1", [Post(target.url, {}, b"{}")]) == [Answer(200)]
    assert target.sent < len(target.body) / 2


@pytest.mark.parametrize("dies_after", range(4))
def test_killed_between_two_steps_it_tells_again_and_forgets_nothing(
    bench: Bench, endpoints: Endpoints, target: Target, line: Lines, poster: Poster, dies_after: int
) -> None:
    fill(bench, drawers=3, each=3)
    endpoint = registered(endpoints, target)
    _, subscription = line(endpoint)
    send, calls = poster.send, 0

    def dying(*given: object) -> list[Answer]:
        nonlocal calls
        calls += 1
        if calls > dies_after:
            raise KeyboardInterrupt
        return send(*given)  # type: ignore[arg-type]

    poster.send = dying  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        subscription.drain()
    poster.send = send  # type: ignore[method-assign]
    _, again = line(endpoint)
    again.drain()
    assert sorted(set(target.seqs)) == list(range(1, bench.store.feed.head(TENANT) + 1))


@pytest.fixture
def worker(bench: Bench, endpoints: Endpoints, poster: Poster, line: Lines) -> Iterator[WebhookWorker]:
    worker = WebhookWorker(endpoints, Leases(bench.store.ledger, "one", bench.clock), poster, line)
    yield worker
    worker.leave()


@pytest.mark.parametrize("patience", [PATIENCE])
def test_a_target_that_hangs_holds_up_no_other(
    bench: Bench, endpoints: Endpoints, target: Target, worker: WebhookWorker
) -> None:
    streams = fill(bench, drawers=2, each=6)
    target.answers = lambda got: target.hanging(got) if got.path == "/slow" else None
    slow = endpoints.add(TENANT, target.url.replace("/hook", "/slow"), (), SECRET, 0)
    quick = registered(endpoints, target)
    head = bench.store.feed.head(TENANT)

    def told(path: str) -> set[int]:
        return {one.seq for one in target.got if one.path == path}

    began = time.monotonic()
    while len(told("/hook")) < head:
        worker.round()
        bench.clock.at += timedelta(milliseconds=100)
        assert time.monotonic() - began < 60
    assert len(told("/slow")) <= AT_ONCE
    endpoints.remove(TENANT, slow.endpoint_id)
    endpoints.disable(TENANT, quick.endpoint_id, "by hand")
    more(bench, streams, 1, "b")
    worker.round()
    worker.round()
    assert len(told("/hook")) == head, "who is disabled is told nothing"
    endpoints.remove(TENANT, quick.endpoint_id)
    assert worker.round() is False
    assert bench.sql("SELECT consumer FROM checkpoint") == []


def test_a_private_address_is_called_by_nobody(bench: Bench, endpoints: Endpoints, target: Target) -> None:
    """Also when the name was a public one when it was registered."""
    fill(bench, drawers=1, each=0)
    answers = [["93.184.215.14"], ["127.0.0.1"]]

    async def rebound(host: str, port: int) -> list[str]:
        return answers[-1]

    poster = Poster(Reach(allows_http=True, resolve=rebound))
    url = target.url.replace("127.0.0.1", "hooks.example")
    poster.require(url)
    (answer,) = poster.send("whk_1", [Post(url, {}, b"{}")])
    assert answer.status == 0 and "no address of the public internet" in answer.error
    assert target.got == []
    poster.close()


def test_the_connection_goes_to_the_address_that_was_judged(target: Target) -> None:
    asked: list[tuple[str, int]] = []

    async def once(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    poster = Poster(Reach(["127.0.0.0/8"], allows_http=True, resolve=once))
    url = target.url.replace("127.0.0.1", "hooks.example")
    port = int(url.split(":")[2].split("/")[0])
    assert poster.send("whk_1", [Post(url, {}, b"{}")]) == [Answer(200)]
    assert asked == [("hooks.example", port)] and target.got[0].headers["host"] == f"hooks.example:{port}"
    poster.close()


def test_a_line_that_meets_a_bug_goes_on(bench: Bench, endpoints: Endpoints, target: Target, poster: Poster) -> None:
    """What is no trouble of the target's is not counted against it."""
    fill(bench, drawers=1, each=0)
    endpoint = registered(endpoints, target)
    broken = Delivering(endpoint, endpoints, poster, None, bench.clock)  # type: ignore[arg-type]
    store, back_off = bench.store, BackOff(bench.clock, lambda: 1.0)
    leases, parking = Leases(store.ledger, "one", bench.clock), LedgerParking(store.ledger, bench.clock)
    assert Subscription(store.ledger, store.feed, broken, leases, parking, back_off).round() is False
    assert endpoints.list()[0].failures == 0
