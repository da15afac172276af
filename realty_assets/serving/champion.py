"""The model that speaks for a home, loaded from its folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from realty_assets.errors import RealtyError
from realty_assets.features.tracks import OFF_MARKET
from realty_assets.modeling.mlflow_registry import registered_name
from realty_assets.modeling.model import ModelBroken, Valuer, load_valuer
from realty_assets.modeling.settings import ModelSettings
from realty_assets.promotion.ledger import demoted
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse


class NoChampion(RealtyError):
    """No model may speak for this home yet."""


@dataclass(frozen=True)
class SteppedDown:
    """The champion that a person took down, and nobody has followed yet; `at` in UTC."""

    model_version: str
    by: str
    at: datetime
    reason: str

    @property
    def sentence(self) -> str:
        reason = self.reason.rstrip(".")
        return f"{self.model_version} was taken down on {self.at:%Y-%m-%d} by {self.by}: {reason}."


def stepped_down(warehouse: Warehouse, track: str) -> SteppedDown | None:
    """Who spoke for `track` until a person took it down; None where a champion speaks, or none ever
    did."""
    if track in champion_tracks(warehouse) or not warehouse.exists("promotion.decisions"):
        return None
    row = demoted(registered_name(track), warehouse.read("promotion.decisions"))
    if row is None:
        return None
    return SteppedDown(row["model_version"], row["decided_by"], row["decided_at"], row["reason"])


def champion(warehouse: Warehouse, track: str = OFF_MARKET) -> Valuer:
    """The champion of a track.

    Raises NoChampion, saying what is missing: a model, a champion among the models, or its folder.
    """
    if not (warehouse.exists("promotion.aliases") and warehouse.exists("modeling.models")):
        raise NoChampion(_no_model(warehouse))
    found = warehouse.read(sql("serving/champion.sql").bind(track=track))
    if found.is_empty():
        if down := stepped_down(warehouse, track):
            raise NoChampion(
                f"No model speaks for the track '{track}': {down.sentence} `realty rollback` "
                "brings it back, `realty promote` another."
            )
        others = champion_tracks(warehouse)
        if others:
            raise NoChampion(
                f"No model may speak for the track '{track}' yet; there is a champion for "
                f"{' and '.join(others)}. `realty status` says why."
            )
        latest = warehouse.read(sql("serving/latest_decision.sql"))
        why = f" {latest['reason'][0]}" if len(latest) else ""
        raise NoChampion(
            f"No model has met its floors yet.{why} There are {_n_sales(warehouse):,} valid closed "
            "sales; `realty status` shows the decisions."
        )
    version, artifact = found.select("model_version", "artifact").row(0)
    if artifact is None:
        raise NoChampion(
            f"The champion {version} is not among the models of this home: `realty run all` trains "
            "and judges one anew."
        )
    try:
        return load_valuer(warehouse.home / artifact)
    except ModelBroken as error:
        raise NoChampion(
            f"The champion {version} cannot be loaded: {error} Restore the folder from a backup."
        ) from error


def champion_tracks(warehouse: Warehouse) -> list[str]:
    """The tracks for which a champion speaks."""
    if not (warehouse.exists("promotion.aliases") and warehouse.exists("modeling.models")):
        return []
    return warehouse.read(sql("serving/champion_tracks.sql"))["track"].to_list()


def _no_model(warehouse: Warehouse) -> str:
    settings = ModelSettings()
    needed = settings.min_sales + settings.min_calibration_sales
    have = _n_sales(warehouse)
    begin = (
        f"No model has been trained yet: about {needed} valid closed sales are needed, "
        f"{have:,} {'is' if have == 1 else 'are'} there; "
    )
    if have < needed:
        return begin + "ingest more history, then `realty run all`."
    return begin + "`realty run all` trains one."


def _n_sales(warehouse: Warehouse) -> int:
    """Closed sales that a model may learn from."""
    if not warehouse.exists("clean.sales"):
        return 0
    return int(warehouse.read(sql("serving/n_valid_sales.sql"))["n"][0])
