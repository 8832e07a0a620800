"""The master key: made once, and nothing is kept under another one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from event_store.api.local_issuer import LocalIssuer
from event_store.retention.keys import open_vault
from event_store.secret_file import secret_at
from mymedic.clock import SystemClock
from mymedic.errors import Refused
from mymedic.settings import Settings


@pytest.fixture
def used(tmp_path: Path) -> Settings:
    """A home whose vault holds the keys of a tenant."""
    settings = Settings(home=tmp_path)
    with closing(open_vault(settings)) as vault:
        vault.tenant("ten_1")
    return settings


def test_the_right_key_opens_what_it_has_sealed(used: Settings) -> None:
    with closing(open_vault(used)) as vault:
        sealed = vault.seal("ten_1", "pat_1", "evt_1", b"a name")
    assert sealed is not None
    with closing(open_vault(used)) as vault:
        assert vault.open("ten_1", "pat_1", "evt_1", sealed[1]) == b"a name"
    assert used.master_key_path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (bytes(32), "not the one that wrapped"),
        (b"short", "has 5 bytes"),
        (None, "the master key is missing"),
    ],
    ids=["foreign", "short", "lost"],
)
def test_another_key_is_refused_before_anything_is_kept(used: Settings, content: bytes | None, what: str) -> None:
    if content is None:
        used.master_key_path.unlink()
    else:
        used.master_key_path.write_bytes(content)
    with pytest.raises(Refused, match=what) as refused:
        open_vault(used)
    assert refused.value.code == "STORE_UNAVAILABLE"
    assert used.master_key_path.exists() == (content is not None)


def test_damaged_keys_are_said(used: Settings) -> None:
    used.keys_path.write_bytes(b"no database" * 1000)
    with pytest.raises(Refused, match="its own backup"):
        open_vault(used)
    issuer = used.keys_path.with_name("issuer.jwk")
    for wrong in (b"{", b'{"kty": "OKP"}'):
        issuer.write_bytes(wrong)
        with pytest.raises(Refused, match="signs tokens is damaged"):
            LocalIssuer(used, SystemClock())


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    assert secret_at(tmp_path / "keys" / "one", lambda: b"first") == b"first"
    assert secret_at(tmp_path / "keys" / "one", lambda: b"later") == b"first"
    assert [one.name for one in (tmp_path / "keys").iterdir()] == ["one"]
