"""A user's own map layers: what is measured, from which day on, and what a broken file says."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from realty_assets.features.layer_measures import layer_columns
from realty_assets.features.layers import LayerError, layer_specs, read_layers
from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.registry import features
from realty_assets.features.sales import Sales, epoch_day
from realty_assets.features.subjects import sale_subjects
from realty_assets_tests.features.towns import town

STATIONS = [(-95.40, 29.70), (-95.35, 29.72), (-95.45, 29.66)]
SQUARE = [[-95.42, 29.68], [-95.38, 29.68], [-95.38, 29.72], [-95.42, 29.72], [-95.42, 29.68]]
ALL = "[distance_km, inside_yn, density_per_km2]"


def geojson(path: Path, *shapes: dict | None) -> Path:
    rows = [{"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    return path


def point(place: tuple[float, float]) -> dict:
    return {"type": "Point", "coordinates": place}


def describe(folder: Path, name: str, /, **fields: str) -> None:
    given = {"name": name, "file": f"{name}.geojson", "known_from": "2021-07-01", "measures": ALL}
    text = "\n".join(f"{field}: {value}" for field, value in (given | fields).items())
    (folder / f"{name}.yaml").write_text(text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("layers")
    square = {"type": "Polygon", "coordinates": [SQUARE]}
    geojson(folder / "flood.geojson", square, None)
    geojson(folder / "stations.geojson", *map(point, STATIONS))
    describe(folder, "flood")
    describe(folder, "stations", measures="[density_per_km2, distance_km]", radius_km="3")
    return folder


def great_circle_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    (lon1, lat1), (lon2, lat2) = (tuple(map(math.radians, p)) for p in (a, b))
    h = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 6371.0088 * math.asin(math.sqrt(h))


def test_distance_inside_and_density_are_what_they_say(folder) -> None:
    random = np.random.default_rng(6)
    lon, lat = random.uniform(-95.9, -94.9, 400), random.uniform(29.2, 30.2, 400)
    lon[:100], lat[:100] = random.uniform(-95.45, -95.35, 100), random.uniform(29.65, 29.75, 100)
    day = np.full(400, epoch_day(date(2021, 8, 1)))
    got = layer_columns(read_layers(folder), lat, lon, day)
    inside = (lon >= -95.42) & (lon <= -95.38) & (lat >= 29.68) & (lat <= 29.72)
    assert 5 < inside.sum() < 395
    assert (got["layer_flood_inside_yn"] == inside).all()
    assert ((got["layer_flood_distance_km"] == 0) == inside).all()
    for i in range(400):
        gaps = [great_circle_km((lon[i], lat[i]), station) for station in STATIONS]
        assert got["layer_stations_distance_km"][i] == pytest.approx(min(gaps), rel=6e-3, abs=1e-3)
        if all(abs(gap - 3.0) > 0.03 for gap in gaps):
            within = sum(gap < 3.0 for gap in gaps)
            density = got["layer_stations_density_per_km2"][i]
            assert density == pytest.approx(within / (math.pi * 9))


def test_a_layer_counts_from_the_day_it_was_known_and_where_there_is_a_place(folder) -> None:
    sales = town()
    layers = read_layers(folder)
    got = build_matrix(sale_subjects(sales), Sales(sales), FeatureSettings(layers=layers))
    specs = layer_specs(layers)
    assert [s.name for s in specs] == [
        *("layer_flood_distance_km", "layer_flood_inside_yn", "layer_flood_density_per_km2"),
        *("layer_stations_distance_km", "layer_stations_density_per_km2"),
    ]
    expected = (pl.col("as_of") >= date(2021, 7, 1)) & pl.col("latitude").is_not_null()
    for spec in specs:
        assert spec.name in got.columns
        assert got.select((pl.col(spec.name).is_not_null() == expected).all()).item(), spec.name
    # A backtest's cutoff caps what may be known of a layer, too.
    capped = build_matrix(
        sale_subjects(sales), Sales(sales), FeatureSettings(layers=layers), cutoff=date(2021, 6, 1)
    )
    assert capped["layer_flood_inside_yn"].null_count() == len(capped)


def test_a_home_s_values_do_not_depend_on_its_company(folder) -> None:
    layers = read_layers(folder)
    random = np.random.default_rng(1)
    lat, lon = random.uniform(29, 31, 300), random.uniform(-96, -95, 300)
    day = np.full(300, epoch_day(date(2022, 1, 1)))
    together = pl.DataFrame(layer_columns(layers, lat, lon, day))
    for i in (0, 17, 299):
        one = slice(i, i + 1)
        alone = pl.DataFrame(layer_columns(layers, lat[one], lon[one], day[one]))
        assert_frame_equal(alone, together[one], check_exact=True)


def test_geoparquet_says_the_same_as_geojson(folder, tmp_path) -> None:
    from importlib.resources import files

    extensions = files("duckdb_extension_spatial") / "extensions" / f"v{duckdb.__version__}"
    with duckdb.connect() as conn:
        conn.load_extension(str(extensions / "spatial.duckdb_extension"))
        shapes = conn.sql(
            "SELECT geom AS geometry FROM ST_Read($path)",
            params={"path": str(folder / "stations.geojson")},
        )
        shapes.write_parquet(str(tmp_path / "stations.parquet"))
    describe(tmp_path, "stations", file="stations.parquet", measures="[distance_km]")
    lat, lon = np.array([29.6, 29.9]), np.array([-95.3, -95.5])
    day = np.full(2, epoch_day(date(2022, 1, 1)))
    got, same = (layer_columns(read_layers(f), lat, lon, day) for f in (tmp_path, folder))
    assert got["layer_stations_distance_km"].tolist() == same["layer_stations_distance_km"].tolist()


def test_settings_name_the_content_and_not_the_place_of_a_layer(folder, tmp_path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    mine, copy = (FeatureSettings(layers=read_layers(f)) for f in (folder, tmp_path))
    assert mine.described() == copy.described()
    assert features(mine.comps, mine.layers) == features(copy.comps, copy.layers)
    geojson(tmp_path / "stations.geojson", point(STATIONS[0]))
    moved = FeatureSettings(layers=read_layers(tmp_path))
    assert moved.described() != mine.described()
    json.dumps(mine.described())


def test_a_file_changed_under_way_is_noticed(folder, tmp_path) -> None:
    geojson(tmp_path / "a.geojson", point(STATIONS[0]))
    describe(tmp_path, "a", measures="[distance_km]")
    layers = read_layers(tmp_path)
    geojson(tmp_path / "a.geojson", point(STATIONS[1]))
    with pytest.raises(LayerError, match="changed meanwhile"):
        layer_columns(layers, np.array([29.0]), np.array([-95.0]), np.array([20_000]))


def test_a_home_without_layers_has_none(tmp_path) -> None:
    assert read_layers(tmp_path / "layers") == ()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"known_from": "soon"}, "'known_from' must be the day"),
        ({"measures": "[distance]"}, "'measures' must be a list"),
        ({"measures": "[]"}, "'measures' must be a list"),
        ({"radius_km": "-1"}, "'radius_km' must be a number above 0"),
        ({"radius": "1"}, "unknown field 'radius'"),
        ({"name": "'Flood Zone'"}, "'name' must be lower-case"),
        ({"file": "missing.geojson"}, "'missing.geojson' cannot be read"),
        ({"file": "shapes.shp"}, "'file' must name a file that ends in"),
        ({"measures": "[inside_yn]"}, "holds no areas"),
        ({"file": "broken.geojson"}, "cannot be read as GeoJSON or GeoParquet"),
        ({"file": "broken.parquet"}, "cannot be read as GeoJSON or GeoParquet"),
        ({"file": "numbers.parquet"}, "no column of shapes"),
        ({"file": "empty.geojson"}, "holds no shapes"),
        ({"file": "feet.geojson"}, "not in degrees"),
        ({"name": "[unclosed"}, "cannot be read as YAML"),
    ],
    ids=lambda value: None if isinstance(value, str) else next(iter(value.items()))[1],
)
def test_a_broken_layer_says_what_and_where(tmp_path, fields, says) -> None:
    geojson(tmp_path / "a.geojson", point(STATIONS[0]))
    geojson(tmp_path / "empty.geojson", None)
    geojson(tmp_path / "feet.geojson", point((3_120_000.0, 13_840_000.0)))
    (tmp_path / "broken.geojson").write_text('{"type": "Feat')
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    pl.DataFrame({"x": [1]}).write_parquet(tmp_path / "numbers.parquet")
    describe(tmp_path, "a", **({"measures": "[distance_km]"} | fields))
    with pytest.raises(LayerError, match=says) as told:
        read_layers(tmp_path)
    assert "\n" not in str(told.value)
    assert str(tmp_path) in str(told.value)


def test_two_layers_of_one_name_are_refused(tmp_path) -> None:
    geojson(tmp_path / "a.geojson", point(STATIONS[0]))
    describe(tmp_path, "a", measures="[distance_km]")
    (tmp_path / "b.yaml").write_text((tmp_path / "a.yaml").read_text())
    with pytest.raises(LayerError, match="Two map layers"):
        read_layers(tmp_path)
