"""A mapping is read exactly, or refused with what is wrong and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.history.mapping import load_mapping
from mymedic.errors import Refused

GOOD = """
source_system = "old-his"
[tenant]
id = "ten_old"
name = "Old"
kind = "chain"
state_code = "KA"
[times]
zone = "Asia/Kolkata"
[columns]
external_ref = "id"
patient_ref = "patient"
branch_ref = "branch"
outcome = "status"
start_at = "starts"
[outcomes]
came = "fulfilled"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_mapping_is_read(tmp_path: Path) -> None:
    mapping = load_mapping(written(tmp_path, GOOD))
    assert mapping.required_columns == ["id", "patient", "branch", "status", "starts"]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('kind = "chain"', 'kind = "circus"', "tenant.kind"),
        ('zone = "Asia/Kolkata"', 'zone = "Mars/Olympus"', "times.zone"),
        ('source_system = "old-his"', 'source_system = "old-his"\nencoding = "klingon"', "encoding"),
        ('source_system = "old-his"', 'source_system = "old-his"\nencoding = "zlib"', "encoding"),
        ('start_at = "starts"', "", "columns.start_on"),
        ('start_at = "starts"', 'start_at = "starts"\nstart_on = "day"', "columns.start_on"),
        ('came = "fulfilled"', 'came = "vanished"', "outcomes[...]"),
        ('came = "fulfilled"', "", "outcomes"),
        ('patient_ref = "patient"', "", "columns"),
        ('outcome = "status"', 'outcome = "status"\ncolour = "c"', "columns"),
    ],
)
def test_a_bad_mapping_says_where(tmp_path: Path, old: str, new: str, field: str) -> None:
    with pytest.raises(Refused) as refusal:
        load_mapping(written(tmp_path, GOOD.replace(old, new)))
    assert refusal.value.code == "MAPPING_INVALID"
    assert refusal.value.details["field"] == field


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    for path in (written(tmp_path, "= nonsense"), tmp_path / "absent.toml"):
        with pytest.raises(Refused) as refusal:
            load_mapping(path)
        assert refusal.value.code == "MAPPING_INVALID"
