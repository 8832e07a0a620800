"""Tokens of an identity provider and of the local issuer, and keys of integrations: what is believed, what is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from apps.identity import api_keys_of, identity_of
from event_store.api import api_keys, jwks
from event_store.api.api_keys import ApiKeys
from event_store.api.identity import Bearer, Identity
from event_store.api.jwks import MAX_AGE_SECONDS, MIN_AGE_SECONDS, Jwks
from event_store.api.jwt import LEEWAY_SECONDS, Jwts, Provider
from event_store.api.local_issuer import LocalIssuer
from event_store.api.remembered import Remembered
from mymedic.clock import ManualClock
from mymedic.errors import Refused
from mymedic.messages import Actor
from mymedic.settings import Settings

NOW = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)
ISSUER = "https://id.example"
KEYS = {
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa"}),
    "ES256": ECKey.generate_key("P-256", {"kid": "ec"}),
    "Ed25519": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
}
HIS = Actor(type="integration", id="his_1", roles=("IN",))


def said(**changes: Any) -> dict[str, Any]:
    """The claims of somebody at the desk of one branch; None takes a claim away."""
    now = int(NOW.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": "mymedic",
        "sub": "stf_1",
        "iat": now,
        "exp": now + 600,
        "tenant_id": "ten_one",
        "roles": ["FD"],
        "branch_scope": ["brn_south"],
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def signed(algorithm: str = "Ed25519", key: Any = None, kid: str | None = None, **changes: Any) -> str:
    key = key or KEYS[algorithm]
    return jwt.encode({"alg": algorithm, "kid": kid or key.kid}, said(**changes), key, algorithms=[algorithm])


def published(*keys: Any) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False, kid=key.kid) for key in keys]}).encode()


class Desk:
    """An installation that believes one provider, whose keys lie in a file."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(NOW)
        self.ticks = 0.0
        self.path = folder / "jwks.json"
        self.path.write_bytes(published(*KEYS.values()))
        self.keys = Jwks(str(self.path), lambda: self.ticks)
        self.api_keys = ApiKeys(folder / "api", self.clock)
        self.identity = Identity(self.api_keys, Jwts(self.clock, Provider(ISSUER, "mymedic", self.keys)))

    def bearer(self, token: str) -> Bearer:
        return self.identity.bearer(f"Bearer {token}")

    def refuses(self, token: str) -> str:
        """The code and the words; also the second time, when something might have been remembered."""
        told = set()
        for _ in range(2):
            with pytest.raises(Refused) as refusal:
                self.bearer(token)
            told.add(str(refusal.value))
        (text,) = told
        return text


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_providers_token_says_tenant_and_actor(desk: Desk, algorithm: str) -> None:
    expected = Bearer("ten_one", Actor(type="user", id="stf_1", roles=("FD",), branch_scope=("brn_south",)))
    token = signed(algorithm)
    assert desk.bearer(token) == desk.bearer(token) == expected


def test_the_old_name_of_ed25519_is_understood(desk: Desk) -> None:
    with pytest.warns(Warning, match="EdDSA"):
        token = signed("EdDSA", KEYS["Ed25519"])
    assert desk.bearer(token).tenant_id == "ten_one"


def test_claims_name_patients_doctors_and_programs(desk: Desk) -> None:
    patient = desk.bearer(signed(sub="auth0|7", actor_id="pat_1", roles=["PP"], patient_id="pat_1")).actor
    assert (patient.type, patient.id, patient.patient_id) == ("patient", "pat_1", "pat_1")
    doctor = desk.bearer(signed(sub="prac_1", roles=["DR"], practitioner_id="prac_1", branch_scope=None)).actor
    assert (doctor.type, doctor.practitioner_id, doctor.branch_scope) == ("user", "prac_1", ())
    assert desk.bearer(signed(roles=["IN"], branch_scope="*")).actor.type == "integration"


