"""Walk through the hygiene reports of a home: `marimo edit` this file, or `marimo run` it."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Hygiene of the staged rows")


@app.cell
def _():
    import marimo as mo

    from realty_assets.exploration.making import all_reports, withheld_by
    from realty_assets.exploration.rendering import markdown, with_colours
    from realty_assets.exploration.window import window_of_home
    from realty_assets.ingestion.sources import all_sources
    from realty_assets.settings import get_settings

    return (
        all_reports,
        all_sources,
        get_settings,
        markdown,
        mo,
        window_of_home,
        with_colours,
        withheld_by,
    )


@app.cell
def _(all_reports, all_sources, get_settings, window_of_home, withheld_by):
    # The window shows the staging tables of $REALTY_HOME and nothing else.
    home = get_settings().home
    with window_of_home(home) as seen:
        reports = {
            report.title: report for report in all_reports(seen, withheld_by(all_sources(home)))
        }
    return (reports,)


@app.cell
def _(mo, reports):
    title = mo.ui.dropdown(list(reports), value=next(iter(reports)), label="Report")
    severity = mo.ui.multiselect(
        ["warn", "note", "unjudged"], value=["warn", "note", "unjudged"], label="Severity"
    )
    mo.hstack([title, severity], justify="start")
    return severity, title


@app.cell
def _(mo, reports, severity, title):
    chosen = reports[title.value]
    findings = [
        {"severity": f.severity, "source": f.source, "field": f.field, "finding": f.sentence}
        for f in chosen.findings
        if f.severity in severity.value
    ]
    mo.ui.table(findings, selection=None) if findings else mo.md("Nothing was found.")
    return chosen, findings


@app.cell
def _(chosen, mo, with_colours):
    pictures = [part for part in chosen.parts if hasattr(part, "svg")]
    mo.vstack([mo.Html(f"<h3>{part.title}</h3>{with_colours(part.svg)}") for part in pictures])
    return


@app.cell
def _(chosen, markdown, mo):
    text = markdown(chosen)
    mo.accordion({"The report as Markdown": mo.plain_text(text)})
    return (text,)


if __name__ == "__main__":
    app.run()
