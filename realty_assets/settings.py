"""Every knob, with its unit, its default and its environment variable.

Pure modules never read settings: the Dagster faces and the CLI do, and pass plain values on.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from realty_assets.errors import RealtyError

REPO_ROOT = Path(__file__).resolve().parent.parent


class SettingsError(RealtyError):
    """An environment variable holds a value that cannot be used."""


class Settings(BaseModel):
    """What a home runs with. Field `x` is read from the variable `REALTY_X`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(REPO_ROOT / "data", description="Folder that holds all state of one market.")
    as_of: date | None = Field(
        None, description="Today. Unset: the day after the latest known_at in staging."
    )
    seed: int = Field(7, ge=0, description="Seed of every random choice.")
    quarantine_max_share: float = Field(
        0.2, ge=0, le=1, description="Share of a file's rows above which the whole file is refused."
    )
    lock_timeout_s: float = Field(
        30.0, ge=0, description="Seconds to wait for another process to let go of the warehouse."
    )
    profile: Literal["fast", "full"] = Field(
        "full", description="How much work modelling may do: 'fast' for samples and tests."
    )
    backtest_months: int = Field(
        3, ge=1, description="Months at the end of the data that `run all` backtests."
    )
    n_threads: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, description="Threads for training."
    )
    inbox_quiet_s: float = Field(
        2.0, ge=0, description="Seconds a file must not have changed before the sensor takes it."
    )
    photo_max_pixels: int = Field(
        100_000_000, ge=1, description="Pixels above which a photo is not decoded."
    )
    photo_near_distance: int = Field(
        8,
        ge=0,
        le=64,
        description="Bits of 64 by which hashes of near-duplicate photos may differ.",
    )
    photo_stock_listings: int = Field(
        5, ge=2, description="Listings that one picture stands under to be a stock photo."
    )

    photo_backbone: str = Field(
        "tf_efficientnet_lite0",
        min_length=1,
        description="timm model that looks at photos; 'none': they are not looked at.",
    )
    photo_weights: Path | None = Field(
        None, description="File of its weights. Unset: those of the package, or timm's pretrained."
    )
    photo_weights_sha256: str | None = Field(
        None, pattern=r"^[0-9a-fA-F]{64}$", description="What the file of weights must hold."
    )

    @property
    def warehouse_path(self) -> Path:
        return self.home / "warehouse.duckdb"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from a mapping of environment variables.

    Raises SettingsError naming the variable, its value and what was expected.
    """
    given: dict[str, Any] = {
        field: environ[f"REALTY_{field.upper()}"]
        for field in Settings.model_fields
        if environ.get(f"REALTY_{field.upper()}")
    }
    if "home" in given:
        try:
            given["home"] = Path(given["home"]).expanduser().resolve()
        except RuntimeError as error:
            raise SettingsError(f"REALTY_HOME={given['home']!r} cannot be used: {error}") from error
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = f"REALTY_{str(first['loc'][0]).upper()}"
        raise SettingsError(
            f"{name}={environ.get(name)!r} cannot be used: {first['msg'].lower()}"
        ) from error


def get_settings() -> Settings:
    """Settings of this process, read from the environment at each call."""
    return read_settings(os.environ)
