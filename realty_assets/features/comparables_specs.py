"""What the registry says of comparables, neighbourhood and market."""

from __future__ import annotations

from realty_assets.features.comparables import LIKENESS_UNITS, MAKE_UP, CompsSettings, metres
from realty_assets.features.feature import RESIDUAL, Feature

SALE_COLUMNS = ("close_price", "close_date", "latitude", "longitude")
ALIKE_COLUMNS = tuple(
    {
        "ln_living_area": "living_area",
        "ln_lot_size": "lot_size_square_feet",
        "age_years": "year_built",
    }.get(name, name)
    for name in LIKENESS_UNITS
)


def comparables_specs(settings: CompsSettings) -> list[Feature]:
    """Specs of comparables, neighbourhood and market."""
    past = RESIDUAL
    out = [
        Feature(
            f"location_residual_{metres(scale)}",
            "location_residual",
            past,
            SALE_COLUMNS,
            f"What sales within about {scale:g} km fetched beyond attributes and market.",
        )
        for scale in settings.scales_km
    ]
    out += [
        Feature(
            f"sales_density_{metres(scale)}",
            "comparables",
            "weighted count",
            SALE_COLUMNS,
            f"How much past sales weigh within about {scale:g} km.",
        )
        for scale in settings.density_scales_km
    ]
    for scale in settings.alike_scales_km:
        out.append(
            Feature(
                f"alike_residual_{metres(scale)}",
                "comparables",
                past,
                SALE_COLUMNS + ALIKE_COLUMNS,
                f"The same within about {scale:g} km, weighted by likeness.",
            )
        )
        out.append(
            Feature(
                f"alike_weight_{metres(scale)}",
                "comparables",
                "weighted count",
                SALE_COLUMNS + ALIKE_COLUMNS,
                f"How much alike sales weigh within about {scale:g} km.",
            )
        )
    of_alike = f"of the {settings.n_alike} most alike sales"
    for name, unit, text in (
        ("comps_residual", past, f"Weighted mean residual {of_alike}."),
        ("comps_residual_median", past, f"Median residual {of_alike}."),
        ("comps_residual_low", past, f"Lowest residual {of_alike}."),
        ("comps_residual_high", past, f"Highest residual {of_alike}."),
        ("comps_spread", past, f"Weighted standard deviation of the residuals {of_alike}."),
        ("comps_best_residual", past, "Residual of the most alike sale."),
        ("comps_mean_residual", past, f"Plain mean residual {of_alike}."),
        ("comps_distance_km", "km", f"Mean distance {of_alike}."),
        ("comps_unlikeness", "squared units", f"Mean unlikeness {of_alike}."),
        ("comps_age_days", "days", f"Mean age {of_alike}."),
        ("comps_count", "count", "Past sales found near by, at most the number looked for."),
    ):
        out.append(Feature(name, "comparables", unit, SALE_COLUMNS + ALIKE_COLUMNS, text))
    out += [
        Feature(
            f"distance_to_sale_{rank}_km",
            "comparables",
            "km",
            ("latitude", "longitude"),
            f"Distance to the past sale that is number {rank} by distance.",
        )
        for rank in settings.distance_ranks
    ]
    for name in MAKE_UP:
        out.append(
            Feature(
                f"neighbours_{name}",
                "neighbourhood",
                "as the feature",
                (name, "latitude", "longitude"),
                f"Mean {name} of the {settings.n_make_up} nearest past sales.",
            )
        )
        out.append(
            Feature(
                f"own_minus_neighbours_{name}",
                "neighbourhood",
                "as the feature",
                (name, "latitude", "longitude"),
                f"Own {name} less that mean.",
            )
        )
    out.append(
        Feature(
            "hedonic_log_value",
            "market",
            "ln usd",
            ("close_price", "close_date"),
            "Value of the attributes alone, by the vintage known in time, market level off.",
        )
    )
    out.append(
        Feature(
            "comps_log_value",
            "market",
            "ln usd",
            SALE_COLUMNS + ALIKE_COLUMNS,
            "The comparables' estimate, market level off: where the booster starts from.",
        )
    )
    out.append(
        Feature(
            "index_log",
            "market",
            "ln ratio",
            ("close_price", "close_date"),
            "Market level on the day the home is expected to close, as known in time. Added to "
            "the booster's answer, not shown to it.",
        )
    )
    return out
