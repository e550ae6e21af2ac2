"""Catalogues: what they are, the readers that make them, and where they are kept."""

from mmviz.catalogue.base import Catalogue, Column, ColumnKind
from mmviz.catalogue.folder import read_folder
from mmviz.catalogue.report import Finding, ImportFailedError, ImportReport

__all__ = ["Catalogue", "Column", "ColumnKind", "Finding", "ImportFailedError", "ImportReport", "read_folder"]
