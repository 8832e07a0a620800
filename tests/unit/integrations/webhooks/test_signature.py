"""Signatures as Standard Webhooks has them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from integrations.webhooks.signature import new_secret, require_secret, signed_headers
from mymedic.errors import Refused


def test_the_vector_that_libraries_of_the_standard_test_with() -> None:
    assert signed_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    ) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_our_secrets_are_secrets_and_never_the_same() -> None:
    made = {new_secret() for _ in range(10)}
    assert len(made) == 10 and all(require_secret(secret) == secret for secret in made)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_" + "QUFB" * 30, "whsec_!!!!", "QUFB" * 10])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(Refused) as refusal:
        require_secret(secret)
    assert refusal.value.code == "VALIDATION_FAILED"


def test_what_the_how_to_tells_receivers_to_do_works() -> None:
    page = (Path(__file__).parents[4] / "docs" / "how-to" / "subscribe.md").read_text(encoding="utf-8")
    told: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], told)
    old, new, body, now = new_secret(), new_secret(), b'{"id": "evt_1"}', int(time.time())
    headers = signed_headers([new, old], "evt_1", now, body)
    assert told["is_authentic"](old, headers, body) and told["is_authentic"](new, headers, body)
    assert not told["is_authentic"](new_secret(), headers, body)
    assert not told["is_authentic"](new, headers, body + b" ")
    assert not told["is_authentic"](new, signed_headers([new], "evt_1", now - 3_600, body), body)
