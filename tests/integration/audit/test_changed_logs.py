"""Logs that are not as they were: a figure changed by hand, a person erased, a note redacted, events of version 1."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from event_store.audit.asked import Asked, Subject
from event_store.audit.book import opened
from event_store.audit.events import AuditedEvent, events
from event_store.audit.pack.made import make_pack
from event_store.audit.pack.verifier import files_in, verified
from event_store.audit.policies import policies
from event_store.audit.sight import OPERATOR
from event_store.ledger import open_ledger
from event_store.retention.keys import Vault
from event_store.store import Store, assemble
from mymedic.clock import ManualClock
from mymedic.errors import Refused
from mymedic.ids import DerivedIds
from tests.integration.audit.conftest import TENANT as CHAIN
from tests.integration.audit.conftest import Audited
from tests.integration.ledger.conftest import START, Bench
from tests.integration.ledger.people import TENANT, accepted, patient, register_tenant, submit
from tests.integration.ledger.test_destruction import NAME, PATIENT, PHONE, destroy, redact
from tests.old_log import golden, write_old


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Asha Rao, registered, on SQLite."""
    url, clock = f"sqlite:///{tmp_path / 'ledger.sqlite'}", ManualClock(START)
    with closing(assemble(open_ledger(url), Vault(tmp_path / "keys.sqlite", bytes(32)), clock, DerivedIds())) as store:
        register_tenant(store)
        accepted(submit(store, msgspec.structs.replace(patient(), patient_id=PATIENT), "cmd_patient"))
        yield Bench(url, tmp_path, clock, store)


def test_a_figure_that_was_changed_is_found(audited: Audited, tmp_path: Path) -> None:
    """By hand, past the triggers: the policy is worked out again, and no pack is made of such a log."""
    source = Path(audited.store.ledger.url.removeprefix("sqlite:///"))
    for path in source.parent.glob(f"{source.name}*"):
        shutil.copy(path, tmp_path / path.name)
    with closing(sqlite3.connect(tmp_path / source.name)) as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(
            "UPDATE event SET payload = replace(payload, '\"forfeit_paise\":20000', '\"forfeit_paise\":19000')"
            " WHERE event_type = 'AppointmentCancelled'"
        )
        connection.commit()
    with closing(open_ledger(f"sqlite:///{tmp_path / source.name}")) as ledger:
        changed = assemble(ledger, audited.store.vault, audited.chain.clock, DerivedIds())
        asked = Asked(subject=Subject("appointment", "appt_1"))
        with opened(changed.handler, CHAIN, OPERATOR, asked) as book:
            found = policies(book, asked)
        (wrong,) = [row for row in found.rows if not row.recomputed_equal]
        assert not found.recomputed_equal and wrong.differences == ("forfeit_paise", "plan")
        assert (wrong.recorded["forfeit_paise"], wrong.recomputed["forfeit_paise"]) == (19_000, 20_000)
        with pytest.raises(Refused) as refused:
            make_pack(changed.handler, CHAIN, Subject("patient", "pat_asha"))
        assert refused.value.code == "CHAIN_BROKEN"


def test_an_erased_person_is_shredded_at_every_instant(bench: Bench) -> None:
    store, registered_at = bench.store, bench.clock.now()
    before = make_pack(store.handler, TENANT, Subject("patient", PATIENT))
    accepted(destroy(bench))
    for as_of in (None, registered_at):
        rows = _of(store, as_of=as_of)
        assert rows and {row.pii for row in rows} == {"[shredded]"}
    pack = make_pack(store.handler, TENANT, Subject("patient", PATIENT))
    assert verified(pack.data, pack.fingerprint)["events"] > verified(before.data, before.fingerprint)["events"]
    for data in (before.data, pack.data):
        assert NAME.encode() not in data and PHONE.encode() not in data
    assert b"[shredded]" in files_in(pack.data)["timeline.html"]


def _of(store: Store, as_of: datetime | None = None) -> tuple[AuditedEvent, ...]:
    asked = Asked(subject=Subject("patient", PATIENT), as_of=as_of)
    with opened(store.handler, TENANT, OPERATOR, asked) as book:
        return events(book, asked).rows


def test_a_redacted_body_is_proved_by_the_event_that_names_it(bench: Bench) -> None:
    """Before the redaction was known as well: the body is what it is today."""
    store, known = bench.store, bench.clock.now()
    (registered,) = [row for row in _of(store) if row.event_type == "PatientRegistered"]
    accepted(redact(store, "$.pii.name", registered.event_id))
    for as_of in (None, known):
        pack = make_pack(store.handler, TENANT, Subject("patient", PATIENT), as_of=as_of)
        assert verified(pack.data, pack.fingerprint)["kind"] == "patient"
        assert b"FieldRedacted" in files_in(pack.data)["events.jsonl"]


def test_names_that_stood_in_clear_are_not_shown(bench: Bench) -> None:
    """Version 1 had the name beside the year of birth."""
    store, old = bench.store, golden("v1", "patient_registered")
    event = {**old, "stream_id": "patient-pat_old"}
    write_old(store, TENANT, [event])
    asked = Asked(subject=Subject("stream", "patient-pat_old"))
    with opened(store.handler, TENANT, OPERATOR, asked) as book:
        (row,) = events(book, asked).rows
    name = event["payload"]["name"]
    assert row.schema_version == 1 and name not in str(row.payload)
    assert isinstance(row.payload, dict) and row.payload["name_hash"] == "[hashed]"
