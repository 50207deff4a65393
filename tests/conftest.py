"""Fixtures that more than one test file asks for."""

import os
from pathlib import Path

import pytest

from effaug.datasets import data_folder

ARCHIVES = ("mnist.npz", "cifar10.npz", "smallnorb.npz")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real images, ``EFFAUG_DATA``. Without them a test is skipped; under ``CI`` it fails."""
    folder = data_folder()
    missing = [name for name in ARCHIVES if not (folder / name).is_file()]
    if missing:
        reason = f"no {', '.join(missing)} in {folder}: point EFFAUG_DATA to a folder that holds them"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """A folder of this test's own, as ``EFFAUG_CACHE``."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("EFFAUG_CACHE", str(folder))
    return folder
