"""`mymedic parked`: what waits is shown, and people decide about it by name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from event_store.api.local_issuer import LocalIssuer
from mymedic.clock import SystemClock
from mymedic.settings import Settings
from tests.integration.apps.conftest import Said, run_word
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import ENGINEER, FRONT_DESK, TENANT
from tests.integration.subscriptions.conftest import Target, subscription

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)


@pytest.fixture
def settings(bench: Bench, drawers: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two consumers that could not take seq 5."""
    monkeypatch.setenv("MYMEDIC_LEDGER_URL", bench.url)
    for name in ("bus", "webhooks"):
        subscription(bench, Target(name=name, poison={5})).drain()
    return Settings(home=tmp_path)


def test_what_is_parked_is_listed_and_decided_by_name(
    bench: Bench,
    drawers: list[str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:

    def say(*words: str) -> Said:
        return run_word(monkeypatch, capsys, *words, "--home", str(settings.home))

    def token(actor: Any) -> str:
        return LocalIssuer(settings, SystemClock()).issue(TENANT, actor, timedelta(hours=1))

    listed = say("parked", "list", "--json")
    assert listed.code == 1 and [one["consumer"] for one in listed.json["parked"]] == ["bus", "webhooks"]
    shown = say("parked", "list")
    assert "it tastes bad" in shown.out and drawers[0] in shown.out

    mine = ("parked", "retry", drawers[0], "--token", token(ENGINEER), "--why", "mended", "--json")
    assert say(*mine).json["error"]["details"]["known"] == "bus, webhooks"
    assert say(*mine, "--consumer", "bus").json["decided"]["state"] == "retry"
    subscription(bench, Target(name="bus")).drain()
    assert say("parked", "discard", drawers[0], "--token", token(FRONT_DESK), "--why", "so").code == 1
    assert say("parked", "discard", drawers[0], "--token", token(ENGINEER), "--why", " ").code == 2
    assert (
        "goes on behind seq 5 for webhooks"
        in say("parked", "discard", drawers[0], "--token", token(ENGINEER), "--why", "a test of the till").out
    )
    subscription(bench, Target(name="webhooks")).drain()
    assert say("parked", "retry", drawers[0], "--token", token(ENGINEER), "--why", "again").code == 2
    assert say("parked", "list").code == 0
    steps = say("parked", "list", "--history", "--json").json["steps"]
    assert [one["step"] for one in steps] == ["parked", "parked", "retry", "resumed", "discard", "resumed"]
    assert "a test of the till" in say("parked", "list", "--history").out
