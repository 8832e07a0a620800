"""The week of the worked example up to its refund's settlement, as an auditor finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from event_store.aggregates.patient.commands import ConsentGiver, MergePatients, RecordConsent, RegisterPatient
from event_store.aggregates.patient.events import PatientPii
from event_store.audit.answers import Answer
from event_store.audit.asked import Asked, Subject
from event_store.audit.book import Book, opened
from event_store.audit.sight import OPERATOR, Sight, sight_of
from event_store.ledger import open_ledger
from event_store.retention.identity import View
from event_store.retention.keys import Vault
from event_store.store import Store
from mymedic.messages import Actor, Command, Envelope
from tests.chain import Chain
from tests.databases import new_database
from tests.e2e.week import REFUND_AT_GATEWAY, friday, monday, tuesday, wednesday_evening, wednesday_noon
from tests.founding import founded
from tests.unit.event_store.clinic import DESK, MANAGER

AUDITOR = Actor(type="user", id="stf_audit", roles=("AU",))
TENANT = "ten_audit"
A = TypeVar("A", bound=Answer)


class Audited:
    """A chain, and questions about it."""

    def __init__(self, chain: Chain, deposit_id: str, refund_id: str, seq_before_merge: int) -> None:
        self.chain = chain
        self.deposit_id = deposit_id
        self.refund_id = refund_id
        self.seq_before_merge = seq_before_merge

    @property
    def store(self) -> Store:
        return self.chain.store

    def sight(self, actor: Actor) -> Sight:
        with self.store.ledger.read() as reads:
            return sight_of(View(reads, self.store.handler.pasts, TENANT), actor)

    def ask(
        self, question: Callable[[Book, Asked], A], kind: Any, id: str, *, sight: Sight = OPERATOR, **more: Any
    ) -> A:
        asked = Asked(subject=Subject(kind, id), **more)
        with opened(self.store.handler, TENANT, sight, asked) as book:
            return question(book, asked)


def play(chain: Chain) -> Audited:
    """Asha cancels and is refunded; Bala's consent is written down three hours late; a double of Asha is merged."""
    deposit_id = monday(chain)
    refund_id = tuesday(chain)
    chain.at(4, "09:00").refunded(deposit_id, refund_id, REFUND_AT_GATEWAY)
    _, card_id = wednesday_noon(chain)
    wednesday_evening(chain, deposit_id)
    friday(chain, card_id, is_card_line_dropped=False)
    chain.ask(_consent("analytics"))
    submit(chain, _consent("messaging"), "cmd_offline", DESK, client_recorded_at=chain.clock.now() - timedelta(hours=3))
    double = RegisterPatient(
        patient_id="pat_double",
        pii=PatientPii(name="Asha", phone_e164="+919812345678"),
        sex="female",
        birth_year=1980,
        branch_id="brn_south",
        force=True,
    )
    chain.ask(double)
    seq = chain.head()
    merge = MergePatients(survivor_id="pat_asha", duplicate_id="pat_double", reason="the same person")
    submit(chain, merge, "cmd_merge", MANAGER, cosigner=DESK)
    return Audited(chain, deposit_id, refund_id, seq)


def _consent(purpose: Any) -> RecordConsent:
    return RecordConsent(
        patient_id="pat_bala", purpose=purpose, notice_version="1", given_by=ConsentGiver(role="patient")
    )


def submit(chain: Chain, command: Command, command_id: str, actor: Actor, **envelope: Any) -> None:
    """With an envelope of its own: signed by two, or from a desk that was without a network."""
    sent = Envelope(
        command=command,
        command_id=command_id,
        tenant_id=chain.tenant_id,
        actor=actor,
        issued_at=chain.clock.now(),
        channel="console",
        **envelope,
    )
    ack = chain.store.handler.submit(sent)
    assert ack.error is None, ack.error


@pytest.fixture(scope="module")
def engine() -> str:
    """On which database; a module may ask for another."""
    return "sqlite"


@pytest.fixture(scope="module")
def audited(engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    folder: Path = tmp_path_factory.mktemp("audit")
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    if engine == "postgres":
        url = new_database(request.getfixturevalue("postgres_server"), f"audit {request.node.nodeid}")
    ledger, vault = open_ledger(url), Vault(folder / "keys.sqlite", bytes(32))
    vault.adopt_simulated(TENANT, "audit")
    yield play(founded(Chain(ledger, vault, TENANT)))
    ledger.close()
    vault.close()
