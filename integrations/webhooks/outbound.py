"""The deliveries of one endpoint: each event once it is taken, each stream in its order, at least once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import islice

from event_store.recorded import Recorded, Unreadable
from event_store.subscriptions.endpoints import DISABLED_AFTER, Endpoint, Endpoints
from event_store.subscriptions.subscription import Unavailable
from event_store.subscriptions.waves import waves
from integrations.cloudevents import CONTENT_TYPE, Envelopes, aggregate_name
from integrations.webhooks.posting import Answer, Post, Poster
from integrations.webhooks.signature import signed_headers
from mymedic.clock import Clock, micros

_LOG = logging.getLogger(__name__)
# On their way at once; after so many it is noted how far the endpoint has come, so no more are ever sent again.
AT_ONCE = 8
# The target has read the event and does not want it: nothing else of the target is wrong.
_REFUSES = frozenset({400, 413, 422})
_GONE = 410
# So often an event is refused before its stream is parked: a target may be wrong about it for a while.
REFUSED_AFTER = 3
# What a target may ask us to wait.
_LONGEST_WAIT = 3_600.0


class Delivering:
    """A consumer of the log. Notes with the endpoint how it goes, and disables it when it goes wrong too often."""

    def __init__(
        self,
        endpoint: Endpoint,
        endpoints: Endpoints,
        poster: Poster,
        envelopes: Envelopes,
        clock: Clock,
        disabled_after: int = DISABLED_AFTER,
    ) -> None:
        self.name = endpoint.consumer
        self.endpoint = endpoint
        self._endpoints = endpoints
        self._poster = poster
        self._envelopes = envelopes
        self._clock = clock
        self._disabled_after = disabled_after
        self._refused: dict[int, int] = {}

    def cut(self, events: Sequence[Recorded | Unreadable]) -> int:
        """Up to the last of so many that the endpoint wants; what it does not want costs nothing."""
        wanted = (place for place, event in enumerate(events, 1) if self._wants(event))
        return next(islice(wanted, AT_ONCE - 1, None), len(events))

    def deliver(self, tenant_id: str, events: Sequence[Recorded]) -> dict[int, str]:
        wanted = [event for event in events if self._wants(event)]
        answers = self._answers(wanted)
        failed: dict[int, str] = {}
        taken = 0
        for event in wanted:
            answer = answers.get(event.seq)
            if answer is None:
                continue  # behind one of its stream that is parked below; in other cases we have stopped before
            if _is_taken(answer):
                taken += 1
                self._refused.pop(event.seq, None)
            elif self._is_refused_for_good(event.seq, answer):
                failed[event.seq] = f"the endpoint answers {_said(answer)}"
            else:
                raise self._stopped(answer, min(failed, default=event.seq) - 1, has_taken=taken > 0)
        if taken:
            self._endpoints.succeeded(self.endpoint)
        return failed

    def replay(self, events: Sequence[Recorded]) -> tuple[int, str] | None:
        """Deliver once more, whatever is noted; the seq of the first that was not taken, and what was answered."""
        wanted = [event for event in events if self._wants(event)]
        answers = self._answers(wanted)
        for event in wanted:
            answer = answers.get(event.seq)
            if answer is not None and not _is_taken(answer):
                return event.seq, _said(answer)
        return None

    def _wants(self, event: Recorded | Unreadable) -> bool:
        return isinstance(event, Unreadable) or self.endpoint.wants(aggregate_name(event), event.event_type)

    def _answers(self, events: Sequence[Recorded]) -> dict[int, Answer]:
        """seq -> the answer to it. Nothing is sent after one of its stream that was not taken, or after a wave in which
        the target was ill.
        """
        secrets = self._endpoints.secrets(self.endpoint.tenant_id, self.endpoint.endpoint_id) if events else ()
        answers: dict[int, Answer] = {}
        ill: set[str] = set()
        for wave in waves(events):
            going = [event for event in wave if event.stream_id not in ill]
            posts = [self._post(event, secrets) for event in going]
            for event, answer in zip(going, self._poster.send(self.endpoint.endpoint_id, posts), strict=True):
                answers[event.seq] = answer
                if not _is_taken(answer):
                    ill.add(event.stream_id)
            if any(not _is_taken(answer) and answer.status not in _REFUSES for answer in answers.values()):
                break
        return answers

    def _post(self, event: Recorded, secrets: Sequence[str]) -> Post:
        body = self._envelopes.encoded(event)
        at = micros(self._clock.now()) // 1_000_000
        headers = {"content-type": CONTENT_TYPE, **signed_headers(secrets, event.event_id, at, body)}
        return Post(self.endpoint.url, headers, body)

    def _is_refused_for_good(self, seq: int, answer: Answer) -> bool:
        if answer.status not in _REFUSES:
            return False
        self._refused[seq] = self._refused.get(seq, 0) + 1
        return self._refused[seq] >= REFUSED_AFTER

    def _stopped(self, answer: Answer, up_to: int, *, has_taken: bool) -> Unavailable:
        """Note that the endpoint does not take what it should; what the subscription is to be told."""
        tenant_id, id, said = self.endpoint.tenant_id, self.endpoint.endpoint_id, _said(answer)
        if answer.status == _GONE:
            self.endpoint = self._endpoints.disable(tenant_id, id, f"it answers {said}")
        else:
            if has_taken:
                self._endpoints.succeeded(self.endpoint)
            self.endpoint = self._endpoints.failed(tenant_id, id, said, self._disabled_after)
        if self.endpoint.state == "disabled":
            _LOG.error(
                "webhook endpoint %s of %s is disabled: %s; `mymedic webhooks list` shows it", id, tenant_id, said
            )
        return Unavailable(said, min(answer.retry_after, _LONGEST_WAIT), up_to)


def _is_taken(answer: Answer) -> bool:
    return 200 <= answer.status < 300


def _said(answer: Answer) -> str:
    return answer.error or str(answer.status)
