"""`mymedic webhooks`, said on the command line; and a target over TLS, whose certificate must be its own."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.webhooks.addresses import Reach
from integrations.webhooks.posting import Answer, Post, Poster
from tests.integration.apps.conftest import Said, run_word
from tests.integration.bus.test_relay import fill
from tests.integration.ledger.conftest import Bench
from tests.integration.webhooks.conftest import SECRET, Target


def test_endpoints_are_kept_by_words(
    bench: Bench,
    target: Target,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fill(bench, drawers=2, each=3)
    monkeypatch.setenv("MYMEDIC_LEDGER_URL", bench.url)

    def say(*words: str) -> Said:
        return run_word(monkeypatch, capsys, "webhooks", *words, "--home", str(tmp_path))

    assert say("add", target.url, "--json").json["error"]["details"] == {"field": "url"}
    monkeypatch.setenv("MYMEDIC_WEBHOOK_PLAIN_HTTP", "true")
    assert "public internet" in say("add", target.url, "--json").json["error"]["message"]
    monkeypatch.setenv("MYMEDIC_WEBHOOK_NETWORKS", '["127.0.0.0/8"]')
    assert say("add", target.url, "--event", "Paid", "--json").code == 2
    assert say("add", target.url, "--secret", "mine", "--json").code == 2
    assert "ends at seq" in say("add", target.url, "--from-seq", "999999").err
    added = say("add", target.url, "--event", "cash_session.*", "--secret", SECRET, "--json").json
    assert added["secret"] == SECRET and added["event_types"] == ["cash_session.*"]
    id = added["endpoint_id"]
    other = say("add", target.url).out.split()
    assert other[1].startswith("whsec_")
    assert say("remove", other[0]).code == 0

    (shown,) = say("list", "--json").json["endpoints"]
    assert (shown["state"], shown["events_behind"]) == ("enabled", 0) and "secret" not in json.dumps(shown)
    assert say("disable", id).code == 0 and say("list").code == 1
    assert "by hand" in say("list").out
    assert say("enable", id).code == 0 and say("list").code == 0
    assert say("rotate", id).out.startswith("whsec_")

    assert "comes before" in say("replay", id, "--from-seq", "6", "--to-seq", "2").err
    assert say("replay", id, "--from-seq", "2", "--to-seq", "6").code == 0
    assert sorted(target.seqs) == [3, 4, 5, 6] and len(target.got[0].headers["webhook-signature"].split()) == 2
    target.answers = lambda got: 500 if got.seq == 8 else None
    stopped = say("replay", id, "--from-seq", "5", "--json")
    assert stopped.code == 1 and (stopped.json["to_seq"], stopped.json["stopped_at"]) == (7, 8)
    assert say("remove", id).code == 0 and say("remove", id).code == 2
    assert say("list", "--json").json == {"endpoints": []}


@pytest.fixture
def over_tls(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A target whose certificate is for hooks.example, and that certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    clear, form = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
    key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, clear))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_path, key_path)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"https://hooks.example:{server.server_address[1]}/x", certificate_path
    server.shutdown()
    server.server_close()


def test_the_certificate_must_be_that_of_the_name(over_tls: tuple[str, Path]) -> None:
    url, certificate = over_tls

    async def here(*_: Any) -> list[str]:
        return ["127.0.0.1"]

    poster = Poster(Reach(["127.0.0.0/8"], resolve=here), tls=ssl.create_default_context(cafile=str(certificate)))
    assert poster.send("whk_1", [Post(url, {}, b"{}")]) == [Answer(204)]
    (answer,) = poster.send("whk_2", [Post(url.replace("hooks.", "others."), {}, b"{}")])
    assert answer.status == 0 and "certificate" in answer.error.lower()
    poster.close()