def test_a_provider_may_put_a_namespace_before_our_claims(desk: Desk) -> None:
    ours = ("tenant_id", "roles", "branch_scope")
    changes = {f"https://mymedic/{name}": value for name, value in said().items() if name in ours}
    token = signed(**changes, **dict.fromkeys(ours))
    identity = Identity(Jwts(desk.clock, Provider(ISSUER, "mymedic", desk.keys, "https://mymedic/")))
    assert identity.bearer(f"Bearer {token}").actor.roles == ("FD",)
    assert desk.refuses(token).startswith("UNAUTHENTICATED")


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": int(NOW.timestamp()) - LEEWAY_SECONDS},
        {"exp": "tomorrow"},
        {"nbf": int(NOW.timestamp()) + LEEWAY_SECONDS + 1},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": None},
        {"sub": None},
        {"sub": "no id at all"},
        {"tenant_id": None},
        {"tenant_id": "one"},
        {"roles": []},
        {"roles": ["KING"]},
        {"roles": ["FD", "SY"]},
        {"actor_type": "system"},
        {"branch_scope": "brn_south"},
    ],
    ids=str,
)
def test_a_token_that_says_something_else_is_not_believed(desk: Desk, changes: dict[str, Any]) -> None:
    assert desk.refuses(signed(**changes)).startswith("UNAUTHENTICATED")


def test_a_remembered_token_expires_on_time(desk: Desk) -> None:
    token = signed()
    desk.bearer(token)
    desk.clock.move_to(NOW + timedelta(seconds=600 + LEEWAY_SECONDS - 1))
    desk.bearer(token)
    desk.clock.move_to(NOW + timedelta(seconds=600 + LEEWAY_SECONDS))
    assert "expired" in desk.refuses(token)


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS256", "ES256"])
def test_the_key_decides_the_algorithm_never_the_token(desk: Desk, algorithm: str) -> None:
    """Neither no signature, nor one made with the public key as a secret, nor one of another kind."""
    public = KEYS["RS256"].as_pem(private=False)
    for kid in ("rsa", "ed"):
        text = f"{encoded({'alg': algorithm, 'kid': kid})}.{encoded(said())}"
        mac = base64.urlsafe_b64encode(hmac.digest(public, text.encode(), hashlib.sha256)).decode().rstrip("=")
        for signature in ("", mac):
            assert desk.refuses(f"{text}.{signature}").startswith("UNAUTHENTICATED")


def test_forged_and_torn_tokens(desk: Desk) -> None:
    stranger = OKPKey.generate_key("Ed25519", {"kid": "ed"})
    good = signed()
    header, claims, signature = good.split(".")
    richer = encoded(said(roles=["CM"], branch_scope="*"))
    torn = ["..", "a.b.c", f"{header}.{claims}.", f"{header}.{richer}.{signature}", f"{header}.{claims}.{'A' * 86}"]
    critical = encoded({"alg": "EdDSA", "kid": "ed", "crit": 1})
    odd = [
        f"{critical}.{claims}.{signature}",
        f"{encoded([])}.{claims}.{signature}",
        f"{header}.{encoded('text')}.{signature}",
        f"{good}{'A' * 9000}",
    ]
    for token in (signed(key=stranger), signed(kid="unheard"), *torn, *odd):
        assert desk.refuses(token).startswith("UNAUTHENTICATED")


def test_a_symmetric_or_weak_key_in_the_set_is_no_key(desk: Desk) -> None:
    secret = OctKey.generate_key(256, {"kid": "oct"})
    curve = ECKey.generate_key("P-384", {"kid": "p384"})
    unnamed = {**KEYS["ES256"].as_dict(private=False), "kid": None}
    encrypting = {**KEYS["RS256"].as_dict(private=False), "kid": "enc", "use": "enc"}
    keys = [secret.as_dict(private=True), curve.as_dict(private=False), unnamed, encrypting, {"kty": "new", "kid": "n"}]
    desk.path.write_text(json.dumps({"keys": keys}))
    assert [desk.keys.key(kid) for kid in ("oct", "p384", "enc", "n")] == [None] * 4
    assert desk.refuses(signed("HS256", secret)).startswith("UNAUTHENTICATED")


