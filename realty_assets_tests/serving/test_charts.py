"""Charts: scales that never turn back, and as many dots as there are points."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from realty_assets.serving import charts
from realty_assets.serving.report_text import FORMS


def n_dots(svg: str, css: str = "") -> int:
    paths = re.findall(r'<path class="dots ([^"]*)" d="([^"]*)"', svg)
    return sum(drawn.count("M") for name, drawn in paths if css in name)


@pytest.mark.parametrize("log", [False, True])
def test_a_scale_only_rises_and_stays_within_its_ends(log: bool) -> None:
    scale = charts.Scale(50_000, 4_000_000, 40, 440, log=log)
    drawn = [scale(50_000 * 1.1**step) for step in range(47)]
    assert all(a < b for a, b in pairwise(drawn[:45]))
    assert scale(50_000) == 40
    assert scale(4_000_000) == pytest.approx(440)
    assert scale(1) == 40
    assert scale(1e9) == pytest.approx(440)


@pytest.mark.parametrize(
    ("low", "high", "log"),
    [(0.05, 0.09, False), (99.2, 111.7, False), (75e3, 5.4e6, True), (93e3, 620e3, True)],
)
def test_ticks_are_few_rising_and_inside(low: float, high: float, log: bool) -> None:
    ticks = charts.Scale(low, high, 0, 100, log=log).ticks(6)
    assert 3 <= len(ticks) <= 14
    assert all(a < b for a, b in pairwise(ticks))
    assert all(low <= tick <= high for tick in ticks)


@pytest.mark.parametrize(("low", "high", "log"), [(1, 1, False), (2, 1, False), (0, 1, True)])
def test_an_impossible_scale_is_refused(low: float, high: float, log: bool) -> None:
    with pytest.raises(ValueError, match="no scale"):
        charts.Scale(low, high, 0, 1, log=log)


def test_the_scatter_draws_every_point_of_every_layer() -> None:
    sales = [(200_000.0 + i, 210_000.0 - i) for i in range(37)]
    svg = charts.scatter(
        [("sale", sales), ("excluded", sales[:3])],
        title="t",
        summary="s",
        x_label="x",
        y_label="y",
    )
    assert n_dots(svg, "sale") == 37
    assert n_dots(svg, "excluded") == 3


def test_the_map_keeps_the_shape_of_the_land() -> None:
    """At 60 degrees north a degree of longitude is half as wide as one of latitude is high."""
    corners = [(10.0, 60.0), (10.2, 60.0), (10.0, 60.1), (10.2, 60.1)]
    places = [("e3", corner) for corner in corners]
    svg = charts.place_map(places, charts.frame_of(corners), title="t", summary="s")
    drawn = [tuple(map(float, xy)) for xy in re.findall(r"M([\d.]+) ([\d.]+)h0", svg)]
    width = max(x for x, _ in drawn) - min(x for x, _ in drawn)
    height = max(y for _, y in drawn) - min(y for _, y in drawn)
    assert len(drawn) == 4
    assert width == pytest.approx(height, rel=0.01)
    north = min(drawn, key=lambda point: point[1])
    assert north[1] < max(y for _, y in drawn)


def test_a_few_remote_homes_do_not_shrink_the_map() -> None:
    near = [(-95.0 + i / 1e4, 29.0 + i / 1e4) for i in range(1000)]
    frame = charts.frame_of([*near, (-90.0, 29.05)])
    assert frame.east < -94.8
    assert charts.frame_of(near) == charts.Frame(-95.0, near[-1][0], 29.0, near[-1][1])
    assert charts.frame_of([(1.0, 2.0)]) == charts.Frame(1.0, 1.0, 2.0, 2.0)


def test_one_home_makes_a_map() -> None:
    frame = charts.frame_of([(-95.0, 29.0)])
    svg = charts.place_map([("v1", (-95.0, 29.0))], frame, title="t", summary="s")
    assert n_dots(svg, "v1") == 1


def test_a_figure_that_is_too_small_has_words_for_a_dot() -> None:
    rows = [charts.Estimate("Apr", 0.07, 0.06, 0.08), charts.Estimate("May", None)]
    svg = charts.whiskers(rows, title="t", summary="s", show=charts.percent)
    assert n_dots(svg, "estimate") == 1
    assert svg.count('class="whisker"') == 1
    assert "n too small" in svg


def test_a_line_dashes_its_forecast_only() -> None:
    names = ["a", "b", "c", "d"]
    svg = charts.line([100, 101], [102, 103], names, title="t", summary="s")
    assert svg.count('class="series"') == 1
    assert svg.count('class="series ahead"') == 1
    assert "ahead" not in charts.line([100, 101], [], names[:2], title="t", summary="s")


def test_words_in_charts_stay_words() -> None:
    rows = [charts.Estimate("<script>", 0.1)]
    svg = charts.whiskers(rows, title='"><script>', summary="s", show=charts.percent)
    assert "<script>" not in svg
    assert "&lt;script&gt;" in svg


@pytest.mark.parametrize(
    ("form", "value", "shown"),
    [
        ("three", 0.0, "0.000"),
        ("three", -0.0437, "−0.044"),
        ("signed_pct", -0.0001, "0.0%"),
        ("signed_pct", 0.034, "+3.4%"),
        ("pct", None, "–"),
        ("usd", 596_706.9, "$596,707"),
        ("usd_short", 1_500_000, "$1.5M"),
    ],
)
def test_figures_are_said_in_one_way(form: str, value: float | None, shown: str) -> None:
    assert FORMS[form](value) == shown
