"""A user's own map layers: which there are, what is measured of them, and since when they count.

Each layers/<any>.yaml of the home describes one layer; docs/map_layers.md shows how.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from realty_assets.errors import RealtyError
from realty_assets.features.feature import Feature

FAR_KM = 100.0
# Measure: unit, and what it says.
MEASURES: dict[str, tuple[str, str]] = {
    "distance_km": ("km", f"Distance to the nearest shape, 0 inside of one, at most {FAR_KM:g}."),
    "inside_yn": ("0/1", "Lies inside of an area or on its edge."),
    "density_per_km2": ("per sq km", "Shapes within the layer's radius, per square km."),
}
FIELDS = ("name", "file", "known_from", "measures", "radius_km")
SUFFIXES = (".geojson", ".json", ".parquet", ".geoparquet")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class LayerError(RealtyError):
    """A map layer cannot be used."""


@dataclass(frozen=True)
class Layer:
    """One map layer; `sha256` is that of its file's bytes, `known_from` (ISO) the first day at
    whose beginning the layer was there."""

    name: str
    known_from: str
    measures: tuple[str, ...]
    radius_km: float
    sha256: str
    path: str

    def described(self) -> dict[str, Any]:
        """All that its columns depend on: not where the file happens to lie."""
        return {name: value for name, value in asdict(self).items() if name != "path"}

    def columns(self) -> dict[str, str]:
        """Name of the column of each measure."""
        return {measure: f"layer_{self.name}_{measure}" for measure in self.measures}


def read_layers(folder: Path) -> tuple[Layer, ...]:
    """The layers that the *.yaml files in `folder` describe, by name; none without a folder.

    Raises LayerError naming the file, what is wrong with it and what is expected. The shapes
    themselves are looked at, too, so that a broken file stops here.
    """
    from realty_assets.features.layer_measures import require_usable

    layers = [_read(path) for path in sorted(folder.glob("*.yaml"))]
    for layer in layers:
        require_usable(layer)
    names = [layer.name for layer in layers]
    for name in names:
        if names.count(name) > 1:
            raise LayerError(
                f"Two map layers in {folder} have the name {name!r}: give each its own."
            )
    return tuple(sorted(layers, key=lambda layer: layer.name))


def _read(path: Path) -> Layer:
    def wrong(what: str) -> LayerError:
        return LayerError(f"Map layer {path}: {what} (see docs/map_layers.md).")

    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise wrong(f"it cannot be read as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(given, dict):
        raise wrong(f"it must hold the fields {', '.join(FIELDS)}")
    if unknown := sorted(str(name) for name in set(given) - set(FIELDS)):
        raise wrong(f"unknown field {unknown[0]!r}; the fields are {', '.join(FIELDS)}")
    name, file = given.get("name"), given.get("file")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise wrong("'name' must be lower-case letters, digits and underscores")
    known_from = given.get("known_from")
    if type(known_from) is not date:
        raise wrong("'known_from' must be the day from which the layer was known, as YYYY-MM-DD")
    measures = given.get("measures")
    if not isinstance(measures, list) or not measures or set(map(str, measures)) - set(MEASURES):
        raise wrong(f"'measures' must be a list of one or more of {', '.join(MEASURES)}")
    radius = given.get("radius_km", 1.0)
    if isinstance(radius, bool) or not isinstance(radius, int | float) or not 0 < radius <= FAR_KM:
        raise wrong(f"'radius_km' must be a number above 0 and at most {FAR_KM:g}")
    if not isinstance(file, str) or not file.lower().endswith(SUFFIXES):
        raise wrong(f"'file' must name a file that ends in {', '.join(SUFFIXES)}")
    shapes = (path.parent / file).resolve()
    try:
        sha256 = hashlib.sha256(shapes.read_bytes()).hexdigest()
    except OSError as error:
        raise wrong(f"its file {file!r} cannot be read: {error.strerror}") from error
    kept = tuple(measure for measure in MEASURES if measure in measures)
    return Layer(name, known_from.isoformat(), kept, float(radius), sha256, str(shapes))


def layer_specs(layers: Sequence[Layer]) -> list[Feature]:
    """Specs of the layers' columns."""
    return [
        Feature(
            column,
            "layers",
            MEASURES[measure][0],
            ("latitude", "longitude", f"layers.{layer.name}"),
            f"Map layer {layer.name}. {MEASURES[measure][1]}",
            null_policy=f"null before {layer.known_from} and without a place",
            code_version=f"1:{layer.sha256[:12]}",
        )
        for layer in layers
        for measure, column in layer.columns().items()
    ]
