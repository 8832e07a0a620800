"""The strongest Python peer, measured by its own script on the same disk, in an environment of its own."""

from __future__ import annotations

import json
import subprocess
import venv
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench.place import Place

PEER = ["eventsourcing[postgres]==9.5.6", "psycopg[binary,pool]", "orjson", "msgspec"]
SCRIPT = "bench_eventsourcing.py"


def measure_peer(place: Place, peers: Path | None, rounds: int, engines: tuple[str, ...]) -> dict[str, Any]:
    """The peer's command round trip and replay, and the bare driver's ceiling; empty without the peer's folder."""
    if peers is None or not (peers / SCRIPT).is_file():
        return {}
    python = _environment(place.folder / "peer")
    command = [str(python), str(peers / SCRIPT), "--dir", str(place.folder / "peer_data"), "--rounds", str(rounds)]
    command += ["--sections", "a,c,ceil"]
    if "postgres" in engines:
        command += ["--pg", _keywords(place.database("peer"))]
    else:
        command += ["--only", "sqlite"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=1_800)
    found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    return found


def _environment(folder: Path) -> Path:
    """An interpreter that has the peer, made once; the product's own environment never sees it."""
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PEER], check=True)
        (folder / "ready").touch()
    return python


def _keywords(url: str) -> str:
    """A libpq keyword string, as the peer's script wants it."""
    parts = urlsplit(url)
    words = {"host": parse_qs(parts.query)["host"][0], "user": parts.username or "postgres"}
    words |= {"dbname": parts.path.lstrip("/"), "port": str(parts.port or 5432)}
    return " ".join(f"{name}={value}" for name, value in words.items())
