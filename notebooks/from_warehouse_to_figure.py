"""From the warehouse to a figure: one SELECT for the points, one for the line and its band, one plot.

Open it with `marimo edit notebooks/from_warehouse_to_figure.py`, or run it as a script:
`python notebooks/from_warehouse_to_figure.py -- --benchmark coco --output coco.svg`.
"""

import marimo

app = marimo.App(width="medium")


@app.cell
def _():
    import marimo as mo

    mo.md(
        """
        # From the warehouse to a figure

        The warehouse is one DuckDB file. `marts.points` has what is fitted, `marts.curves` the lines with their bands, each row
        with what a plot needs. Nothing is refitted here.
        """
    )
    return (mo,)


@app.cell
def _(mo):
    # On the command line these are --benchmark and --output.
    arguments = mo.cli_args()
    benchmark = arguments.get("benchmark") or "imagenet"
    output = arguments.get("output")
    return benchmark, output


@app.cell
def _():
    import duckdb

    from flows import paths

    # Read-only: the file is replaced as a whole by the next build, and who has it open goes on reading what was there.
    con = duckdb.connect(str(paths.warehouse()), read_only=True)
    return (con,)


@app.cell
def _(benchmark, con):
    import sys

    leading = con.execute(
        """
        select metric, compute_measure, title, exponent, exponent_low, coalesce(exponent_high, 'infinity'::double)
        from exports.exponents
        where row_set = 'current' and benchmark = ? and is_leading
        """,
        [benchmark],
    ).fetchall()
    if not leading:
        from flows.errors import near

        told = con.execute(
            "select distinct benchmark from exports.exponents where row_set = 'current' and is_leading"
        ).fetchall()
        sys.exit(f"no benchmark {benchmark!r} has a line that leads; {near(benchmark, [name for (name,) in told])}")
    ((metric, measure, title, exponent, low, high),) = leading
    line = [benchmark, metric, measure]
    points = con.execute(
        """
        select landmark_label as label, log10_computation, error * 100 as error_percent, is_landmark
        from marts.points
        where row_set = 'current' and benchmark = ? and metric = ? and compute_measure = ? and is_one_per_training
        """,
        line,
    ).df()
    curve = con.execute(
        """
        select
            log10_computation, error * 100 as error_percent, error_low * 100 as low_percent, error_high * 100 as high_percent,
            is_beyond
        from marts.curves
        where
            row_set = 'current' and benchmark = ? and metric = ? and compute_measure = ? and form = 'polynomial'
            and is_headline_selection
        order by log10_computation
        """,
        line,
    ).df()
    points
    return curve, exponent, high, low, measure, points, title


@app.cell
def _(curve, exponent, high, low, measure, points, title):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    # Else each run names the parts of an SVG anew.
    matplotlib.rcParams["svg.hashsalt"] = "compute-limits"
    figure, axes = plt.subplots(figsize=(6.9, 4.2), layout="constrained")
    supported = curve[~curve["is_beyond"]]
    axes.fill_between(
        supported["log10_computation"],
        supported["low_percent"],
        supported["high_percent"],
        color="#005A9C",
        alpha=0.18,
        lw=0,
    )
    axes.plot(supported["log10_computation"], supported["error_percent"], color="#005A9C")
    axes.scatter(points["log10_computation"], points["error_percent"], s=12, color="#59636D")
    for _, point in points[points["is_landmark"]].iterrows():
        place = (point["log10_computation"], point["error_percent"])
        axes.annotate(point["label"], place, xytext=(4, 3), textcoords="offset points", size=8)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.xaxis.set_major_formatter("$10^{{{x:g}}}$")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(f"{measure.replace('_', ' ')}, FLOP")
    axes.set_ylabel("error, %")
    axes.set_title(
        f"{title}: computation rises with the {exponent:.1f}th power of performance ({low:.1f} to {high:.1f})",
        loc="left",
        size=10,
    )
    figure
    return (figure,)


@app.cell
def _(figure, output):
    if output:
        figure.savefig(output, metadata={"Date": None} if output.endswith(".svg") else None)
    return


if __name__ == "__main__":
    app.run()
