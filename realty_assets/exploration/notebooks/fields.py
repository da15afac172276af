"""One numeric field at a time: its spread, its drift, and what it gives away of the price."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="One field at a time")


@app.cell
def _():
    import marimo as mo
    import polars as pl

    from realty_assets.exploration.distributions import panels
    from realty_assets.exploration.drift import measured, months_of
    from realty_assets.exploration.pictures import histograms
    from realty_assets.exploration.price_tellers import price_tellers
    from realty_assets.exploration.rendering import with_colours
    from realty_assets.exploration.window import window_of_home
    from realty_assets.settings import get_settings

    return (
        get_settings,
        histograms,
        measured,
        mo,
        months_of,
        panels,
        pl,
        price_tellers,
        window_of_home,
        with_colours,
    )


@app.cell
def _(get_settings, window_of_home):
    with window_of_home(get_settings().home) as seen:
        spread = seen.find("distributions")
        bins = seen.find("histograms")
        first_seen = seen.ask("SELECT * FROM first_seen")
        words = seen.find("words_by_month")
        sales = seen.ask("SELECT * FROM sales")
    return bins, first_seen, sales, spread, words


@app.cell
def _(mo, spread):
    sources = spread["source"].unique().sort().to_list()
    source = mo.ui.dropdown(sources, value=sources[0], label="Source")
    source
    return (source,)


@app.cell
def _(mo, pl, source, spread):
    fields = spread.filter(pl.col("source") == source.value)["field"].to_list()
    field = mo.ui.dropdown(fields, value=fields[0], label="Field")
    field
    return (field,)


@app.cell
def _(bins, field, histograms, mo, panels, pl, source, with_colours):
    drawn = panels(
        bins.filter((pl.col("source") == source.value) & (pl.col("field") == field.value))
    )
    svg = histograms(drawn, title=field.value, summary="from the 1st to the 99th percentile")
    mo.Html(with_colours(svg))
    return (drawn,)


@app.cell
def _(field, first_seen, measured, mo, months_of, pl, source, words):
    own = first_seen.filter(pl.col("source") == source.value)
    span = months_of(source.value, own)
    drift = [
        {"month": f"{entry.month:%Y-%m}", "n": entry.n, "PSI": entry.psi, "KS": entry.ks}
        for entry in measured(span, own, words.filter(pl.col("source") == source.value))
        if entry.field == field.value
    ]
    mo.ui.table(drift, selection=None) if drift else mo.md("Too few rows to judge drift.")
    return drift, own, span


@app.cell
def _(mo, pl, price_tellers, sales, source):
    tellers = price_tellers(sales.filter(pl.col("source") == source.value))
    said = [
        f"- {t.form}: within {t.within:.0%} of `close_price` in {t.n_told:,} of {t.n_rows:,} sales"
        for t in tellers
    ]
    mo.md("\n".join(["**What gives the price away**", "", *(said or ["- nothing"])]))
    return (tellers,)


if __name__ == "__main__":
    app.run()
