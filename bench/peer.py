"""The strongest Python peer and the bare drivers, measured by the peer's own script on the same disk."""

from __future__ import annotations

import json
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bench.measure import Reading
from bench.place import Engine, Place

NAME = "eventsourcing 9.5.6"
PACKAGES = ("eventsourcing[postgres]==9.5.6", "psycopg[binary,pool]", "orjson", "msgspec")
SCRIPT = "bench_eventsourcing.py"
ROUNDS = Path(__file__).with_name("peer_rounds.py")
# The least that the driver alone does for one durable row, and for reading typed rows.
ONE_ROW = {"sqlite": "insert_1_per_commit_full", "postgres": "insert_1_per_commit_1conn"}
TYPED_ROWS = "read_rows_msgspec_typed"


class Peer:
    """A process in the peer's environment that measures when asked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def reading(self, engine: Engine, *what: str) -> Reading:
        """`command <threads>`, `cached <threads>`, `replay`, `projection`, or `driver <name>`."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(" ".join([engine, *what]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the peer stopped at: {engine} {' '.join(what)}")
        row = json.loads(answer)
        known = {name: row[name] for name in Reading.__struct_fields__ if name in row}
        return Reading(**known)


@contextmanager
def started(place: Place, peers: Path | None, engines: tuple[Engine, ...], size: int) -> Iterator[Peer | None]:
    """The peer, when the folder of its script is known: `size` commands a reading, 50 times as many events a replay."""
    if peers is None or not (peers / SCRIPT).is_file():
        yield None
        return
    python = _environment(place.folder / "peer")
    keywords = _keywords(place.database("peer")) if "postgres" in engines else ""
    arguments = [str(peers), str(place.folder / "peer_data"), keywords, str(size), str(size * 50)]
    process = subprocess.Popen(
        [str(python), str(ROUNDS), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Peer(process)
    finally:
        process.kill()
        process.communicate()


def _environment(folder: Path) -> Path:
    """An interpreter that has the peer, made once; the product's own environment never sees it."""
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (folder / "ready").touch()
    return python


def _keywords(url: str) -> str:
    """A libpq keyword string, as the peer's script wants it."""
    parts = urlsplit(url)
    words = {"host": parse_qs(parts.query)["host"][0], "user": parts.username or "postgres"}
    words |= {"dbname": parts.path.lstrip("/"), "port": str(parts.port or 5432)}
    return " ".join(f"{name}={value}" for name, value in words.items())
