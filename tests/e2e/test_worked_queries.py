"""Every query of the how-to pages runs on the demo as it stands there, and says something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exports.warehouse import opened
from tests.worlds import World

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
CHAIN = "ten_chain"
_SECTION = r"^## (.+?)$(.*?)(?=^## |\Z)"
QUERIES = {
    f"{path.stem}: {title}": query
    for path in sorted(HOW_TO.glob("**/*.md"))
    for title, text in re.findall(
        r"^## (.+?)$(.*?)(?=^## |\Z)", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    for query in re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
}


def test_there_is_a_query_for_each_business_question() -> None:
    assert len([name for name in QUERIES if name.startswith("answer-business-questions")]) == 10


@pytest.mark.parametrize("name", QUERIES)
def test_demo_answers(demo_world: World, name: str) -> None:
    with opened(demo_world.warehouse(CHAIN, "settled")) as connection:
        for statement in QUERIES[name].split(";"):
            if statement.strip():
                assert connection.execute(statement).fetchall(), name
