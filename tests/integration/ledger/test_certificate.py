"""The certificate of a destruction: complete, the same whenever it is asked for, and borne out by the log."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import msgspec
import pytest

from event_store.ledger.verify import verify_chain
from event_store.retention.certificate import Certificate, certificate_of, signed_with
from event_store.retention.keys import key_id_of
from event_store.retention.signing import is_signed
from event_store.store import Store
from mymedic.errors import Refused
from mymedic.messages import canonical_json
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import TENANT, accepted, patient, submit
from tests.integration.ledger.test_destruction import NAME, PATIENT, PHONE, _disarm, destroy, registered

__all__ = ["registered"]


def certified(store: Store, id: str = "dst_1") -> Certificate:
    return certificate_of(store.ledger, store.handler.pasts, TENANT, id)


def test_a_certificate_says_who_what_and_what_stays(registered: Bench) -> None:
    store = registered.store
    head = verify_chain(store.ledger, TENANT).event_hash
    ack = accepted(destroy(registered))
    found = certified(store)
    assert found.key_ids == (key_id_of(TENANT, PATIENT),)
    assert found.subject_sha256 == sha256(f"{TENANT}|{PATIENT}".encode()).hexdigest()
    assert (found.requested.by, found.approved.by, found.executed.by) == ("stf_manager", "stf_audit", "stf_engineer")
    assert found.executed.at - found.requested.at == timedelta(hours=48)
    assert "section 12" in found.legal_basis
    assert found.executed.seq == ack.last_seq
    assert found.chain_hash_after == verify_chain(store.ledger, TENANT).event_hash
    assert found.chain_hash_before == found.approved.event_hash != head
    assert {one.store: one.counts for one in found.stores} == {
        "keys": {"keys": 1},
        "log": {"events_unreadable": 1, "bodies_replaced": 1},
    }
    (kept,) = found.retained
    assert (kept.classes, kept.events) == (("medico_legal",), 1) and "under ids alone" in kept.reason
    text = msgspec.json.encode(signed_with(store.vault, found)).decode()
    assert NAME not in text and PHONE not in text and PATIENT not in text.replace(f'"requested_by":"{PATIENT}"', "")
    again = msgspec.json.decode(text)
    said = canonical_json(again["certificate"])
    assert sha256(said).hexdigest() == again["sha256"]
    assert is_signed(again["public_key"], again["signature"], said)
    assert not is_signed(again["public_key"], again["signature"], said.replace(b"full", b"none"))


def test_a_certificate_is_the_same_whenever_it_is_asked_for(registered: Bench) -> None:
    accepted(destroy(registered, "contact_only"))
    first = signed_with(registered.store.vault, certified(registered.store))
    registered.clock.at += timedelta(days=400)
    accepted(submit(registered.store, patient("Bala", "+919812345679"), "cmd_later"))
    other = registered.again()
    assert signed_with(other.vault, certified(other)) == first
    assert signed_with(other.vault, certified(other, certified(other).certificate_id)) == first
    assert "stays readable" in certified(other).retained[0].reason
    other.close()
    for id in ("crt_none", "dst_none", PATIENT):
        with pytest.raises(Refused, match=f"NOT_FOUND: there is no certificate {id}"):
            certified(registered.store, id)


def test_a_certificate_that_the_log_does_not_bear_out_is_none(registered: Bench) -> None:
    accepted(destroy(registered))
    manifest = certified(registered.store).manifest_sha256
    _disarm(registered)
    registered.sql("UPDATE event SET payload = replace(payload, ?, ?)", manifest, "0" * 64)
    with pytest.raises(Refused, match="CHAIN_BROKEN"):
        certified(registered.store)
