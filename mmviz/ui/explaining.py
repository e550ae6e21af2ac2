"""The attention page: which item, for whom, what is changed about it, and the picture with its maps."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from mmviz.catalogue.pictures import UnusablePictureError, checked_picture
from mmviz.ui import components, state
from mmviz.ui.frame import Here, kindly, link
from mmviz.ui.pictures import source
from mmviz.ui.recommending import pick_person, pick_strategies
from mmviz.ui.seeing import HEADS, SHOWS, Scene, scene_payload
from mmviz.ui.words import count, plain
from mmviz.views.explanations import Change, Question, Upload

__all__ = ["Picked", "choose", "look"]

MOST_PIXELS = 20_000_000
OFFERED = 2_000
"""Items that the list of items holds at most; any other one comes by its address or its id."""
KEY = "explained"
LISTED = 8


@dataclass(frozen=True)
class Picked:
    """What is asked, and how the answer is to be shown."""

    question: Question
    show: str
    head: int | None
    said: str
    layers: tuple[int, int] = (1, 0)
    """Last layers of the encoder that are looked into, of how many; 0 where it has none."""


def choose(here: Here) -> Picked:
    """Draw the row of picks; what is asked."""
    runs = here.runs()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="picks"):
        liked = tuple(i for i in state.address("liked").split("~") if i in here.shelf.row_of)
        user_id = None if liked else pick_person(here)
        upload = st.session_state.get("upload")
        strategies = pick_strategies(runs)
        item_id = None if upload else _item(here, strategies, user_id, liked)
        _bring()
        question = Question(here.card.name, strategies, item_id, upload, user_id, liked, here.split)
        question = replace(question, change=_change(here, question))
    if notice := st.session_state.pop("notice", ""):
        st.caption(f":material/info: {notice}")
    if liked:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"For someone new who likes {count(len(liked), 'thing')}.")
            st.button("For someone in the catalogue", type="tertiary", on_click=state.set_address, args=("liked", ""))
    show, head, said, layers = _show(here, question)
    return Picked(question, show, head, said, layers)


def look(here: Here, picked: Picked) -> Scene:
    """Ask the lab, and draw the item as every strategy saw it, with what the changes did."""
    question = picked.question
    slot = st.container()
    with slot.skeleton(height=560), kindly():
        explanation = here.lab.explain(question)
        outcomes = here.lab.consider(question, LISTED)
        reasons = () if question.upload else here.lab.reasons(question)
        phrase = here.lab.phrase(question, picked.said, picked.layers[0]) if picked.said else {}
    picture, title = _shown(here, question)
    scene = Scene(
        question,
        explanation,
        outcomes,
        reasons,
        picture,
        title,
        picked.show,
        picked.head,
        phrase,
        picked.said,
        picked.layers,
    )
    with slot:
        _said(here, scene)
        components.explained(scene_payload(scene, here.shelf), KEY, on_edited=_edited)
    return scene


def _said(here: Here, scene: Scene) -> None:
    """What stands above the columns: the item, where one came from, and what is not answered."""
    question = scene.question
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown(f"**{plain(scene.title)}**", width="content")
        if not question.upload:
            asked: dict[str, str | list[str]] = {"catalogue": question.catalogue}
            asked |= {"user": question.user_id} if question.user_id else {"liked": "~".join(question.liked)}
            asked |= {} if question.user_id else {"who": "I am new here"}
            asked["strategies"] = [here.lab.strategy(name).title for name in question.strategies]
            link("recommendations", "Back to the lists", **asked)
    ranked = {outcome.run.strategy for outcome in scene.outcomes}
    left = [here.lab.strategy(name).title for name in question.strategies if name not in ranked]
    if left and question.upload:
        st.caption(f"Only two-tower strategies rank something from outside; without a place: {', '.join(left)}.")
    elif left:
        name = plain(scene.explanation.encoder_name)
        st.caption(f"All read through {name} here. Choose alone what reads through another encoder: {', '.join(left)}.")
    if scene.show == "alignment" and not scene.layers[1]:
        st.caption(
            f"Gradient × attention inside the encoder needs a vision transformer of open_clip, and "
            f"{plain(scene.explanation.encoder_name)} is none: its own map compares each patch with the words."
        )


def _item(here: Here, strategies: Sequence[str], user_id: str | None, liked: Sequence[str]) -> str:
    shelf, asked = here.shelf, state.address("item")
    if asked and asked not in shelf.row_of:
        st.session_state["notice"] = f"There is no item '{asked}' in {here.card.name}; this is another one."
    first = asked if asked in shelf.row_of else _first(here, strategies, user_id, liked)
    offered = [shelf.ids[row] for row in (-shelf.popularity).argsort(kind="stable")[:OFFERED].tolist()]
    options = list(dict.fromkeys([first, *offered]))
    key = f"item_{first}"
    item_id = st.selectbox(
        "Item",
        options,
        format_func=lambda each: shelf.titles[shelf.row_of[each]] if each in shelf.row_of else each,
        key=key,
        on_change=_another,
        args=(key,),
        width=260,
    )
    return item_id if item_id in shelf.row_of else first


def _first(here: Here, strategies: Sequence[str], user_id: str | None, liked: Sequence[str]) -> str:
    """The item to begin with: the one that the first strategy puts first for this person."""
    if strategies and (user_id or liked):
        with kindly():
            board = here.lab.recommend(here.card.name, strategies[:1], user_id, liked, k=1, split=here.split)
        if board.columns[0].picks:
            return here.shelf.ids[board.columns[0].picks[0].item]
    return here.shelf.ids[int(here.shelf.popularity.argmax())]


def _another(key: str) -> None:
    _reset()
    state.set_address("item", st.session_state[key])


def _bring() -> None:
    """A picture and a text from outside; they stay in this session's memory and go with it."""
    with st.popover("Bring your own", icon=":material/upload:", width="content"):
        turn = st.session_state.setdefault("upload_turn", 0)
        file = st.file_uploader(
            "A picture: JPEG, PNG or WebP, up to 20 megapixels",
            type=["jpg", "jpeg", "png", "webp"],
            key=f"own_picture_{turn}",
        )
        text = st.text_area("Words that go with it", key=f"own_text_{turn}", max_chars=2000, height=100)
        if st.button("Look at this", type="primary", disabled=not (file or text.strip())):
            try:
                picture = None if file is None else checked_picture(file.getvalue(), MOST_PIXELS)
            except UnusablePictureError as error:
                st.warning(str(error), icon=":material/info:")
                return
            _reset()
            st.session_state["upload"] = Upload(picture, text.strip())
            st.rerun()
        st.caption("It is looked at in memory and not kept.")
        if st.session_state.get("upload"):
            st.button("Back to the catalogue", on_click=_put_away)


