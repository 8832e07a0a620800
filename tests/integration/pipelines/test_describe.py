"""The documentation of the warehouse: one page, whole in itself, served on loopback and nowhere else."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import duckdb
import pytest

from apps.cli import documenting
from pipelines.describe import describe
from pipelines.transform import PROJECT
from tests.integration.apps.conftest import run_word


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    with duckdb.connect(str(folder / "ten_any.duckdb")) as published:
        published.execute("CREATE TABLE fct_payment (tenant_id VARCHAR, amount_paise BIGINT)")
        published.execute("INSERT INTO fct_payment VALUES ('ten_any', 4711)")
    return describe(folder / "work", folder, folder / "ten_any.duckdb")


def test_the_page_holds_every_model_and_the_types_of_its_columns(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for model in PROJECT.rglob("models/**/*.sql"):
        assert f'"model.mymedic.{model.stem}"' in text, model.stem
    catalog = json.loads((page.parent / "work" / "target" / "catalog.json").read_text())
    columns = catalog["nodes"]["model.mymedic.fct_payment"]["columns"]
    assert {name: column["type"] for name, column in columns.items()} == {
        "tenant_id": "VARCHAR",
        "amount_paise": "BIGINT",
    }


def test_the_page_needs_no_network_and_names_no_folder(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']?(?:https?:)?//", text)
    assert '"send_anonymous_usage_stats": false' in text
    assert str(PROJECT) not in text and str(page.parent) not in text
    assert "4711" not in (page.parent / "work" / "target" / "catalog.json").read_text()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "index.html").write_text("<h1>warehouse</h1>", encoding="utf-8")
    (tmp_path / "secret").write_text("not for the web", encoding="utf-8")
    with documenting.server_of(tmp_path / "index.html", 0) as server:
        assert server.server_address[0] == "127.0.0.1"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_one_page_is_served_and_nothing_beside_it(served: str) -> None:
    with urllib.request.urlopen(f"{served}/") as answer:
        assert answer.read() == b"<h1>warehouse</h1>"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for path in ("/secret", "/../secret", "/index.html/manifest.json"):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(served + path)
        assert error.value.code == 404


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """`describe` without dbt; keeps what it was asked for."""
    asked: list[Path | None] = []

    def describe(work_dir: Path, folder: Path, published: Path | None) -> Path:
        asked.append(published)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text("page", encoding="utf-8")
        return folder / "index.html"

    monkeypatch.setattr(documenting, "describe", describe)
    return asked


def test_the_word_writes_the_page_and_stops_at_ctrl_c(
    quick: list[Path | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ("--home", str(tmp_path))
    said = run_word(monkeypatch, capsys, "docs", "--no-serve", *home)
    assert (said.code, quick) == (0, [None]) and "index.html" in said.out

    def interrupted(server: ThreadingHTTPServer) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ThreadingHTTPServer, "serve_forever", interrupted)
    said = run_word(monkeypatch, capsys, "docs", "--port", "0", *home)
    assert said.code == 0 and "http://127.0.0.1:" in said.out and "stopped" in said.out


def test_what_cannot_be_served_says_so(
    quick: list[Path | None],
    served: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    taken = served.rpartition(":")[2]
    said = run_word(monkeypatch, capsys, "docs", "--port", taken, "--home", str(tmp_path))
    assert said.code == 2 and "another --port" in said.err
    said = run_word(monkeypatch, capsys, "docs", "--tenant", "ten_nobody", "--home", str(tmp_path))
    assert said.code == 2 and "NOT_FOUND" in said.err
