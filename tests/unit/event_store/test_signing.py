"""What is signed with a tenant's key: the same bytes always alike, and nobody else's bytes or key."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from event_store.retention.keys import Vault
from event_store.retention.signing import is_signed, public_key, signature

TEXT = b"what two people signed"


def test_a_signature_is_of_its_bytes_and_its_key(tmp_path: Path) -> None:
    with closing(Vault(tmp_path / "keys.sqlite", bytes(32))) as vault:
        signed, key = signature(vault, "ten_a", TEXT), public_key(vault, "ten_a")
        assert signature(vault, "ten_a", TEXT) == signed
        assert is_signed(key, signed, TEXT)
        assert not is_signed(key, signed, TEXT + b".")
        assert not is_signed(public_key(vault, "ten_b"), signed, TEXT)
        assert not is_signed(key, signature(vault, "ten_b", TEXT), TEXT)
        for nonsense in ("", "not base64!", "AAAA"):
            assert not is_signed(key, nonsense, TEXT) and not is_signed(nonsense, signed, TEXT)


def test_a_key_is_there_again_after_a_restart_and_is_no_other_installations(tmp_path: Path) -> None:
    keys = []
    for name in ("one", "one", "other"):
        with closing(Vault(tmp_path / f"{name}.sqlite", bytes(32))) as vault:
            keys.append(public_key(vault, "ten_a"))
    assert keys[0] == keys[1] != keys[2]
