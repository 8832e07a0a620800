"""What tests in every folder may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from mymedic.settings import Settings


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real sample files that nobody in this project wrote."""
    folder = Settings().data
    if folder is None:
        pytest.skip("MYMEDIC_DATA is not set: the real sample files are not at hand")
    if not folder.is_dir():
        pytest.skip(f"MYMEDIC_DATA names {folder}, which is no folder")
    return folder.resolve()