def _put_away() -> None:
    st.session_state.pop("upload", None)
    st.session_state["upload_turn"] += 1
    _reset()


def _change(here: Here, question: Question) -> Change:
    """What the address and the popover say is to be changed."""
    shelf, turn = here.shelf, st.session_state.setdefault("change_turn", 0)
    place = f"{question.item_id}_{turn}"
    with st.popover("Change it", icon=":material/edit:", width="content"):
        own = question.upload.text if question.upload else _words(here, question.item_id)
        text = st.text_area("Its words", own, key=f"text_{place}", height=160, max_chars=5000, on_change=_restrike)
        others = [shelf.ids[row] for row in (-shelf.popularity).argsort(kind="stable")[:OFFERED].tolist()]
        picture_of = st.selectbox(
            "Give it the picture of",
            others,
            index=None,
            format_func=lambda each: shelf.titles[shelf.row_of[each]],
            key=f"picture_{place}",
            placeholder="Its own picture",
        )
        dropped = st.multiselect(
            "Leave out of the history",
            _history(here, question),
            format_func=lambda each: shelf.titles[shelf.row_of[each]],
            key=f"dropped_{place}",
            placeholder="Nothing",
        )
    return Change(_places("covered"), _places("struck"), None if text == own else text, picture_of, tuple(dropped))


def _words(here: Here, item_id: str | None) -> str:
    from mmviz.encoders.words import item_text

    item = here.shelf.catalogue.items.iloc[here.shelf.row_of[item_id or ""]]
    return item_text(str(item["title"]), str(item["text"]))


