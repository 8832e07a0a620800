"""A published warehouse is read by many at once, and swapped while they read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from exports import warehouse
from exports.warehouse import opened
from mymedic.errors import Refused


def published(path: Path, number: int) -> Path:
    new = path.with_suffix(".new")
    with duckdb.connect(str(new)) as connection:
        connection.execute("CREATE TABLE build_info AS SELECT ? AS number", (number,))
    new.replace(path)
    return path


def number_in(connection: duckdb.DuckDBPyConnection) -> int:
    ((number,),) = connection.execute("SELECT number FROM build_info").fetchall()
    return int(number)


def test_many_read_it_at_once_and_none_can_leave_the_sandbox(tmp_path: Path) -> None:
    path = published(tmp_path / "ten_a.duckdb", 1)
    with opened(path) as one, opened(path) as another:
        assert number_in(one) == number_in(another) == 1
        for wrong in ("SET enable_external_access = true", "SET TimeZone = 'Asia/Kolkata'", "DROP TABLE build_info"):
            with pytest.raises(duckdb.Error):
                another.execute(wrong)
        assert another.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]


class Noted(threading.Condition):
    """Tells when somebody has to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = threading.Event()

    def wait_for(self, predicate: Callable[[], object], timeout: float | None = None) -> object:
        if not predicate():
            self.waits.set()
        return super().wait_for(predicate, timeout)


def test_what_was_published_meanwhile_is_read_by_whoever_comes_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "_changed", changed := Noted())
    path = published(tmp_path / "ten_a.duckdb", 1)

    def read() -> int:
        with opened(path) as connection:
            return number_in(connection)

    with ThreadPoolExecutor(1) as pool:
        with opened(path) as old:
            published(path, 2)
            later = pool.submit(read)
            assert changed.waits.wait(30), "it would have read the old file"
            assert number_in(old) == 1
        assert later.result(30) == 2
    with pytest.raises(Refused, match="NOT_FOUND"), opened(tmp_path / "ten_b.duckdb"):
        pass
