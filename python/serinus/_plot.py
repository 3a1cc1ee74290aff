"""The forest plot that ``Judgement.plot`` draws with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serinus import Judgement

_COLOURS = {"pass": "#1a7f37", "fail": "#cf222e", "inconclusive": "#9a6700", "no_data": "#6e7781"}


def forest(judgement: Judgement, ax: Any = None) -> Any:
    """Draw each metric's interval and margin, one row a metric, and return the axes."""
    if ax is None:
        try:
            from matplotlib import pyplot
        except ImportError as error:
            raise ImportError("plot needs matplotlib; install it, or use to_html") from error
        ax = pyplot.subplots(figsize=(7.0, 1.2 + 0.5 * max(1, len(judgement.metrics))), layout="constrained")[1]
    rows = [row for row in judgement._forest() if row["estimate"] is not None]  # pyright: ignore[reportPrivateUsage]
    for place, row in enumerate(rows):
        colour = _COLOURS[row["outcome"]]
        ends = [row["estimate"] if end is None else end for end in (row["low"], row["high"])]
        ax.plot(ends, [place, place], color=colour, linewidth=2.5, solid_capstyle="butt")
        ax.plot([row["estimate"]], [place], marker="o", color=colour)
        for edge in (-1.0, 1.0) if row["either"] else (1.0,):
            ax.plot([edge, edge], [place - 0.4, place + 0.4], color="#6e7781", linewidth=1, linestyle="--")
    ax.axvline(0.0, color="#6e7781", linewidth=1)
    ax.set_yticks(range(len(rows)), [f"{row['name']}: {row['outcome']}" for row in rows])
    ax.invert_yaxis()
    ax.set_xlabel("change in units of each metric's own margin; harm to the right")
    ax.set_title(f"{judgement.decision.upper()}  score {judgement.score}")
    return ax
