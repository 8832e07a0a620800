"""Signatures as Standard Webhooks has them."""

from __future__ import annotations

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
