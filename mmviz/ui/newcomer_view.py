"""A newcomer on the page: a picture and a text that no model has seen, and where every strategy puts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from mmviz.charts import palette
from mmviz.charts.robustness import Plane, planes_figure
from mmviz.errors import MmvizError
from mmviz.ui import components, state
from mmviz.ui.frame import Here, empty, link
from mmviz.ui.items import spaces_payload
from mmviz.ui.robustness_picks import Picks
from mmviz.ui.words import count, duration, figures

if TYPE_CHECKING:
    from mmviz.views.robustness import Landing, Newcomer

__all__ = ["landing_rows", "newcomer"]

MEGABYTES = 20
HOW_TO_READ = """
**Nobody has taken it**, so that only content can place it: the picture and the words go through the encoder and then
through each trained network. Nothing is trained, and nothing of it is kept.

**A person's list** holds everything in the catalogue that they do not have, and the newcomer; its place there is that
of its score, behind equal ones. Known items have what the interactions say on their side, the newcomer has not, so most
models put it behind them: that is the cold-start problem, seen from one item.

**The maps** show the two main directions of each strategy's space; the share of its variance in them is given. What is
near in the map need not be near in the space: the neighbours are measured in all directions.
"""


def newcomer(here: Here, picks: Picks) -> None:
    """Take a picture and a text, and show where every picked strategy puts them."""
    given = _form()
    if given is not None:
        _ask(here, picks, *given)
    kept = st.session_state.get("newcomer")
    if kept is None or kept[0] != (here.card.name, picks.split.name):
        empty(
            "Nothing here yet",
            "Drop in a picture, write a few words, or both: where does each strategy put something that it has never "
            "seen, what lies near it, and who would get it?",
        )
        return
    _, picture, answer = kept
    _show(here, answer, picture)
    with st.popover("How to read this", type="tertiary", icon=":material/help:"):
        st.markdown(HOW_TO_READ)


def landing_rows(answer: Newcomer) -> list[dict[str, str]]:
    """Who would get it, one row a strategy."""
    return [
        {
            "Strategy": landing.run.title,
            "In the first ten of": f"{landing.n_top:,} of {count(landing.n_people, 'person', 'people')}",
            "Median place": f"{landing.median_place:,.0f} of {landing.n_ranked:,}",
            "Cosine of the nearest item": ""
            if landing.near is None or not landing.near.scores
            else figures(landing.near.scores[0]),
        }
        for landing in sorted(answer.landings, key=lambda each: each.median_place)
    ]


def _form() -> tuple[bytes | None, str] | None:
    with st.form("newcomer_form", border=False):
        left, right = st.columns(2, gap="medium")
        file = left.file_uploader(
            "Picture",
            type=["jpg", "jpeg", "png", "webp"],
            max_upload_size=MEGABYTES,
            help="JPEG, PNG or WebP, up to 20 million pixels. It stays in memory while this tab is open.",
            key="newcomer_picture",
        )
        text = right.text_area(
            "Title and text",
            placeholder="A red mug of glazed stoneware with a matt white rim",
            key="newcomer_text",
            height=118,
        )
        asked = st.form_submit_button("Where does it land?", type="primary", icon=":material/place:")
    return (file.getvalue() if file else None, text or "") if asked else None


def _ask(here: Here, picks: Picks, picture: bytes | None, text: str) -> None:
    st.session_state.pop("newcomer", None)
    try:
        with st.spinner("Encoding and placing it; the first time the encoder has to be loaded"):
            answer = here.lab.newcomer(here.card.name, picture, text, picks.strategies, picks.split.name)
    except MmvizError as error:
        st.warning(str(error), icon=":material/info:")
        return
    st.session_state["newcomer"] = ((here.card.name, picks.split.name), picture, answer)


def _show(here: Here, answer: Newcomer, picture: bytes | None) -> None:
    beside = st.container()
    if picture is not None:
        left, beside = st.columns([1, 6], gap="medium")
        left.image(picture, width="stretch", caption="The newcomer")
    with beside:
        if answer.landings:
            st.subheader("Who would get it", anchor=False)
            st.dataframe(landing_rows(answer), hide_index=True, alt="Who would get the newcomer, by strategy")
            _takers(here, answer)
        st.caption(_said(answer))
    _spaces(here, answer)


def _said(answer: Newcomer) -> str:
    parts = [f"Placed in {duration(answer.seconds)}"]
    if answer.words:
        parts.append(f"{count(answer.words, 'word')} read")
    if answer.blind:
        names = ", ".join(run.title for run in answer.blind)
        parts.append(f"Cannot place it, as nobody has taken it or what is given is not what they read: {names}")
    return ". ".join(parts) + "."


def _takers(here: Here, answer: Newcomer) -> None:
    by_title = {landing.run.title: landing for landing in answer.landings}
    title = st.segmented_control(
        "The people who would get it first", list(by_title), default=next(iter(by_title)), required=True, key="takers"
    )
    landing = by_title.get(title or "", answer.landings[0])
    with st.container(horizontal=True, gap="small"):
        for taker in landing.takers:
            asked = {"catalogue": here.card.name, "user": taker.user_id}
            link("recommendations", f"{taker.user_id} · place {taker.place:,}", **asked)


def _spaces(here: Here, answer: Newcomer) -> None:
    placed = [landing for landing in answer.landings if landing.plane is not None]
    if not placed:
        return
    st.subheader("What lies near it", anchor=False)
    st.caption("One row a strategy, nearest first, with the cosine. What stands in one row only is bold.")
    rows = [(each.run.title, "In the trained model's space", _colour(each), each.near) for each in placed]
    components.item_view(spaces_payload(here.shelf, -1, rows), "newcomer_spaces")
    st.subheader("Where it lands", anchor=False)
    planes = [_plane(here, each) for each in placed]
    alt = f"The newcomer in the spaces of {len(planes)} strategies"
    st.plotly_chart(
        planes_figure(planes, state.theme()), theme=None, alt=alt, config={"displayModeBar": False}, key="planes"
    )


def _plane(here: Here, landing: Landing) -> Plane:
    assert landing.plane is not None and landing.near is not None
    near = landing.near.items
    title = f"{landing.run.title} · {landing.explained:.0%} of the variance".replace("%", " %")
    return Plane(title, _colour(landing), landing.plane, near, [here.shelf.titles[row] for row in near])


def _colour(landing: Landing) -> palette.Pair:
    return palette.strategy_colour(landing.run.kind, landing.run.order)
