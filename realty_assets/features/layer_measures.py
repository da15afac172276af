"""Distance to, inside of and density around the shapes of a map layer, by DuckDB's spatial join.

Distances are straight lines on the map, in bands of half a degree of latitude, each with its own
width of a degree of longitude: within 0.5% up to 60 degrees north or south. A place's band is its
own, so its values do not depend on which places are asked for together.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib.resources import files
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.layers import FAR_KM, Layer, LayerError
from realty_assets.statements import sql

Array = npt.NDArray[np.float64]

KM_PER_DEGREE = math.pi * 6371.0088 / 180.0
BAND_DEGREES = 0.5
RINGS_KM = (1.0, 5.0, 25.0, FAR_KM)


def layer_columns(
    layers: Sequence[Layer], latitude: Array, longitude: Array, info_day: npt.NDArray[np.int64]
) -> dict[str, Array]:
    """The layers' columns (n,) of homes at a place (degrees) and a day (days since 1970).

    NaN without a place, and on days before the layer was known. Raises LayerError when a layer's
    file cannot be read any more.
    """
    out: dict[str, Array] = {}
    on_globe = (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)
    for layer in layers:
        since = (date.fromisoformat(layer.known_from) - date(1970, 1, 1)).days
        rows = np.flatnonzero(on_globe & (info_day >= since))
        places, back = np.unique(
            np.column_stack([latitude[rows], longitude[rows]]), axis=0, return_inverse=True
        )
        measured = _measure(layer, places) if len(rows) else {}
        for measure, column in layer.columns().items():
            out[column] = np.full(len(latitude), np.nan)
            if measured:
                out[column][rows] = measured[measure][back.reshape(-1)]
    return out


def require_usable(layer: Layer) -> None:
    """Raises LayerError unless the layer's shapes can be read, are there, and lie in degrees."""
    with _opened(layer) as conn:
        found = conn.execute(sql("features/layer_extent.sql").text).fetchone()
    assert found is not None
    n_shapes, n_areas, west, east, south, north = found
    if not n_shapes:
        raise LayerError(f"Map layer {layer.name!r}: {layer.path} holds no shapes.")
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise LayerError(
            f"Map layer {layer.name!r}: {layer.path} is not in degrees of longitude and latitude "
            "(WGS 84, EPSG:4326): convert it first."
        )
    if "inside_yn" in layer.measures and not n_areas:
        raise LayerError(
            f"Map layer {layer.name!r}: inside_yn is asked for, but {layer.path} holds no areas "
            "(polygons): take inside_yn off its measures."
        )


def _measure(layer: Layer, places: Array) -> dict[str, Array]:
    """Each measure (n,) of places (n, 2), in degrees."""
    n = len(places)
    nothing = {"distance_km": FAR_KM, "inside_yn": 0.0, "density_per_km2": 0.0}
    out = {measure: np.full(n, nothing[measure]) for measure in layer.measures}
    band = np.floor(places[:, 0] / BAND_DEGREES).astype(np.int64)
    with _opened(layer) as conn:
        for at in np.unique(band).tolist():
            rows = np.flatnonzero(band == at)
            scale = {
                "narrowing": math.cos(math.radians((at + 0.5) * BAND_DEGREES)),
                "km_per_degree": KM_PER_DEGREE,
            }
            conn.execute(sql("features/layer_shapes.sql").text, scale)

            def ask(measure: str, rows: npt.NDArray, scale: dict[str, float], **how: float) -> None:
                asked = pl.DataFrame(
                    {
                        "place_number": rows,
                        "latitude": places[rows, 0],
                        "longitude": places[rows, 1],
                    }
                )
                conn.register("asked", asked)
                conn.execute(sql("features/layer_places.sql").text, scale)
                name = measure.split("_", 1)[0]
                conn.execute(sql(f"features/layer_{name}.sql").text, how or None)
                found = conn.fetchnumpy()
                out[measure][found["place_number"]] = found["value"]

            if "inside_yn" in out:
                ask("inside_yn", rows, scale)
            if "density_per_km2" in out:
                ask("density_per_km2", rows, scale, radius_km=layer.radius_km)
            if "distance_km" in out:
                left = rows
                for radius_km in RINGS_KM:
                    ask("distance_km", left, scale, radius_km=radius_km)
                    left = left[out["distance_km"][left] >= FAR_KM]
                    if not len(left):
                        break
    return out


@contextmanager
def _opened(layer: Layer) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of its own, in memory, whose table `degrees` holds the layer's shapes."""
    if hashlib.sha256(Path(layer.path).read_bytes()).hexdigest() != layer.sha256:
        raise LayerError(
            f"Map layer {layer.name!r}: {layer.path} was changed meanwhile: run again."
        )
    with duckdb.connect() as conn:
        extensions = files("duckdb_extension_spatial") / "extensions" / f"v{duckdb.__version__}"
        conn.load_extension(str(extensions / "spatial.duckdb_extension"))
        reader = "read_parquet" if layer.path.lower().endswith("parquet") else "ST_Read"
        try:
            source = conn.sql(f"SELECT * FROM {reader}($path)", params={"path": layer.path})
            shapes = [
                name
                for name, kind in zip(source.columns, source.types, strict=True)
                if str(kind).startswith("GEOMETRY")
            ]
            if not shapes:
                raise LayerError(
                    f"Map layer {layer.name!r}: {layer.path} has no column of shapes: GeoJSON or "
                    "GeoParquet is expected."
                )
            named = source.project(f'"{shapes[0]}" AS shape').filter("shape IS NOT NULL")
            named.filter("NOT ST_IsEmpty(shape)").create("degrees")
        except duckdb.Error as error:
            raise LayerError(
                f"Map layer {layer.name!r}: {layer.path} cannot be read as GeoJSON or GeoParquet: "
                f"{str(error).splitlines()[0]}"
            ) from error
        yield conn
