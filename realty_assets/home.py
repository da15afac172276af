"""The folder that holds one market, and the environment that its tools run in."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from realty_assets.errors import RealtyError
from realty_assets.settings import REPO_ROOT

FOLDERS = ("inbox", "dagster", "reports", "models", "mlflow", "sources")
# Nothing leaves the machine. MLflow wants the very word "true".
QUIET = {
    "DO_NOT_TRACK": "true",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "SCARF_NO_ANALYTICS": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MARIMO_SKIP_UPDATE_CHECK": "1",
}


class HomeError(RealtyError):
    """The home folder cannot be used."""


def prepare_home(home: Path) -> None:
    """Makes the folders of a home and points Dagster and its children at it.

    Raises HomeError when the folder cannot be written.
    """
    try:
        for folder in FOLDERS:
            (home / folder).mkdir(parents=True, exist_ok=True)
        place_dagster_yaml(home)
    except OSError as error:
        raise HomeError(
            f"The home {home} cannot be written ({error.strerror}): choose another folder with "
            "REALTY_HOME, or mend its permissions."
        ) from error
    os.environ.update(QUIET)
    os.environ["REALTY_HOME"] = str(home)
    os.environ["DAGSTER_HOME"] = str(home / "dagster")


def place_dagster_yaml(home: Path) -> None:
    """Puts the top-level dagster.yaml into the home's dagster folder, unless it is there as is."""
    source, target = REPO_ROOT / "dagster.yaml", home / "dagster" / "dagster.yaml"
    if target.exists() and target.read_bytes() == source.read_bytes():
        return
    beside = target.with_suffix(f".{os.getpid()}.tmp")
    shutil.copyfile(source, beside)
    beside.replace(target)