def _history(here: Here, question: Question) -> list[str]:
    if question.user_id is None:
        return list(question.liked)
    entries = here.lab.history(question.catalogue, question.user_id, question.split)
    return [here.shelf.ids[item] for item in dict.fromkeys(e.item for e in reversed(entries) if e.part == "train")]


def _places(name: str) -> tuple[int, ...]:
    """Places of patches or words in the address, such as 3-14-15; what is no number is left out."""
    return tuple(int(part) for part in state.address(name).split("-") if part.isdecimal() and len(part) < 5)


def _edited() -> None:
    said = st.session_state[KEY].get("edited")
    if not said:
        return
    edit = json.loads(said)
    if edit.get("reset"):
        _reset()
        return
    for name in ("covered", "struck"):
        state.set_address(name, "-".join(str(int(place)) for place in edit.get(name, ())))


def _restrike() -> None:
    """Another text has other words, so that none of them is struck."""
    state.set_address("struck", "")


def _reset() -> None:
    """Everything of the item and of the history is as it was."""
    st.session_state["change_turn"] = st.session_state.get("change_turn", 0) + 1
    for name in ("covered", "struck"):
        state.set_address(name, "")


def _show(here: Here, question: Question) -> tuple[str, int | None, str, tuple[int, int]]:
    """Which map, which head, what is typed, and how many of the encoder's last layers are looked into, of how many."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        show = st.segmented_control(
            "Show",
            list(SHOWS),
            default="relevance",
            required=True,
            format_func=lambda each: SHOWS.get(each, each),
            key="show",
            bind="query-params",
            label_visibility="collapsed",
        )
        head, said, layers = None, "", (1, 0)
        heads = _heads(here, question) if show in ("attention", "within") else 0
        if heads > 1:
            picked = st.selectbox(
                "Head",
                [HEADS, *(f"Head {at}" for at in range(1, heads + 1))],
                key="head",
                label_visibility="collapsed",
                width=180,
            )
            head = int(picked.removeprefix("Head ")) - 1 if picked and picked != HEADS else None
        if show == "alignment":
            said = st.text_input(
                "Find in the picture",
                key="phrase",
                bind="query-params",
                placeholder="Type anything to find in the picture",
                label_visibility="collapsed",
                max_chars=200,
                width=320,
            )
            layers = _layers(here, question)
    return (show if show in SHOWS else "relevance"), head, said or "", layers


def _heads(here: Here, question: Question) -> int:
    """The most heads that one of the chosen strategies was trained with; 0 where none has any."""
    chosen = [run.run_id for run in here.runs() if run.strategy in question.strategies and run.kind == "fusion"]
    return max((int(here.lab.run(run_id).settings.get("fusion", {}).get("heads", 0)) for run_id in chosen), default=0)


def _layers(here: Here, question: Question) -> tuple[int, int]:
    """How many of the encoder's last layers are looked into, of how many; asked where there are several."""
    with kindly():
        most = here.lab.encoder_layers(question) if question.strategies else 0
    if most < 2:
        return 1, most
    said = {1: f"Layer {most}, the last", most: f"All {most} layers"}
    picked = st.selectbox(
        "Layers of the encoder",
        range(1, most + 1),
        format_func=lambda n: said.get(n, f"Layers {most - n + 1} to {most}"),
        key="layers",
        label_visibility="collapsed",
        width=200,
    )
    return int(picked or 1), most


def _shown(here: Here, question: Question) -> tuple[str, str]:
    """The address of the picture that is looked at, and what the item is called."""
    shelf = here.shelf
    upload = question.upload
    shown = question.change.picture_of or question.item_id
    if shown is not None and (upload is None or question.change.picture_of):
        row = shelf.row_of[shown]
        picture = source(shelf.catalogue.fingerprint, row, str(shelf.catalogue.items["image"].iat[row]), "image")
    else:
        content = upload.picture if upload else None
        picture = f"data:image/webp;base64,{base64.b64encode(content).decode('ascii')}" if content else ""
    return picture, "What you brought" if upload else shelf.titles[shelf.row_of[question.item_id or ""]]
