"""What models read of a catalogue: pictures and words, and its attributes where they are chosen."""

from __future__ import annotations

from mmviz import variants
from mmviz.errors import FeatureError
from mmviz.features import attribute_columns, features_name
from mmviz.lab.core import DEFAULT_ENCODER, Core
from mmviz.lab.strategies import reads_all
from mmviz.views import AttributesCard

__all__ = ["Reading"]


class Reading(Core):
    """Verbs on attributes, the third modality."""

    def attributes(self, catalogue: str) -> AttributesCard:
        """The third modality of a catalogue: which columns it is made of, and whether it was chosen."""
        found = self.catalogue(catalogue)
        columns = tuple(column.name for column in attribute_columns(found))
        problem = "" if columns else "None of its columns holds categories, tags or numbers."
        chosen = bool(columns) and bool(self._settings.get(f"attributes/{found.fingerprint}", False))
        return AttributesCard(columns, chosen, problem)

    def use_attributes(self, catalogue: str, use: bool = True) -> None:
        """Choose whether the columns are read beside pictures and words when nothing else is said.

        Raises FeatureError when there are none to read.
        """
        card, found = self.attributes(catalogue), self.catalogue(catalogue)
        if use and card.problem:
            raise FeatureError(f"'{catalogue}' has no attributes. {card.problem} Go on with pictures and words.")
        self._settings.set(f"attributes/{found.fingerprint}", use)

    def encoder_in_use(self, catalogue: str) -> str:
        """The encoder that is meant when none is named: the bundled one, with attributes where they were chosen."""
        return features_name(DEFAULT_ENCODER, self.attributes(catalogue).chosen)

    def reads_attributes(self, strategy: str) -> bool:
        """Whether a strategy can read attributes: one that is made for one modality, or for none, does not."""
        return reads_all(self.strategy(variants.parts(strategy)[0]))
