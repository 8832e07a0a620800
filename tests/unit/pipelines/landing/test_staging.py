from __future__ import annotations

from pipelines.landing.schema import tables
from pipelines.landing.staging import RETENTION_CLASSES, STAGING, files, retention_classes

RUN = "python -m pipelines.landing.staging"


def test_the_staging_layer_is_what_the_catalogue_says() -> None:
    wanted = files(tables().values())
    stored = {path.name: path.read_text(encoding="utf-8") for path in STAGING.iterdir()}
    assert sorted(stored) == sorted(wanted), f"run `{RUN}`"
    stale = [name for name in wanted if stored[name] != wanted[name]]
    assert not stale, f"run `{RUN}`"


def test_a_model_lists_its_columns_event_type_first() -> None:
    model = files(tables().values())["stg_payment.sql"].splitlines()
    assert model[2] == "    event_type,"
    assert "    substr(stream_id, 9) as aggregate_id," in model
    assert model[-2:] == [
        "from {{ landing(source('landing', 'payment')) }}",
        "where {{ is_known('recorded_at') }}",
    ]
    assert not any("*" in line for line in model)


def test_no_staging_file_passes_the_stop() -> None:
    assert all(text.count("\n") <= 150 for name, text in files(tables().values()).items() if name.endswith(".sql"))


def test_the_retention_classes_are_those_of_the_catalogue() -> None:
    assert RETENTION_CLASSES.read_text(encoding="utf-8") == retention_classes(), f"run `{RUN}`"
    assert "InvoiceIssued,medico_legal\n" in retention_classes()
