"""A process of several clients: each has a store of its own, and all of them ask at the same moment.

Arguments: the ledger's URL, the file of keys, the instant that it is, the number of clients. Each line of stdin is a
list of questions, one for each client; each line of stdout the answers in the same order.
"""

from __future__ import annotations

import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from event_store.catalogue import COMMANDS
from event_store.ledger import open_ledger
from event_store.retention.keys import Vault
from event_store.store import Store, assemble
from mymedic.clock import ManualClock
from mymedic.ids import DerivedIds
from mymedic.messages import Ack, Actor, Envelope


class Question(Struct, frozen=True):
    """A command as it travels to another process."""

    tenant_id: str
    command_id: str
    name: str
    body: msgspec.Raw
    actor: Actor


_QUESTIONS = msgspec.json.Decoder(list[Question])


def main() -> None:
    url, keys, instant, count = sys.argv[1:]
    now = datetime.fromisoformat(instant)
    stores = [
        assemble(open_ledger(url), Vault(Path(keys), bytes(32)), ManualClock(now), DerivedIds())
        for _ in range(int(count))
    ]
    print("ready", flush=True)
    for line in sys.stdin:
        print(msgspec.json.encode(_all_at_once(stores, _QUESTIONS.decode(line), now)).decode(), flush=True)


def _all_at_once(stores: list[Store], questions: list[Question], now: datetime) -> list[Ack]:
    answers: dict[int, Ack] = {}
    gate = threading.Barrier(len(questions))

    def ask(place: int, store: Store, question: Question) -> None:
        envelope = _envelope(question, now)
        gate.wait()
        answers[place] = store.handler.submit(envelope)

    clients = [
        threading.Thread(target=ask, args=(place, store, question))
        for place, (store, question) in enumerate(zip(stores, questions, strict=False))
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return [answers[place] for place in range(len(questions))]


def _envelope(question: Question, now: datetime) -> Envelope:
    command: Any = msgspec.json.decode(question.body, type=COMMANDS[question.name])
    return Envelope(
        command=command,
        command_id=question.command_id,
        tenant_id=question.tenant_id,
        actor=question.actor,
        issued_at=now,
    )


if __name__ == "__main__":
    main()
