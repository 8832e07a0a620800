"""The banks' own files: every statement's figures and verdict, as they were found by others."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

from lxml import etree

from integrations.bank.judge import judge_file


def test_the_mt940_statements_foot_or_not_as_expected(shared_data: Path) -> None:
    folder = shared_data / "bank"
    expected = json.loads((folder / "mt940_per_statement.json").read_text())
    verdicts: Counter[bool] = Counter()
    for name, statements in expected.items():
        told = [one for one in judge_file(folder / "mt940" / name).statements if one.difference is not None]
        verdicts.update(one.verdict == "foots" for one in told)
        assert [(one.opening, one.moved, one.closing, one.difference, len(one.lines), one.verdict) for one in told] == [
            (
                *(Decimal(one[name]) for name in ("open", "sum", "close", "diff")),
                one["lines61"],
                "foots" if one["foots"] else "does_not_foot",
            )
            for one in statements
        ], name
    assert (len(expected), verdicts) == (54, {True: 111, False: 17})


def test_the_camt_statements_read_as_expected(shared_data: Path) -> None:
    folder = shared_data / "bank"
    expected = json.loads((folder / "camt_reference.json").read_text())
    for name, one in expected.items():
        told = judge_file(folder / "camt" / name).statements
        lines = [line for statement in told for line in statement.lines]
        assert (len(told), len(lines)) == (one["stmts"], one["entries"]), name
        assert sum((line.moved for line in lines), Decimal(0)) == Decimal(one["signed_sum"]), name
        signed = [(kind, Decimal(amount) * (1 if side == "CRDT" else -1)) for kind, amount, side in one["balances"]]
        for kind, found in (("OPBD", [s.opening for s in told]), ("CLBD", [s.closing for s in told])):
            stated = [amount for found_kind, amount in signed if found_kind == kind]
            assert [amount for amount in found if amount is not None] == stated, name
    assert len(expected) == 26


def test_what_is_read_is_what_the_schema_allows(shared_data: Path) -> None:
    """The file that its schema refuses is refused, and every other is valid and read."""
    folder = shared_data / "bank" / "camt"
    for path in sorted(folder.glob("*.xml")):
        document = etree.parse(path)
        namespace = etree.QName(document.getroot()).namespace or ""
        schema = etree.XMLSchema(etree.parse(folder / f"{namespace.rpartition(':')[2]}.xsd"))
        judged = judge_file(path)
        is_read = judged.error is None and all(told.problem is None for told in judged.statements)
        assert schema.validate(document) == is_read, path.name


def test_the_entries_are_those_of_another_reader(shared_data: Path) -> None:
    """Amounts in minor units, currencies and value dates, as the JSON beside each file has them."""
    folder = shared_data / "bank" / "camt"
    compared = 0
    for path in sorted(folder.glob("*.json")):
        entries = json.loads(path.read_text())["getEntries"]
        if not isinstance(entries, list):
            continue
        ours = judge_file(path.with_suffix(".xml")).statements[-1].lines  # that reader keeps the last statement's
        assert len(ours) == len(entries), path.name
        for line, entry in zip(ours, entries, strict=True):
            assert int(line.moved * 100) == int(entry["getAmount"]["getAmount"]), path.name
            value_date = entry["getValueDate"]
            if isinstance(value_date, dict):
                assert line.value_on is not None and value_date["0"].startswith(line.value_on.isoformat()), path.name
            compared += 1
    assert compared > 0
