"""The same verbs as the dashboard, without a browser.

Exit codes: 0 done, 1 a problem that the message explains, 2 a wrong call, 130 interrupted.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from mmviz import __version__
from mmviz.errors import MmvizError, UnknownNameError
from mmviz.features import attributed, features_name
from mmviz.lab import DEFAULT_ENCODER, DEMO_SIZE, FIRST_STRATEGIES, Lab
from mmviz.lab.evidence import TWINNED
from mmviz.progress import Report
from mmviz.terminal import (
    board_records,
    board_table,
    compared_table,
    console,
    error_console,
    league_table,
    print_cards,
    print_json,
    print_learned,
    print_runs,
    progress_bars,
)

__all__ = ["app", "main"]

app = typer.Typer(
    name="mmviz",
    help="An interactive laboratory for multimodal recommender systems.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

CatalogueName = Annotated[str, typer.Argument(help="Name of a kept catalogue; `mmviz list catalogues` shows them.")]
SplitName = Annotated[str | None, typer.Option("--split", help="How to split; default: what suits the catalogue.")]
EncoderName = Annotated[
    str,
    typer.Option(help="'bundled', or an open_clip model and checkpoint such as ViT-B-32/laion2b_s34b_b79k."),
]
WithAttributes = Annotated[
    bool | None,
    typer.Option(
        "--attributes/--no-attributes",
        help="Read the catalogue's categories, tags and numbers as a third modality; default: as last chosen.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and no progress.")]


@app.callback(invoke_without_command=True)
def _version(show: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False) -> None:
    if show:
        console.print(__version__)
        raise typer.Exit


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="Folder with items.csv, ratings.csv and the pictures.")],
    name: Annotated[str | None, typer.Option(help="Name to keep it under; default: the folder's.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="role=column, such as title=product_name; may be repeated.")
    ] = None,
    replace: Annotated[bool, typer.Option(help="Replace a kept catalogue of that name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read a folder of items, pictures and interactions and keep it."""
    with progress_bars(as_json) as report:
        result = Lab().import_folder(folder, name, _pairs(column or [], "--column"), replace, report)
    if as_json:
        print_json(dataclasses.asdict(result))
        return
    console.print(
        f"[bold]{result.name}[/]: {result.n_items:,} items, {result.n_users:,} people, "
        f"{result.n_interactions:,} interactions."
    )
    for finding in result.findings:
        console.print(f"  {finding.level}: {finding.message}", style="yellow" if finding.level == "warning" else "")
    console.print(f"Next: mmviz encode {result.name}")


@app.command()
def demo(
    size: Annotated[
        int | None,
        typer.Option(help=f"Items, 30 to 100,000; default: as kept, else {DEMO_SIZE:,}.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw the demo catalogue, whose right answers are known. Goes on where it was stopped."""
    with progress_bars(as_json) as report:
        card = Lab().add_demo(size, report)
    if as_json:
        print_json(dataclasses.asdict(card))
        return
    console.print(
        f"[bold]{card.name}[/] (simulated): {card.n_items:,} items, {card.n_users:,} people, "
        f"{card.n_interactions:,} interactions.\nNext: mmviz encode {card.name}"
    )


@app.command()
def encode(
    catalogue: CatalogueName,
    encoder: EncoderName = DEFAULT_ENCODER,
    attributes: WithAttributes = None,
    as_json: AsJson = False,
) -> None:
    """Turn every picture and text into features. Goes on where it was stopped."""
    lab = Lab()
    encoder = _reading(lab, catalogue, encoder, attributes)
    with progress_bars(as_json) as report:
        n_items = lab.encode(catalogue, encoder, report)
    if as_json:
        print_json({"catalogue": catalogue, "encoder": encoder, "items": n_items})
    else:
        console.print(f"{n_items:,} items encoded.\nNext: mmviz train {catalogue}")


@app.command()
def train(
    catalogue: CatalogueName,
    strategies: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"Default: {' '.join(FIRST_STRATEGIES)}. NAME@graph and NAME@collective run a fusion under another "
            "interaction model than the two-tower one; NAME+category, +tags and +rating learn these tasks too, "
            "NAME+selfsupervised nothing but to match an item's own modalities.",
            show_default=False,
        ),
    ] = None,
    split: SplitName = None,
    seed: Annotated[int, typer.Option(help="Same seed, same machine: same numbers.")] = 0,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="name=value of a setting, such as dim=32; may be repeated.")
    ] = None,
    encoder: EncoderName = DEFAULT_ENCODER,
    attributes: WithAttributes = None,
    as_json: AsJson = False,
) -> None:
    """Train strategies, test each once, and keep the runs."""
    lab = Lab()
    encoder = _reading(lab, catalogue, encoder, attributes)
    settings = {name: _value(text) for name, text in _pairs(setting or [], "--set").items()}
    with progress_bars(as_json) as report:
        cards = [
            lab.train(catalogue, strategy, split, settings, seed, encoder, report)
            for strategy in strategies or FIRST_STRATEGIES
        ]
    print_runs(cards, as_json)
    if not as_json:
        trained = {card.strategy for card in cards}
        print_learned(lab.learned(catalogue, split), trained)


