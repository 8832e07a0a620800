"""Only the gateway's own bytes pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_store.aggregates.settlement_file.commands import MAX_BODY_BYTES
from integrations.gateway.webhooks import deliver, is_authentic
from tests.unit.integrations.conftest import TENANT, Clinic
from tests.unit.integrations.gateway.deliveries import SECRET, signed

BODY = (
    b'{"entity":"event","event":"payment.captured",'
    b'"payload":{"payment":{"entity":{"id":"pay_DEMO0000000001","amount":40000}}}}'
)
SIGNATURE = "2ddf6e4aad5e9ff6d37ed694e7472087596b200f8fe1ba5031258d332311035f"


def test_the_golden_vector_of_the_domain() -> None:
    assert is_authentic(BODY, SIGNATURE, ["whsec_demo"])


def test_the_gateways_own_vectors_verify(shared_data: Path) -> None:
    folder = shared_data / "razorpay"
    vectors = json.loads((folder / "signature_vectors.json").read_text())["vectors"]
    assert len(vectors) == 3
    for vector in vectors:
        message = (folder / vector["body_file"]).read_bytes() if "body_file" in vector else vector["message"].encode()
        assert is_authentic(message, vector["signature"], [vector["secret"]]), vector["kind"]
        assert not is_authentic(message + b"\n", vector["signature"], [vector["secret"]])


def test_a_body_serialised_anew_is_refused(shared_data: Path) -> None:
    raw = (shared_data / "razorpay" / "fake_payment_authorized_webhook.json").read_bytes()
    signature = "d60e67fd884556c045e9be7dad57903e33efc7172c17c6e3ef77db42d2b366e9"
    assert is_authentic(raw, signature, ["key_secret"])
    assert not is_authentic(json.dumps(json.loads(raw)).encode(), signature, ["key_secret"])


def test_two_secrets_pass_while_they_rotate() -> None:
    assert is_authentic(BODY, SIGNATURE, ["whsec_new", "whsec_demo"])
    assert is_authentic(BODY, SIGNATURE, ["whsec_demo", "whsec_new"])
    assert not is_authentic(BODY, SIGNATURE, ["whsec_new"])


@pytest.mark.parametrize("signature", ["", SIGNATURE.upper(), SIGNATURE[:-1], SIGNATURE + "0", "é" * 64, "\udcff"])
def test_nothing_but_the_signature_passes(signature: str) -> None:
    assert not is_authentic(BODY, signature, ["whsec_demo"])


def test_without_a_secret_nothing_passes() -> None:
    import hashlib
    import hmac

    unkeyed = hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    assert not is_authentic(BODY, unkeyed, [])
    assert not is_authentic(BODY, unkeyed, [""])


@given(position=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_f10_one_changed_bit_is_noticed(position: int, bit: int) -> None:
    changed = bytearray(BODY)
    changed[position] ^= 1 << bit
    assert not is_authentic(bytes(changed), SIGNATURE, ["whsec_demo"])


def test_f10_a_bad_signature_leaves_no_event(clinic: Clinic) -> None:
    before = len(clinic.events())
    outcome = deliver(clinic.desk, TENANT, signed(BODY, "other"), BODY, secrets=[SECRET])
    assert (outcome.status, outcome.code, outcome.http_status) == ("refused", "SIGNATURE_INVALID", 401)
    assert deliver(clinic.desk, TENANT, {}, BODY, secrets=[SECRET]).code == "SIGNATURE_INVALID"
    assert len(clinic.events()) == before


def test_a_body_too_large_is_refused_before_it_is_hashed(clinic: Clinic) -> None:
    big = b" " * (MAX_BODY_BYTES + 1)
    outcome = deliver(clinic.desk, TENANT, signed(big), big, secrets=[SECRET])
    assert (outcome.code, outcome.http_status) == ("BODY_TOO_LARGE", 413)
