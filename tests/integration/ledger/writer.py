"""A process that appends until it is killed: every answered command is written to a file before the next is sent."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from event_store.ledger import open_ledger
from event_store.retention.keys import Vault
from event_store.store import assemble
from mymedic.clock import SystemClock
from mymedic.ids import UlidFactory
from tests.integration.ledger.people import ask, patient, petty


def main() -> None:
    url, keys, acknowledged, session, name = sys.argv[1:6]
    clock = SystemClock()
    store = assemble(open_ledger(url), Vault(Path(keys), bytes(32)), clock, UlidFactory(clock))
    with open(acknowledged, "a", encoding="utf-8") as file:
        for number in range(100_000):
            # Groups of three, one of them with sealed personal data: a group is kept whole or not at all.
            group = [
                ask(store, petty(session), f"{name}-{number}-a"),
                ask(store, patient(f"Patient {name} {number}", "+919812345678"), f"{name}-{number}-b"),
                ask(store, petty(session), f"{name}-{number}-c"),
            ]
            for ack in store.handler.submit_many(group):
                if ack.status == "accepted":
                    file.write(f"{ack.command_id} {ack.first_seq}\n")
            file.flush()
            os.fsync(file.fileno())


if __name__ == "__main__":
    main()
