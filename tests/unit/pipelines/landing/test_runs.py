"""Runs that are killed, files that are damaged, logs that change: the next run puts the landing right."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from mymedic.errors import Refused
from pipelines.landing import folder as folders
from pipelines.landing import segments
from pipelines.landing.write import check_landing, land
from tests.unit.pipelines.landing.any_events import TENANT, ListFeed, patient_key
from tests.unit.pipelines.landing.test_contents import a_row


def feed(length: int) -> ListFeed:
    """Allocations and, every third, a patient: two aggregates that grow at different paces."""
    rows = []
    for seq in range(1, length + 1):
        same = {"seq": seq, "event_id": f"evt_{seq}", "stream_version": seq}
        if seq % 3:
            rows.append(a_row(**same))
        else:
            payload = '{"notice_version":"1","given_by_role":"patient","purpose":"care"}'
            rows.append(a_row(**same, event_type="ConsentRecorded", stream_id="patient-pat_1", payload=payload))
    return ListFeed(rows)


def landed_seqs(landing_dir: Path, table: str = "payment") -> list[int]:
    """What a reader sees, who knows nothing but the glob."""
    files = f"{landing_dir}/{TENANT}/{table}/*.parquet"
    return [seq for (seq,) in duckdb.execute(f"select seq from read_parquet('{files}')").fetchall()]


def assert_whole(landing_dir: Path, length: int) -> None:
    assert check_landing(landing_dir, TENANT, deep=True) == length
    assert sorted(landed_seqs(landing_dir)) == [seq for seq in range(1, length + 1) if seq % 3]
    assert sorted(landed_seqs(landing_dir, "patient")) == [seq for seq in range(1, length + 1) if not seq % 3]
    assert not list(landing_dir.glob("**/*.tmp"))
    assert sorted(path.name for path in landing_dir.iterdir()) == [f".lock-{TENANT}", TENANT]


def names(landing_dir: Path, table: str) -> list[str]:
    return sorted(path.name for path in (landing_dir / TENANT / table).iterdir())


def test_segments_follow_one_another_by_name(tmp_path: Path) -> None:
    for length in (2, 5, 5, 7):
        land(feed(length), TENANT, tmp_path, patient_key)
    assert names(tmp_path, "payment") == [
        "000000000001-000000000002.parquet",
        "000000000003-000000000005.parquet",
        "000000000006-000000000007.parquet",
    ]
    # The patient's came with the second run, and its name says that the first had none for it.
    assert names(tmp_path, "patient") == [
        "000000000000-000000000000.parquet",
        "000000000001-000000000005.parquet",
        "000000000006-000000000007.parquet",
    ]
    assert_whole(tmp_path, 7)


def test_a_tenant_without_events_has_typed_files(tmp_path: Path) -> None:
    report = land(ListFeed([]), TENANT, tmp_path, patient_key)
    assert (report.landed_to, report.rows) == (0, {})
    assert landed_seqs(tmp_path) == []
    assert check_landing(tmp_path, TENANT) == 0


class Killed(BaseException):
    """The process ends here."""


def dying_after(calls: int, really: Callable[..., None]) -> Callable[..., None]:
    left = iter(range(calls))

    def dying(*arguments: object) -> None:
        if next(left, None) is None:
            raise Killed
        really(*arguments)

    return dying


@pytest.fixture(scope="module")
def four_landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    landing_dir = tmp_path_factory.mktemp("four_landed")
    land(feed(4), TENANT, landing_dir, patient_key)
    return landing_dir


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("calls", range(6))
@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_a_kill_between_any_two_writes_heals(
    tmp_path: Path, four_landed: Path, monkeypatch: pytest.MonkeyPatch, step: str, calls: int, full: bool
) -> None:
    shutil.copytree(four_landed, tmp_path, dirs_exist_ok=True)
    with monkeypatch.context() as patched:
        patched.setattr(os, step, dying_after(calls, getattr(os, step)))
        try:
            land(feed(9), TENANT, tmp_path, patient_key, full=full)
        except Killed:
            # Either the run before or this one counts, nothing between.
            assert not (tmp_path / TENANT).exists() or check_landing(tmp_path, TENANT) in (4, 9)
    report = land(feed(11), TENANT, tmp_path, patient_key)
    assert report.relanded is None
    assert_whole(tmp_path, 11)


def test_a_kill_of_the_first_run_leaves_nothing_that_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", dying_after(7, os.replace))
        with pytest.raises(Killed):
            land(feed(4), TENANT, tmp_path, patient_key)
    assert check_landing(tmp_path, TENANT) == 0
    land(feed(4), TENANT, tmp_path, patient_key)
    assert_whole(tmp_path, 4)


MANY = segments.MANY + 1  # segments, one more than are left alone


@pytest.fixture(scope="module")
def many_landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    landing_dir = tmp_path_factory.mktemp("many_landed")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(segments, "MANY", MANY)
        for length in range(3, 3 * MANY + 1, 3):
            land(feed(length), TENANT, landing_dir, patient_key)
    return landing_dir


@pytest.mark.parametrize("calls", range(8))
def test_a_kill_in_a_compaction_heals(
    tmp_path: Path, many_landed: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    shutil.copytree(many_landed, tmp_path, dirs_exist_ok=True)
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", dying_after(calls, os.replace))
        try:
            land(feed(3 * MANY + 3), TENANT, tmp_path, patient_key)
        except Killed:
            assert check_landing(tmp_path, TENANT) in (3 * MANY, 3 * MANY + 3)
    land(feed(3 * MANY + 4), TENANT, tmp_path, patient_key)
    assert_whole(tmp_path, 3 * MANY + 4)


def test_many_segments_become_few(tmp_path: Path) -> None:
    merged = 0
    for length in range(2, 102, 2):
        report = land(feed(length), TENANT, tmp_path, patient_key)
        merged += "payment" in report.compacted
        assert len(names(tmp_path, "payment")) <= segments.MANY + 1
    assert merged in range(2, 10)
    assert_whole(tmp_path, 100)
    assert landed_seqs(tmp_path) == sorted(landed_seqs(tmp_path))


def test_compaction_leaves_a_large_old_segment_alone(tmp_path: Path) -> None:
    land(feed(400), TENANT, tmp_path, patient_key)
    for length in range(401, 425):
        land(feed(length), TENANT, tmp_path, patient_key)
    assert names(tmp_path, "payment")[0] == "000000000001-000000000400.parquet"
    assert_whole(tmp_path, 424)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def rewrite(path: Path) -> None:
    """Whole, of the right size on disk no more: one row less."""
    pq.write_table(pq.read_table(path).slice(1), path)


def scribble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-40:-8] = b"x" * 32
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [cut, rewrite, scribble, Path.unlink])
def test_a_damaged_segment_is_found_and_the_tenant_landed_again(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    land(feed(3), TENANT, tmp_path, patient_key)
    land(feed(6), TENANT, tmp_path, patient_key)
    damage(tmp_path / TENANT / "payment" / names(tmp_path, "payment")[0])
    with pytest.raises(Refused) as refused:
        check_landing(tmp_path, TENANT)
    assert refused.value.code == "LANDING_CORRUPT"
    report = land(feed(7), TENANT, tmp_path, patient_key)
    assert report.relanded is not None and "LANDING_CORRUPT" in report.relanded
    assert report.after_seq == 0
    assert_whole(tmp_path, 7)


def test_a_changed_bit_inside_a_page_is_found_by_the_deep_check(tmp_path: Path) -> None:
    land(feed(3), TENANT, tmp_path, patient_key)
    path = tmp_path / TENANT / "payment" / names(tmp_path, "payment")[0]
    content = bytearray(path.read_bytes())
    column = pq.ParquetFile(path).metadata.row_group(0).column(2)
    content[column.dictionary_page_offset + column.total_compressed_size - 1] ^= 1
    path.write_bytes(content)
    assert check_landing(tmp_path, TENANT) == 3
    with pytest.raises(Refused, match="LANDING_CORRUPT"):
        check_landing(tmp_path, TENANT, deep=True)


def test_a_missing_link_is_found(tmp_path: Path) -> None:
    for length in (3, 6, 9):
        land(feed(length), TENANT, tmp_path, patient_key)
    landed = folders.read_landed(tmp_path / TENANT)
    assert landed is not None
    first, _, third = landed.segments["payment"]
    holed = folders.Landed(9, landed.last_event_id, landed.fingerprint, {"payment": (first, third)})
    folders.commit(tmp_path / TENANT, holed)
    with pytest.raises(Refused, match="does not follow seq 3"):
        check_landing(tmp_path, TENANT)


def test_an_unreadable_marker_is_found(tmp_path: Path) -> None:
    land(feed(3), TENANT, tmp_path, patient_key)
    (tmp_path / TENANT / "landed.json").write_text("{")
    assert "LANDING_CORRUPT" in (land(feed(3), TENANT, tmp_path, patient_key).relanded or "")
    assert_whole(tmp_path, 3)


@pytest.mark.parametrize("length", [2, 5])
def test_a_log_that_was_put_back_and_grew_otherwise_is_landed_again(tmp_path: Path, length: int) -> None:
    land(feed(4), TENANT, tmp_path, patient_key)
    other = ListFeed([a_row(seq=seq, event_id=f"evt_other_{seq}") for seq in range(1, length + 1)])
    report = land(other, TENANT, tmp_path, patient_key)
    assert report.relanded == "the log has another event at seq 4"
    assert landed_seqs(tmp_path) == list(range(1, length + 1))


def test_new_event_classes_land_again_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    land(feed(4), TENANT, tmp_path, patient_key)
    for module in ("pipelines.landing.folder", "pipelines.landing.write"):
        monkeypatch.setattr(f"{module}.fingerprint", lambda: "another")
    report = land(feed(5), TENANT, tmp_path, patient_key)
    assert (report.relanded, report.after_seq) == ("the event classes have changed", 0)
    assert land(feed(6), TENANT, tmp_path, patient_key).after_seq == 5
    assert_whole(tmp_path, 6)


def test_full_lands_under_new_pseudonyms(tmp_path: Path) -> None:
    land(feed(6), TENANT, tmp_path, patient_key)
    report = land(feed(6), TENANT, tmp_path, lambda patient_id: "new", full=True)
    assert (report.relanded, report.after_seq, report.landed_to) == ("asked for", 0, 6)
    streams = {row["stream_id"] for row in pq.read_table(tmp_path / TENANT / "patient").to_pylist()}
    assert streams == {"patient-new"}
    assert_whole(tmp_path, 6)


def test_an_error_of_the_feed_leaves_the_landing_as_it_was(tmp_path: Path) -> None:
    land(feed(4), TENANT, tmp_path, patient_key)
    broken = feed(9)
    broken.rows[7] = a_row(seq=8, event_type="Unknown")
    with pytest.raises(Refused, match="SCHEMA_VERSION_UNKNOWN"):
        land(broken, TENANT, tmp_path, patient_key)
    assert check_landing(tmp_path, TENANT) == 4
    land(feed(9), TENANT, tmp_path, patient_key)
    assert_whole(tmp_path, 9)


def test_one_landing_of_a_tenant_at_a_time(tmp_path: Path) -> None:
    with folders.locked(tmp_path, TENANT), pytest.raises(Refused) as refused:
        land(feed(1), TENANT, tmp_path, patient_key)
    assert refused.value.code == "STORE_LOCKED"


def test_a_tenant_id_names_a_folder_and_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="VALIDATION_FAILED"):
        land(feed(1), "ten_../../etc", tmp_path, patient_key)
