"""What MLflow runs to load a registered model: the valuer's own folder, read by its own loader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from realty_assets.modeling.model import load_valuer


class ValuerModel(PythonModel):
    """value, lower_90, upper_90 (usd) for rows of the feature matrix."""

    def load_context(self, context: Any) -> None:
        self.valuer = load_valuer(Path(context.artifacts["valuer"]))

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        rows = pl.from_pandas(model_input).with_columns(pl.selectors.float().fill_nan(None))
        return self.valuer.predict(rows).to_pandas()


set_model(ValuerModel())
