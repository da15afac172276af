"""What the MLflow run of a model holds besides its figures: datasets, boosters, card, drawings."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from realty_assets.modeling.boosters import START_COLUMN
from realty_assets.modeling.model import Valuer
from realty_assets.modeling.model_card import CARD, FACTS
from realty_assets.modeling.model_figures import write_figures
from realty_assets.modeling.model_record import ModelRecord

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput
    from mlflow.tracking import MlflowClient

BOOSTERS, FIGURES = "xgboost", "figures"
DIGEST_LENGTH = 36  # as much as MLflow's column holds


def log_record(
    client: MlflowClient, run_id: str, folder: Path, valuer: Valuer, record: ModelRecord
) -> None:
    """Logs the record of `valuer`, saved in `folder` with its card, to a run.

    Datasets go in by hash: no row of theirs is copied. Boosters go in as XGBoost wrote them
    (`xgboost.Booster().load_model` reads them back), with the names of what each is fed.
    """
    client.log_inputs(run_id, datasets_of(record))
    fed = []
    for number, member in enumerate(valuer.point.members):
        file = f"member_{number}.ubj"
        client.log_artifact(run_id, str(folder / file), BOOSTERS)
        own = [] if member.comps_as == "offset" else [START_COLUMN]
        offset = START_COLUMN if member.comps_as == "offset" else None
        fed.append({"file": file, "inputs": [*valuer.point.names, *own], "base_margin": offset})
    client.log_dict(run_id, {"members": fed}, f"{BOOSTERS}/features.json")
    for name in (CARD, FACTS):
        client.log_artifact(run_id, str(folder / name))
    with tempfile.TemporaryDirectory() as beside:
        write_figures(Path(beside), record, valuer)
        client.log_artifacts(run_id, beside, FIGURES)


def datasets_of(record: ModelRecord) -> list[DatasetInput]:
    """The rows that the model was made from, as MLflow names them."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    return [
        DatasetInput(
            Dataset(
                name=data.name,
                digest=data.digest[:DIGEST_LENGTH],
                source_type="warehouse",
                source=json.dumps(
                    {
                        "table": data.table,
                        "content_hash": data.digest,
                        "data_hash": record.facts["hashes"]["data_hash"],
                        "cutoff": record.facts["model"]["cutoff"],
                    }
                ),
                schema=json.dumps(
                    {"mlflow_colspec": [{"name": n, "type": kind} for n, kind in data.columns]}
                ),
                profile=json.dumps({"num_rows": data.n_rows, "schema_sha256": data.schema_hash}),
            ),
            [InputTag("mlflow.data.context", data.context)],
        )
        for data in record.datasets
    ]
