"""mmviz in the browser: the pages and their sections."""

from pathlib import Path

import streamlit as st

from mmviz.ui.frame import brand, landing, page

ROOT = Path(__file__).parent

st.set_page_config(page_title="mmviz", page_icon=str(ROOT / "assets/mark.svg"), layout="wide")
brand(ROOT / "assets")
pages = {
    "": [st.Page(landing, title="mmviz", default=True, visibility="hidden")],
    "Explore": [
        page("catalogue", "Catalogue", "grid_view", "Every item of the collection: search, filter, browse."),
        page("recommendations", "Recommendations", "view_column", "Several strategies' lists for one person."),
        page("attention", "Attention", "center_focus_strong", "What each strategy looked at, and if it is true."),
        page(
            "spaces", "Spaces", "scatter_plot", "Where items lie in each space, and how they move between strategies."
        ),
    ],
    "Evidence": [
        page("leaderboard", "Leaderboard", "leaderboard", "Which strategy is ahead, and is it more than chance?"),
        page("robustness", "Robustness", "health_and_safety", "What breaks, and what becomes of what is new."),
    ],
    "Learn": [
        page("methods", "Methods", "school", "How each strategy works, with its formula and data flow."),
    ],
    "Build": [
        page("models", "Models", "model_training", "Train strategies and search for their settings."),
        page("start", "Add a catalogue", "add_photo_alternate", "Open the demo or import a folder."),
    ],
}
st.navigation(pages).run()
