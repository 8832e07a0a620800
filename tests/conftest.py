"""What tests in every folder may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mymedic.settings import Settings
from tests.databases import running_postgres
from tests.parsed_project import parse_for_all, take_what_was_parsed
from tests.provoked import SEEN, is_by_luck, is_whole, watch, watch_problems
from tests.scheduling import SharedWorlds
from tests.worlds import World, make_world


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedWorlds | None:
    return SharedWorlds(config, log) if config.option.dist == "loadscope" else None


def pytest_configure(config: pytest.Config) -> None:
    watch()
    parse_for_all(config)


def pytest_collection_finish(session: pytest.Session) -> None:
    watch_problems()
    if hasattr(session.config, "workerinput"):
        take_what_was_parsed()


def pytest_runtest_setup(item: pytest.Item) -> None:
    SEEN.is_by_luck = is_by_luck(item)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker hands in what it has seen."""
    handed = getattr(node, "workeroutput", {}).get("seen")
    if handed is not None:
        SEEN.take(handed)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A whole run fails when something was seen in no test, or was seen and is not in the reference."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["seen"] = SEEN.handed_over()
    elif exitstatus == 0 and is_whole(session.config) and SEEN.missing():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    if is_whole(config) and not config.option.collectonly:
        for what, names in SEEN.missing().items():
            terminalreporter.write_line(f"{what}: {', '.join(names)}", red=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real sample files that nobody in this project wrote."""
    folder = Settings().data
    if folder is None:
        pytest.skip("MYMEDIC_DATA is not set: the real sample files are not at hand")
    if not folder.is_dir():
        pytest.skip(f"MYMEDIC_DATA names {folder}, which is no folder")
    return folder.resolve()


@pytest.fixture(scope="session")
def tiny_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The profile `tiny` with every fault switched on."""
    return make_world("tiny", tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def demo_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The profile `demo` with every fault switched on."""
    return make_world("demo", tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URI of a PostgreSQL that lives as long as the test run."""
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server.get_uri()
