"""A real `mymedic serve` in a process of its own, on loopback, over a home that the test has founded."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from event_store.api.local_issuer import LocalIssuer
from event_store.feed import open_feed
from event_store.recorded import Recorded
from event_store.store import open_store
from mymedic.clock import INDIA, ManualClock, SystemClock
from mymedic.ids import DerivedIds
from mymedic.messages import Actor
from mymedic.settings import Settings
from tests.chain import SECRET, Chain, signature
from tests.founding import Hours, founded

TENANT = "ten_test"
PATIENCE = 30.0  # seconds; a machine with everything else to do needs a few


class Home:
    """An installation in a folder, and the server over it while it runs."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(home=folder, ledger_url=None)
        self.process: subprocess.Popen[bytes] | None = None
        self.client: httpx.Client | None = None
        self.grpc_port = 0
        self._asked = 0

    def found(self) -> None:
        """Found the chain, an hour ago; the doctor is there day and night from today on."""
        now = datetime.now(UTC)
        today = now.astimezone(INDIA).date()
        always = Hours(today, today + timedelta(days=8), range(1, 8), (("00:00", "24:00"),))
        clock = ManualClock(now - timedelta(hours=1))
        with open_store(self.settings, clock, DerivedIds()) as store:
            founded(Chain(store.ledger, store.vault, TENANT, now=clock.now()), always)

    def token(self, actor: Actor) -> str:
        return LocalIssuer(self.settings, SystemClock()).issue(TENANT, actor)

    def start(self) -> None:
        with socket.socket() as free, socket.socket() as other:
            free.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            port, self.grpc_port = free.getsockname()[1], other.getsockname()[1]
        environment = {
            **os.environ,
            "MYMEDIC_WEBHOOK_SECRETS": json.dumps({f"{TENANT}/razorpay": [SECRET]}),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        home = str(self.settings.home)
        command = [sys.executable, "-c", "from apps.cli import main; main()", "serve", "--port", str(port)]
        command += ["--grpc-port", str(self.grpc_port)]
        with Path(home, "server.log").open("ab") as log:
            self.process = subprocess.Popen([*command, "--home", home], env=environment, stdout=log, stderr=log)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE)
        self.until(self._answers)

    def stop(self, *, kill: bool = False) -> int:
        """End the server, politely or not; its exit code."""
        assert self.process is not None and self.client is not None
        self.client.close()
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        return self.process.wait(timeout=PATIENCE)

    def send(self, name: str, body: dict[str, Any], token: str, **headers: str) -> httpx.Response:
        assert self.client is not None
        sent = {"Authorization": f"Bearer {token}"} | {key.replace("_", "-"): value for key, value in headers.items()}
        return self.client.post(f"/v1/commands/{name}", json=body, headers=sent)

    def webhook(self, event: str, name: str, entity: dict[str, Any], event_id: str) -> httpx.Response:
        """Deliver as the gateway does: signed over the bytes."""
        assert self.client is not None
        body = json.dumps(
            {"event": event, "created_at": int(time.time()), "payload": {name: {"entity": entity}}}
        ).encode()
        headers = {"X-Razorpay-Signature": signature(body), "X-Razorpay-Event-Id": event_id}
        return self.client.post(f"/v1/webhooks/razorpay/{TENANT}", content=body, headers=headers)

    def log(self) -> list[Recorded]:
        with open_feed(self.settings) as feed:
            return feed.read(TENANT, 0, 100_000)

    def events(self, *types: str) -> list[Any]:
        return [recorded.event for recorded in self.log() if recorded.event_type in types]

    def slot(self, after: timedelta) -> str:
        """The first slot that begins so long from now."""
        wanted = datetime.now(UTC) + after
        slots = [slot for generated in self.events("SlotsGenerated") for slot in generated.slots]
        return str(min((slot for slot in slots if slot.start_at >= wanted), key=lambda slot: slot.start_at).slot_id)

    def present_slot(self) -> str:
        """The slot that is running now: it began today, a quarter of an hour ago at most."""
        now = datetime.now(UTC)
        slots = [slot for generated in self.events("SlotsGenerated") for slot in generated.slots]
        return str(max((slot for slot in slots if slot.start_at <= now), key=lambda slot: slot.start_at).slot_id)

    def today(self) -> date:
        return datetime.now(INDIA).date()

    def until(self, happened: Callable[[], Any]) -> Any:
        """Look again and again until there is something to see; what it is."""
        deadline = time.monotonic() + PATIENCE
        while not (seen := happened()):
            assert self.process is not None and self.process.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.05)
        return seen

    def output(self) -> str:
        return (self.settings.home / "server.log").read_text()

    def _answers(self) -> bool:
        assert self.client is not None
        try:
            return self.client.get("/health").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def serving(folder: Path) -> Iterator[Home]:
    """A founded home with its server up; nothing of it runs on afterwards."""
    home = Home(folder)
    home.found()
    home.start()
    try:
        yield home
    finally:
        if home.process is not None and home.process.poll() is None:
            home.stop()
