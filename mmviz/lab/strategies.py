"""What can be trained, by name; nothing here needs a catalogue or anything that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from mmviz import baselines, fusion, interaction, twins, variants
from mmviz.errors import MmvizError, TrainingError, UnknownNameError
from mmviz.views import Kind, StrategyCard

__all__ = ["Strategies", "reads_all"]


class Strategies:
    """Verbs on names of strategies."""

    def strategies(self, under: str = interaction.DEFAULT, extras: Sequence[str] = ()) -> list[StrategyCard]:
        """What can be trained: the fusions under an interaction model in registry order, then the controls.

        `extras` are those of `variants`: each is added to the strategies that it can be added to.
        """
        fusions, controls = fusion.names(), baselines.names()
        plain = [
            *(_strategy_card("fusion", name, fusion.texts(name), order, under) for order, name in enumerate(fusions)),
            *(
                _strategy_card("control", name, baselines.texts(name), order)
                for order, name in enumerate(controls, start=len(fusions))
            ),
        ]
        return [_varied(card, tuple(extra for extra in extras if _takes(card, extra))) for card in plain]

    def strategy(self, name: str) -> StrategyCard:
        """One strategy by its full name, such as "concat", "concat@graph", "concat+attributes" or "ease"."""
        plain, extras = variants.parts(name)
        if plain not in self._known_strategies:
            raise UnknownNameError("strategy", name, self._known_strategies)
        card = self._known_strategies[plain]
        if variants.ATTRIBUTES in extras and not reads_all(card):
            raise TrainingError(f"{card.title} reads no attributes. Train it without them, as '{plain}'.")
        if card.kind == "control" and (more := [extra for extra in extras if extra != variants.ATTRIBUTES]):
            raise TrainingError(f"{card.title} is a control and is not trained for {', '.join(more)}. Choose a fusion.")
        return _varied(card, extras)

    @cached_property
    def _known_strategies(self) -> dict[str, StrategyCard]:
        """Every strategy under every interaction model, the controls, and every fusion's twins, by full name."""
        plain = [card for under in interaction.names() for card in self.strategies(under)]
        twinned = [_twin_card(card, kind) for card in plain if card.kind == "fusion" for kind in twins.TWINS]
        return {card.name: card for card in (*plain, *twinned)}

    def _is_known(self, strategy: str) -> bool:
        """Whether this version of mmviz has the strategy of a stored run."""
        try:
            self.strategy(strategy)
        except MmvizError:
            return False
        return True


def _strategy_card(
    kind: Kind, base: str, texts: Mapping[str, str], order: int, under: str = interaction.DEFAULT
) -> StrategyCard:
    suffix = "" if under == interaction.DEFAULT else f" · {interaction.texts(under)['title']}"
    said = {part: texts.get(part, "") for part in ("summary", "formula", "paper")}
    return StrategyCard(
        interaction.full_name(base, under), base, f"{texts['title']}{suffix}", kind=kind, order=order, **said
    )


def _twin_card(card: StrategyCard, kind: str) -> StrategyCard:
    return StrategyCard(
        name=twins.full_name(card.name, kind),
        base=card.base,
        title=f"{card.title} · {kind} content",
        summary=twins.TWINS[kind],
        formula=card.formula,
        paper=card.paper,
        kind="control",
        order=card.order,
    )


def _varied(card: StrategyCard, extras: tuple[str, ...]) -> StrategyCard:
    """The strategy with extras in its name and title."""
    return replace(card, name=variants.full_name(card.name, extras), title=variants.title(card.title, extras))


def _takes(card: StrategyCard, extra: str) -> bool:
    """Whether an extra can be added to a strategy."""
    return reads_all(card) if extra == variants.ATTRIBUTES else card.kind == "fusion"


def reads_all(card: StrategyCard) -> bool:
    """Whether a strategy reads every modality that there is, and so attributes too; a twin takes none."""
    if twins.parts(card.name)[1]:
        return False
    reads = fusion.reads(card.base) if card.kind == "fusion" else baselines.strategy(card.base).uses
    return reads is None
