"""The server of the dashboard: the Streamlit app and, beside it, the route for pictures."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmviz.ui import state
from mmviz.ui.pictures import routes

if TYPE_CHECKING:
    from streamlit.starlette import App

    from mmviz.catalogue.base import Catalogue

__all__ = ["build", "serve"]


def build(script: Path) -> App:
    """The ASGI app for the dashboard whose entry script is `script` (`app.py`)."""
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.starlette import App

    # Else a folder named `pages` wakes Streamlit's old page discovery, and the first deep link finds no page.
    PagesManager.uses_pages_directory = False
    return App(script, routes=routes(_with_fingerprint), on_script_error=_say_sorry)


def serve(script: Path, config: Mapping[str, Any] | None = None) -> None:
    """Run the dashboard until it is stopped; `config` overrides such as {"server.port": 8502}.

    Changes the current folder to the script's, where Streamlit looks for `.streamlit/config.toml`. The lab is made
    before that, because the data home may be given relative to where the person stands.
    """
    state.lab()
    os.chdir(script.parent)
    build(script).run(config=config)


def _say_sorry(error: Exception) -> bool:
    """Show an unforeseen error in our own words; the whole of it goes to the log."""
    import streamlit as st

    logging.getLogger(__name__).error("A page failed.", exc_info=error)
    st.error(
        f"This page stumbled over an error of mmviz itself ({type(error).__name__}). The terminal in which mmviz runs "
        "has the details. Reload the page, or go to another one; nothing that was kept is lost.",
        icon=":material/error:",
    )
    return True


def _with_fingerprint(fingerprint: str) -> Catalogue | None:
    lab = state.lab()
    for card in lab.catalogues():
        if card.fingerprint == fingerprint:
            return lab.catalogue(card.name)
    return None
