"""Add a catalogue: from a folder of pictures, texts and ratings, or the demo."""

import streamlit as st

from mmviz.ui.frame import open_any_page
from mmviz.ui.starting import catalogues, offer_demo, offer_folder, progress
from mmviz.ui.state import lab

open_any_page("Add a catalogue", "Which collection do you want to look into?")
progress()
demo, folder = st.columns(2, gap="large")
with demo:
    offer_demo()
with folder:
    offer_folder()
catalogues(lab().catalogues())
