"""MLflow's record of a model: a run, and one registered version per content hash.

SQLite below the home, nothing else. Registering is idempotent: a version is found again by its tag,
so a run that was killed leaves no second version behind when it is run again. The version is made
before its run ends: a run that has ended has one, and a run that was killed is marked so.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from realty_assets.features.tracks import ON_MARKET
from realty_assets.modeling.mlflow_run import log_record
from realty_assets.modeling.model import MANIFEST, Valuer
from realty_assets.modeling.model_record import ModelRecord

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

EXPERIMENT = "realty"
QUIET = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Migrations tell of themselves on stderr, in the middle of somebody's progress bar.
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}
CONTENT_TAG = "content_hash"
PYFUNC = Path(__file__).with_name("pyfunc_model.py")
REQUIREMENTS = ["xgboost-cpu==3.2.0", "polars==2.1.0", "numpy>=2,<3"]


@dataclass(frozen=True)
class Registered:
    """A registered version: its number and the run that made it."""

    version: int
    run_id: str


def registered_name(track: str) -> str:
    """'off_market' -> 'realty-off-market'."""
    return f"realty-{track.replace('_', '-')}"


def tracking_uri(home: Path) -> str:
    return f"sqlite:///{home / 'mlflow' / 'mlflow.db'}"


def make_store(home: Path) -> None:
    """Makes the home's MLflow database, unless it is there: beside its place, then renamed.

    A process killed in the middle of MLflow's migrations would leave a database that MLflow refuses
    for ever.
    """
    database = home / "mlflow" / "mlflow.db"
    (home / "mlflow" / "artifacts").mkdir(parents=True, exist_ok=True)
    if database.exists():
        return
    from mlflow.tracking import MlflowClient

    beside = database.with_name(f".making-{uuid.uuid4().hex[:8]}.db")
    uri = f"sqlite:///{beside}"
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    client.search_experiments(max_results=1)
    client.search_registered_models(max_results=1)
    beside.replace(database)


def register(
    home: Path,
    valuer: Valuer,
    folder: Path,
    example: pl.DataFrame,
    *,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
    record: ModelRecord | None = None,
) -> Registered:
    """The version of `valuer` in the home's registry, made if it is not there yet.

    `folder` is where the model was saved, `example` some matrix rows for the signature, `tags` what
    traces it to rows: hashes of warehouse, registry, code and lock file. With a `record`, whose
    card stands in the folder, the run also holds datasets, boosters, card and figures.
    """
    os.environ.update(QUIET)
    import mlflow
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    make_store(home)
    uri = tracking_uri(home)
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    name = registered_name(valuer.track)
    found = client.search_model_versions(f"name = '{name}'")
    for version in found:
        if version.tags.get(CONTENT_TAG) == valuer.content_hash:
            _end_run(client, str(version.run_id))
            return Registered(int(version.version), str(version.run_id))
    experiment_id = _experiment(client, (home / "mlflow" / "artifacts").resolve().as_uri())
    _end_killed_runs(client, experiment_id, valuer.content_hash)
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    all_tags = {**tags, CONTENT_TAG: valuer.content_hash, "model_version": valuer.model_version}
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    with mlflow.start_run(
        experiment_id=experiment_id, run_name=f"{name} {valuer.model_version}", tags=all_tags
    ) as run:
        mlflow.log_params({key: _short(value) for key, value in params.items()})
        mlflow.log_artifact(str(folder / MANIFEST))
        if record is not None:
            log_record(client, run.info.run_id, folder, valuer, record)
        with warnings.catch_warnings():
            # The signature is given; an example would only be stored and run once more.
            warnings.filterwarnings("ignore", message=".*input example.*")
            info = mlflow.pyfunc.log_model(
                name="valuer",
                python_model=str(PYFUNC),
                artifacts={"valuer": str(folder)},
                signature=_signature(valuer, example),
                pip_requirements=REQUIREMENTS,
            )
        # After the model, and at once for both: MLflow copies what a run has one by one.
        mlflow.log_metrics(dict(metrics), model_id=info.model_id)
        version = client.create_model_version(
            name,
            source=info.model_uri,
            run_id=run.info.run_id,
            tags=all_tags,
            model_id=info.model_id,
        )
    return Registered(int(version.version), run.info.run_id)


def _end_run(client: MlflowClient, run_id: str) -> None:
    """Ends the run of a version that is whole: a kill may have come between the two."""
    if client.get_run(run_id).info.status == "RUNNING":
        client.set_terminated(run_id, "FINISHED")


def _end_killed_runs(client: MlflowClient, experiment_id: str, content_hash: str) -> None:
    """Marks runs of this model that never ended: homes have one writer, so they were killed."""
    wanted = f"tags.{CONTENT_TAG} = '{content_hash}' and attributes.status = 'RUNNING'"
    for run in client.search_runs([experiment_id], wanted):
        client.set_terminated(run.info.run_id, "KILLED")


def _experiment(client: MlflowClient, location: str) -> str:
    """Id of the experiment that keeps its artifacts at `location`.

    A home that was copied brings an experiment along that still points at the old home; it gets
    one of its own, so that two homes never write to each other.
    """
    own = f"{EXPERIMENT} {hashlib.sha256(location.encode()).hexdigest()[:8]}"
    for name in (EXPERIMENT, own):
        found = client.get_experiment_by_name(name)
        if found is None:
            return client.create_experiment(name, artifact_location=location)
        if found.artifact_location == location:
            return found.experiment_id
    raise RuntimeError(f"the MLflow experiment {own!r} was moved away from {location}")


def _signature(valuer: Valuer, example: pl.DataFrame) -> Any:
    from mlflow.models import infer_signature

    rows = example.head(20)
    return infer_signature(
        rows.select(model_columns(valuer)).to_pandas(), valuer.predict(rows).to_pandas()
    )


def model_columns(valuer: Valuer) -> list[str]:
    """Matrix columns that a prediction reads."""
    from realty_assets.modeling.conformal import ERROR_INPUTS, LISTING_INPUTS

    extra = ["hedonic_log_value", "comps_log_value", "index_log", "postal_code"]
    extra += ["latitude", "longitude", "ln_living_area", *ERROR_INPUTS]
    if valuer.track == ON_MARKET:
        extra += ["list_log_value", *LISTING_INPUTS]
    return list(dict.fromkeys([*valuer.point.names, *extra]))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text[:500]
