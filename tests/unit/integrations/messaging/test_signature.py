"""C116: `X-Hub-Signature-256` is checked over the raw bytes."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from integrations.messaging.signature import check_signature
from mymedic.errors import Refused

BODY = b'{"entry":[{"id":"0"}]}'


def signed(secret: str, body: bytes = BODY) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_the_present_secret_and_the_one_before_sign() -> None:
    check_signature(BODY, signed("present"), ["present", "before"])
    check_signature(BODY, signed("before"), ["present", "before"])


@pytest.mark.parametrize(
    ("header", "secrets"),
    [
        (signed("other"), ["present"]),
        (signed("present").removeprefix("sha256="), ["present"]),
        (signed("present", BODY + b" "), ["present"]),
        (signed(""), [""]),
        ("", ["present"]),
        ("sha256=\udcff", ["present"]),
        (signed("present"), []),
    ],
)
def test_nothing_else_does(header: str, secrets: list[str]) -> None:
    with pytest.raises(Refused) as refusal:
        check_signature(BODY, header, secrets)
    assert refusal.value.code == "SIGNATURE_INVALID"