@app.command()
def evaluate(
    catalogue: CatalogueName,
    split: SplitName = None,
    metric: Annotated[str, typer.Option(help="Such as ndcg@10 or recall@20.")] = "ndcg@10",
    reference: Annotated[str, typer.Option(help="The strategy that the others are compared with.")] = "popularity",
    as_json: AsJson = False,
) -> None:
    """Compare the kept runs of a split, person by person, with intervals."""
    lab = Lab()
    table = lab.evaluate(catalogue, split, metric, reference)
    if as_json:
        print_json(table.to_dict(orient="records"))
        return
    ceiling = lab.ceiling(catalogue, split) if metric == "ndcg@10" else None
    console.print(compared_table(table, f"{metric} of {catalogue}, difference from {reference}", ceiling))
    print_learned(lab.learned(catalogue, split))


@app.command()
def tune(
    catalogue: CatalogueName,
    strategies: Annotated[list[str], typer.Argument(help="Strategies whose settings are searched.")],
    trials: Annotated[int, typer.Option(help="Settings tried for each; the first are the defaults.")] = 20,
    split: SplitName = None,
    seed: Annotated[int, typer.Option(help="Of the search and of every training.")] = 0,
    setting: Annotated[list[str] | None, typer.Option("--set", help="name=value that is not varied.")] = None,
    encoder: EncoderName = DEFAULT_ENCODER,
    as_json: AsJson = False,
) -> None:
    """Search settings by validation alone, then train at the best ones and test once."""
    lab = Lab()
    fixed = {name: _value(text) for name, text in _pairs(setting or [], "--set").items()}
    with progress_bars(as_json) as report:
        found = [lab.tune(catalogue, name, split, trials, fixed, seed, encoder, report) for name in strategies]
    if as_json:
        print_json([dataclasses.asdict(each) for each in found])
        return
    for each in found:
        console.print(f"[bold]{each.run.title}[/] after {len(each.trials)} trials: {each.best}")
    print_runs([each.run for each in found], False)


