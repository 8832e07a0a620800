"""No asset, job, schedule or sensor comes or goes unseen."""

from __future__ import annotations

from tests.architecture.asset_graph import SNAPSHOT, asset_graph

# Together with the tests of the line: one process parses the project for all of them.


def test_the_asset_graph_is_the_one_that_was_written_down() -> None:
    assert asset_graph() == SNAPSHOT.read_text(), "run `python -m tests.architecture.asset_graph` if this is meant"
