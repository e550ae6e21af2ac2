"""A report laid out as one HTML document: text, tables and live plots, with nothing to load from anywhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from mmviz.charts import palette
from mmviz.reporting import figures
from mmviz.reporting.findings import Findings

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from mmviz.views.robustness import ColdCurves

__all__ = ["document"]

_STYLE = f"""
body{{background:{palette.PAPER.light};color:{palette.INK.light};font:15px/1.5 "Source Sans Pro","Helvetica Neue",Arial,
sans-serif;max-width:980px;margin:2rem auto;padding:0 1rem}}
h1,h2{{font-family:"Source Serif Pro",Georgia,serif;line-height:1.2;margin:2.2rem 0 .4rem}}
h3{{font-size:1rem;margin:1.4rem 0 .2rem}}
p,li{{max-width:46rem}} .quiet{{color:{palette.MUTED.light}}}
.wide{{overflow-x:auto}}
table{{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px;margin:.6rem 0}}
th,td{{border-bottom:1px solid {palette.BORDER.light};padding:.25rem .7rem .25rem 0;text-align:left;white-space:nowrap}}
td.number,th.number{{text-align:right}} code{{background:{palette.PANEL.light};padding:.1rem .3rem;font-size:12.5px;
overflow-wrap:anywhere}}
details{{margin:.6rem 0}} summary{{cursor:pointer;color:{palette.MUTED.light}}}
@media print{{details>*{{display:block}}}}
"""


def document(found: Findings) -> str:
    """The whole report as HTML. Every text from the catalogue is escaped."""
    tables = found.tables
    parts = [_head(found), _quality(found, tables)]
    if any(curves.lines for curves in found.knock_outs):
        parts.append(_knock_outs(found, tables))
    parts += [_cold(what, curves, tables) for what, curves in found.cold.items() if curves.lines]
    parts.append(_repeat(found, tables))
    title = escape(f"mmviz: {found.catalogue.name}, {found.split.name}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style>'
        f"<script>{_plotly()}</script></head><body>{''.join(parts)}</body></html>"
    )


def _head(found: Findings) -> str:
    card, split = found.catalogue, found.split
    simulated = " This catalogue is simulated." if card.simulated else ""
    return (
        f"<h1>{escape(card.name)}: {escape(split.title[:1].lower() + split.title[1:])}</h1>"
        f'<p class="quiet">Written on {escape(found.made)} by mmviz {escape(found.version)} with '
        f"<code>{escape(found.command)}</code></p>"
        f"<p>{card.n_items:,} items ({card.n_without_image:,} without a picture, {card.n_without_text:,} without "
        f"text), "
        f"{card.n_users:,} people, {card.n_interactions:,} interactions.{simulated} Held out: "
        f"{split.n_test_interactions:,} interactions of {split.n_test_users:,} people (split "
        f"<code>{escape(split.name)}</code>). Full ranking, never sampled; settings and stopping by "
        "validation alone.</p>"
    )


def _quality(found: Findings, tables: dict[str, pd.DataFrame]) -> str:
    quality, pairs = tables["quality"], tables.get("pairs")
    wide = quality.pivot(index="title", columns="metric", values="mean")
    wide = wide.reindex(index=quality["title"].unique()).rename_axis("strategy").reset_index()
    parts = [
        "<h2>Which strategy is better?</h2>",
        *(
            f"<p><strong>In doubt: {escape(who)}.</strong> {escape(' '.join(why))}</p>"
            for who, why in found.doubts.items()
        ),
        f"<p>{_sentence(pairs)}</p>" if pairs is not None else "",
        _plot(figures.quality_plot(found.runs, quality, found.ceiling)),
        '<p class="quiet">Means over people with 95 % bootstrap intervals. Whether two differ is told by the paired '
        "differences below, not by whether their intervals overlap.</p>",
        _table(wide),
    ]
    if pairs is not None:
        parts += [
            "<h3>The best against every other one</h3>",
            _table(pairs.drop(columns=["metric", "people"])),
            '<p class="quiet">Paired by person: difference in NDCG@10 with its 95 % bootstrap interval, effect size '
            "(Cohen's d<sub>z</sub>), p of the paired t-test after Holm, and the share of people for whom the best is "
            "ahead and behind.</p>",
            _plot(figures.cost_plot(found.runs, found.ceiling)),
        ]
    return "".join(parts)


def _sentence(pairs: pd.DataFrame) -> str:
    """What follows from the first pair, the best run and the next one."""
    first = pairs.iloc[0]
    sure = first["low"] > 0 and first["p_holm"] < 0.05
    verdict = "the difference is beyond noise" if sure else "the difference is within noise"
    return escape(
        f"{first['better']} is ahead of {first['other']} on {100 * first['ahead']:.0f} % of the people and behind on "
        f"{100 * first['behind']:.0f} %; {verdict} ({first['difference']:+.4f}, {first['low']:+.4f} to "
        f"{first['high']:+.4f})."
    )


def _knock_outs(found: Findings, tables: dict[str, pd.DataFrame]) -> str:
    measured = [curves for curves in found.knock_outs if any(not line.flat for line in curves.lines)]
    parts = [
        "<h2>What breaks?</h2><p>Pictures or texts are damaged, and the trained models are served from what is left; "
        "nothing is trained again. Measured on the validation part, by which rounds and settings were chosen; the test "
        "part stays closed. The score is the area under the curve as a share of its first value.</p>"
    ]
    if len(measured) > 1:
        parts.append(_plot(figures.scores_plot(measured)))
    for curves in measured:
        parts.append(f"<h3>{escape(curves.knock_out.title)}</h3><p>{escape(curves.knock_out.summary)}</p>")
        parts.append(_plot(figures.knock_out_plot(curves)))
    return "".join([*parts, _folded("All knock-outs in numbers", tables["knock_outs"])])


def _cold(what: str, curves: ColdCurves, tables: dict[str, pd.DataFrame]) -> str:
    titles = {
        "people": "New people: how much is learned from a few likes?",
        "items": "New items: and after a few takers?",
    }
    said = (
        f"{curves.n_users:,} people of the validation part, the same at every level, are served from some of their "
        "known items."
        if what == "people"
        else f"{curves.n_items:,} items of the validation part that no model was fitted on, ranked among themselves "
        f"for {curves.n_users:,} people. No network is trained again; closed forms are solved again with the "
        "interactions that become known."
    )
    return (
        f"<h2>{titles[what]}</h2><p>{said}</p>{_plot(figures.cold_plot(curves, what))}"
        f"{_folded('In numbers', tables[f'new_{what}'])}"
    )


def _repeat(found: Findings, tables: dict[str, pd.DataFrame]) -> str:
    runs = tables["runs"]
    opened = "".join(
        f"<li><code>{escape(run.run_id)}</code>: seed {run.seed}, test split opened {escape(run.test_opened)}<br>"
        f"<code>{escape(command)}</code></li>"
        for run, command in zip(found.records, runs["repeat"], strict=True)
    )
    lines = [line for curves in found.knock_outs for line in curves.lines]
    lines += [line for curves in found.cold.values() for line in curves.lines]
    later = sorted({line.measured for line in lines})
    again = (
        f"<p>What breaks and what is new was measured on the validation part between {escape(later[0])} and "
        f"{escape(later[-1])}; the test part stayed closed.</p>"
        if later
        else ""
    )
    return (
        f"<h2>How to repeat this</h2><p>Catalogue <code>{escape(found.catalogue.fingerprint)}</code>. Each run opened "
        f"its test split once, at its end:</p><ul>{opened}</ul>{again}"
        f"{_folded('Fingerprints, versions and settings', runs.drop(columns='repeat'))}"
    )


def _table(frame: pd.DataFrame) -> str:
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]
    heads = "".join(_cell("th", str(name), right) for name, right in zip(frame.columns, numeric, strict=True))
    rows = "".join(
        f"<tr>{''.join(_cell('td', _said(value), right) for value, right in zip(row, numeric, strict=True))}</tr>"
        for row in frame.itertuples(index=False)
    )
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(kind: str, text: str, right: bool) -> str:
    look = ' class="number"' if right else ""
    return f"<{kind}{look}>{escape(text)}</{kind}>"


def _said(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else "all" if value == float("inf") else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _folded(summary: str, frame: pd.DataFrame) -> str:
    return f"<details><summary>{escape(summary)}</summary>{_table(frame)}</details>"


def _plot(drawn: go.Figure) -> str:
    import plotly.io

    html: str = plotly.io.to_html(
        drawn, full_html=False, include_plotlyjs=False, config={"displaylogo": False, "responsive": True}
    )
    return html


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script