def test_a_new_key_is_found_and_a_withdrawn_one_forgotten(desk: Desk) -> None:
    old = signed()
    desk.bearer(old)
    new = OKPKey.generate_key("Ed25519", {"kid": "new"})
    desk.path.write_bytes(published(new))
    assert desk.refuses(signed(key=new)).startswith("UNAUTHENTICATED")  # made-up ids must not become requests
    desk.ticks += MIN_AGE_SECONDS
    desk.bearer(signed(key=new))
    assert desk.refuses(old).startswith("UNAUTHENTICATED")


def test_a_remembered_token_of_a_withdrawn_key_ends_without_anybody_else_asking(desk: Desk) -> None:
    token = signed()
    desk.bearer(token)
    desk.path.write_bytes(published(KEYS["RS256"]))
    desk.bearer(token)
    desk.ticks += MAX_AGE_SECONDS
    assert desk.refuses(token).startswith("UNAUTHENTICATED")


def test_a_provider_that_is_down_locks_nobody_out_who_was_in(desk: Desk) -> None:
    desk.bearer(signed())
    desk.path.write_text("<html>")
    desk.ticks += MAX_AGE_SECONDS
    desk.bearer(signed(jti="another"))
    with pytest.raises(Refused) as refusal:
        Jwks(str(desk.path)).key("ed")
    assert (refusal.value.code, refusal.value.retryable) == ("STORE_UNAVAILABLE", True)


def test_a_slow_provider_keeps_nobody_waiting_who_is_known(desk: Desk) -> None:
    """Known tokens are looked up on the event loop: a stranger's key id must not stop it for a fetch."""
    token = signed()
    desk.bearer(token)
    fetching, answer = threading.Event(), threading.Event()

    def slow() -> bytes:
        fetching.set()
        assert answer.wait(10)
        return published(*KEYS.values())

    desk.keys._fetch = slow
    desk.ticks += MIN_AGE_SECONDS
    stranger = threading.Thread(target=desk.keys.key, args=("made_up",))
    known: list[Bearer] = []
    colleague = threading.Thread(target=lambda: known.append(desk.bearer(token)))
    stranger.start()
    assert fetching.wait(10)
    colleague.start()
    colleague.join(5)
    try:
        assert known
    finally:
        answer.set()
        stranger.join()
        colleague.join()


