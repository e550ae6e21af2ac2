"""Hand-made folders for the tests of the folder reader."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from mmviz.catalogue import Catalogue, ImportReport, read_folder
from mmviz.catalogue.report import Finding

ITEMS = "item_id,title,description,image\n1,Mug,A red mug,a.png\n2,Lamp,A tall lamp,b.png\n3,Vase,A thin vase,\n"
RATINGS = (
    "user_id,item_id,rating,timestamp\nu1,1,5,1600000000\nu1,2,3,1600000100\nu2,1,4,1600000200\nu2,3,2,1600000300\n"
)


def write_folder(folder: Path, items: str | None = ITEMS, ratings: str | None = RATINGS, pictures: bool = True) -> Path:
    """Write the two tables (None = leave out) and the pictures a.png and b.png."""
    folder.mkdir(parents=True, exist_ok=True)
    if items is not None:
        (folder / "items.csv").write_text(items, encoding="utf-8", newline="")
    if ratings is not None:
        (folder / "ratings.csv").write_text(ratings, encoding="utf-8", newline="")
    if pictures:
        write_picture(folder / "a.png", "red")
        write_picture(folder / "b.png", "blue")
    return folder


def write_picture(path: Path, colour: str = "red", size: tuple[int, int] = (32, 24)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def imported(folder: Path, **options: object) -> tuple[Catalogue, ImportReport]:
    """Import a folder into a home beside it."""
    return read_folder(folder, folder.parent / "home", **options)  # type: ignore[arg-type]


def finding(report: ImportReport, kind: str) -> Finding:
    found = [entry for entry in report.findings if entry.kind == kind]
    assert len(found) == 1, f"{kind} not once among {[entry.kind for entry in report.findings]}"
    return found[0]


def kinds(report: ImportReport) -> set[str]:
    return {entry.kind for entry in report.findings}