@app.command()
def board(
    catalogue: Annotated[str, typer.Argument(help="Name of a kept catalogue, or a folder, which is imported first.")],
    split: SplitName = None,
    under: Annotated[
        list[str] | None, typer.Option(help="Interaction model of the fusions; may be repeated. Default: two_tower.")
    ] = None,
    twin: Annotated[
        list[str] | None, typer.Option(help="Fusion whose twins stand on the board; may be repeated. Default: concat.")
    ] = None,
    again: Annotated[bool, typer.Option(help="Train what has a run already once more.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train all strategies and controls that have no run yet, and print the leaderboard. Goes on where it stopped."""
    lab = Lab()
    with progress_bars(as_json) as report:
        name = _kept(lab, catalogue, report)
        models = under or [lab.interaction_models()[0].name]
        made = lab.whole_board(name, split, models, twin or TWINNED, again, report)
    if as_json:
        print_json(dataclasses.asdict(made))
    else:
        console.print(league_table(made))


def _kept(lab: Lab, catalogue: str, report: Report) -> str:
    """The name of a kept and encoded catalogue; a folder is imported, and what is not encoded is encoded."""
    folder = Path(catalogue)
    known = {card.name: card for card in lab.catalogues()}
    name = catalogue
    if catalogue not in known and folder.is_dir():
        name = (
            folder.resolve().name if folder.resolve().name in known else lab.import_folder(folder, report=report).name
        )
    if not any(card.name == name and card.encoded for card in lab.catalogues()):
        lab.encode(name, report=report)
    return name


@app.command()
def recommend(
    catalogue: CatalogueName,
    user: Annotated[str | None, typer.Option(help="Id of a person.")] = None,
    liked: Annotated[list[str] | None, typer.Option(help="Item id that a new person likes; may be repeated.")] = None,
    strategy: Annotated[list[str] | None, typer.Option(help="Default: every one with a run.")] = None,
    k: Annotated[int, typer.Option(help="Length of the lists.")] = 10,
    split: SplitName = None,
    as_json: AsJson = False,
) -> None:
    """Show what each strategy recommends to one person, side by side."""
    if user is None and not liked:
        raise typer.BadParameter("Give --user ID, or --liked ITEM for a new person.")
    lab = Lab()
    names = strategy or [run.strategy for run in lab.runs(catalogue, split)]
    board = lab.recommend(catalogue, names, user, liked or (), k, split=split)
    items = lab.catalogue(catalogue).items
    if as_json:
        print_json(board_records(board, items))
    else:
        console.print(board_table(board, items, user or "A new person", k))


@app.command("list")
def list_(
    what: Annotated[
        str, typer.Argument(help="catalogues, strategies, interactions, tasks, splits or runs.")
    ] = "catalogues",
    catalogue: Annotated[str | None, typer.Option(help="For tasks, splits and runs.")] = None,
    split: SplitName = None,
    as_json: AsJson = False,
) -> None:
    """Show what there is: catalogues, strategies, interaction models, tasks, splits, runs."""
    lab = Lab()
    if what not in (kinds := ("catalogues", "strategies", "interactions", "tasks", "splits", "runs")):
        raise UnknownNameError("list", what, kinds)
    if what in ("tasks", "splits", "runs") and catalogue is None:
        raise typer.BadParameter(f"Say of which catalogue: mmviz list {what} --catalogue NAME.")
    if what == "runs":
        print_runs(lab.runs(str(catalogue), split), as_json)
        return
    made: dict[str, Callable[[], Sequence[Any]]] = {
        "catalogues": lab.catalogues,
        "strategies": lab.strategies,
        "interactions": lab.interaction_models,
        "tasks": lambda: lab.tasks(str(catalogue), lab.attributes(str(catalogue)).chosen),
        "splits": lambda: lab.splits(str(catalogue)),
    }
    columns = {
        "catalogues": ("name", "n_items", "n_users", "n_interactions", "encoded"),
        "strategies": ("name", "title", "kind", "summary"),
        "interactions": ("name", "title", "summary"),
        "tasks": ("name", "column", "summary", "problem"),
        "splits": ("name", "title", "n_test_users", "usable", "reason"),
    }[what]
    print_cards(made[what](), columns, as_json)


@app.command()
def report(
    catalogue: CatalogueName,
    split: SplitName = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; default: under the data home.")] = None,
    measure: Annotated[
        bool, typer.Option(help="First measure the knock-outs and cold starts that are not measured yet.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write everything that was measured on a split as one HTML page, with its tables as CSV and Parquet."""
    lab = Lab()
    with progress_bars(as_json) as progress:
        if measure:
            lab.measure_all(catalogue, split, report=progress)
        page = lab.write_report(catalogue, split, out, progress)
    if as_json:
        print_json({"page": page, "tables": sorted(path.name for path in (page.parent / "tables").iterdir())})
    else:
        console.print(f"{page}\nTables: {page.parent / 'tables'}", soft_wrap=True)


@app.command("app")
def app_(
    port: Annotated[int, typer.Option(help="Port of the dashboard on this machine.")] = 8501,
    headless: Annotated[bool, typer.Option(help="Do not open a browser.")] = False,
    demo: Annotated[bool, typer.Option(help="Make or finish the demo catalogue when there is no other yet.")] = True,
) -> None:
    """Start the dashboard; the very first time the demo catalogue is made in the background."""
    from mmviz.ui import state
    from mmviz.ui.server import serve

    if demo and state.lab().demo_is_due():
        state.lab().start_demo()

    serve(_app_root() / "app.py", {"server.port": port, "server.headless": headless})


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except MmvizError as error:
        error_console.print(str(error), style="red", highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        error_console.print("Stopped. What was finished is kept.")
        sys.exit(130)


def _app_root() -> Path:
    """The folder with app.py: inside an installed package, or the source tree."""
    here = Path(__file__).resolve().parent
    return here / "_app" if (here / "_app" / "app.py").is_file() else here.parent


def _pairs(texts: list[str], option: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(f"'{text}' is not name=value.", param_hint=option)
        pairs[name.strip()] = value.strip()
    return pairs


def _reading(lab: Lab, catalogue: str, encoder: str, attributes: bool | None) -> str:
    """The encoder's name with attributes or without: as asked for, else as its name says, else as last chosen."""
    plain, named = attributed(encoder)
    if attributes is None:
        attributes = named or lab.attributes(catalogue).chosen
    return features_name(plain, attributes)


def _value(text: str) -> Any:
    """A setting as JSON reads it (numbers, true, false), else the text itself."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