@pytest.fixture
def provider() -> Iterator[tuple[str, list[str]]]:
    """A provider on loopback: its address, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302 if self.path == "/moved" else 200)
            self.send_header("Location", "/keys")
            self.end_headers()
            self.wfile.write(published(*KEYS.values()) if self.path == "/keys" else b" " * (jwks.SIZE_LIMIT + 1))

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_keys_are_fetched_once_from_where_they_were_set(provider: tuple[str, list[str]]) -> None:
    address, asked = provider
    keys = Jwks(f"{address}/keys")
    assert all(keys.key(key.kid or "") is not None for key in KEYS.values())
    assert asked == ["/keys"]
    for path in ("moved", "long"):
        with pytest.raises(Refused):
            Jwks(f"{address}/{path}").key("ed")
    assert "/keys" not in asked[1:]
    with pytest.raises(Refused) as refusal:
        Jwks("http://id.example/keys")
    assert refusal.value.code == "VALIDATION_FAILED"


def test_the_local_issuer_is_believed_in_development_only(tmp_path: Path) -> None:
    settings, clock = Settings(home=tmp_path), ManualClock(NOW)
    who = Actor(type="user", id="prac_1", roles=("DR", "FD"), branch_scope=("brn_1",), practitioner_id="prac_1")
    token = LocalIssuer(settings, clock).issue("ten_one", who, timedelta(hours=1))
    assert identity_of(settings, clock).bearer(f"Bearer {token}") == Bearer("ten_one", who)
    assert stat.S_IMODE((tmp_path / "keys" / "issuer.jwk").stat().st_mode) == 0o600
    production = Settings(home=tmp_path, mode="production")
    for start in (lambda: LocalIssuer(production, clock), lambda: identity_of(production, clock)):
        with pytest.raises(Refused) as refusal:
            start()
        assert refusal.value.code == "FORBIDDEN"
    keys = tmp_path / "jwks.json"
    keys.write_bytes(published(*KEYS.values()))
    ours = Settings(home=tmp_path, mode="production", jwks=str(keys), jwt_issuer=ISSUER)
    assert identity_of(ours, clock).bearer(f"Bearer {signed()}").tenant_id == "ten_one"
    with pytest.raises(Refused) as refusal:
        identity_of(ours, clock).bearer(f"Bearer {token}")
    assert refusal.value.code == "UNAUTHENTICATED"
    with pytest.raises(Refused):
        identity_of(Settings(home=tmp_path, jwks=str(keys)), clock)


def test_a_key_speaks_until_it_is_revoked_also_on_a_server_that_runs(desk: Desk) -> None:
    key = desk.api_keys.issue("ten_one", HIS, "the HIS")
    assert desk.bearer(key) == desk.bearer(key) == Bearer("ten_one", HIS)
    beside = ApiKeys(desk.path.parent / "api", desk.clock)
    (listed,) = beside.list("ten_one")
    assert (listed.label, listed.revoked_at, beside.list("ten_two")) == ("the HIS", None, [])
    assert beside.revoke(listed.key_id) == beside.revoke(listed.key_id)
    assert "revoked" in desk.refuses(key)


def test_a_key_ends_on_its_day(desk: Desk) -> None:
    key = desk.api_keys.issue("ten_one", HIS, "for a week", NOW + timedelta(days=7))
    desk.bearer(key)
    desk.clock.move_to(NOW + timedelta(days=7))
    assert "expired" in desk.refuses(key)


def test_only_a_hash_is_kept_and_only_its_owner_reads_it(desk: Desk) -> None:
    key = desk.api_keys.issue("ten_one", HIS, "the HIS")
    (path,) = (desk.path.parent / "api").iterdir()
    assert key.rpartition("_")[2] not in path.read_text() and "$argon2id$" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Refused) as refusal:
        desk.api_keys.issue("ten_one", Actor(type="system", id="x", roles=("SY",)), "never")
    assert refusal.value.code == "FORBIDDEN"


def test_a_key_is_hashed_once_and_an_unknown_one_never(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    key = desk.api_keys.issue("ten_one", HIS, "the HIS")
    hashed: list[str] = []
    verify = api_keys._HASHER.verify

    class Counting:
        def verify(self, kept: str, secret: str) -> bool:
            hashed.append(secret)
            return verify(kept, secret)

    monkeypatch.setattr(api_keys, "_HASHER", Counting())
    for _ in range(3):
        desk.bearer(key)
    assert len(hashed) == 1
    for token in ("mmk_", f"mmk_{'0' * 16}_{'A' * 43}", "mmk_../../x_y", key + "A", key.replace("_", "-")):
        assert desk.refuses(token).startswith("UNAUTHENTICATED")
    assert len(hashed) == 1
    desk.refuses(key[:-2] + ("AA" if key[-2:] != "AA" else "BB"))
    assert len(hashed) == 3


def test_what_is_remembered_is_bounded() -> None:
    remembered: Remembered[int] = Remembered(capacity=2)
    for number, token in enumerate("abc"):
        remembered.keep(token, number)
    assert (remembered.get("a"), remembered.get("c"), len(remembered)) == (None, 2, 2)


def test_keys_of_an_installation_lie_with_its_other_keys(tmp_path: Path) -> None:
    api_keys_of(Settings(home=tmp_path), ManualClock(NOW)).issue("ten_one", HIS, "the HIS")
    assert len(list((tmp_path / "keys" / "api").glob("*.json"))) == 1
