"""Commands over HTTP, through a server in a process of its own; and a POST that does nothing, beside it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.desk import DESK, TENANT, found, requests
from bench.measure import Reading, reading_of
from bench.place import Engine, Place, Template, opened
from event_store.api.local_issuer import LocalIssuer
from mymedic.clock import SystemClock
from mymedic.settings import Settings

KIND, PATH = "movement", "/v1/commands/record-cash-movement"
_STARTING_SECONDS = 60.0
_Call = tuple[str, bytes]  # further header lines, body


class Commands:
    """The plainest command on one engine, by `mymedic serve` as it is: tokens, limits, log and reactions included."""

    def __init__(self, place: Place, engine: Engine) -> None:
        self._place, self._engine = place, engine
        self._template = Template(place, engine, "http")
        with opened(self._template.url, self._template.folder) as store:
            found(store, KIND)

    def read(self, connections: int, seconds: float) -> Reading:
        """`connections` kept open, each sending its next command when the one before is answered."""
        with self._place.store(self._engine, self._template) as store:
            home = self._place.folder / "http_home"
            settings = Settings(home=home, ledger_url=store.ledger.url)
            token = LocalIssuer(settings, SystemClock()).issue(TENANT, DESK)
            about = f"Authorization: Bearer {token}\r\n"
            calls = ((f"{about}Idempotency-Key: {one.command_id}\r\n", one.body) for one in requests(store, KIND))
            environment = {"MYMEDIC_LEDGER_URL": store.ledger.url, "MYMEDIC_HOME": str(home)}
            unlimited = {"MYMEDIC_RATE_TENANT": "1000000", "MYMEDIC_RATE_CALLER": "1000000"}
            program = ["-c", "from apps.cli import main; main()", "serve", "--port"]
            with _serving(program, environment | unlimited, self._place.folder / "server.log") as port:
                return asyncio.run(_measured(port, PATH, calls, connections, seconds))


def read_empty(place: Place, connections: int, seconds: float) -> Reading:
    """The same client, the same framework, and nothing done."""
    body = b'{"cash_session_id":"cash_000","kind":"float_in","amount_paise":10000,"reference":"float from the safe"}'
    with _serving(["-m", "bench.empty"], {}, place.folder / "empty.log") as port:
        return asyncio.run(_measured(port, "/", iter(lambda: ("", body), None), connections, seconds))


@contextmanager
def _serving(program: list[str], environment: dict[str, str], log: Path) -> Iterator[int]:
    """The port of a Python program that serves as long as the block runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with log.open("ab") as file:
        command = [sys.executable, *program, str(port)]
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + _STARTING_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(30)


async def _measured(port: int, path: str, calls: Iterator[_Call], connections: int, seconds: float) -> Reading:
    await _connection(port, path, calls, time.perf_counter() + 0.2)  # caches and statements are warm
    cpu, began = time.process_time(), time.perf_counter()
    until = began + seconds
    spent = await asyncio.gather(*[_connection(port, path, calls, until) for _ in range(connections)])
    latencies = [latency for each in spent for latency in each]
    return reading_of(latencies, time.perf_counter() - began, time.process_time() - cpu)


async def _connection(port: int, path: str, calls: Iterator[_Call], until: float) -> list[float]:
    """As little of a client as can be: it shares the machine with what it measures."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    latencies: list[float] = []
    try:
        while (began := time.perf_counter()) < until:
            about, body = next(calls)
            head = f"POST {path} HTTP/1.1\r\nHost: b\r\nContent-Type: application/json\r\n{about}"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            _, _, rest = answer.lower().partition(b"content-length:")
            content = await reader.readexactly(int(rest.partition(b"\r\n")[0]))
            assert answer.startswith(b"HTTP/1.1 200") and b'"accepted"' in content, answer + content
            latencies.append(time.perf_counter() - began)
    finally:
        writer.close()
    return latencies
