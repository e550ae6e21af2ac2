"""mmviz in the browser: the pages and their sections."""

from pathlib import Path

import streamlit as st

from mmviz.ui.frame import brand, landing

ROOT = Path(__file__).parent

st.set_page_config(page_title="mmviz", page_icon=str(ROOT / "assets/mark.svg"), layout="wide")
brand(ROOT / "assets")
pages = {
    "": [st.Page(landing, title="mmviz", default=True, visibility="hidden")],
    "Explore": [
        st.Page("app_pages/explore/catalogue.py", url_path="catalogue", title="Catalogue", icon=":material/grid_view:", help="Every item of the collection: search it, filter it, and see what lies near what."),
        st.Page("app_pages/explore/recommendations.py", url_path="recommendations", title="Recommendations", icon=":material/view_column:", help="Several strategies' lists for one person, side by side."),
    ],
    "Build": [
        st.Page("app_pages/build/models.py", url_path="models", title="Models", icon=":material/model_training:", help="Train strategies and compare what they reach on the held-out part."),
        st.Page("app_pages/build/start.py", url_path="start", title="Add a catalogue", icon=":material/add_photo_alternate:", help="Open the demo or import a folder of pictures, texts and ratings."),
    ],
}
st.navigation(pages).run()
