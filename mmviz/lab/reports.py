"""Reports: what was measured on a split, written down so that it can be sent and repeated."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from mmviz import __version__
from mmviz.errors import RunError
from mmviz.evaluation.knockouts import knock_outs_of
from mmviz.evaluation.splits import describe
from mmviz.lab.catalogues import Catalogues
from mmviz.lab.cold_start import COLD, ColdStart
from mmviz.lab.evidence import Evidence
from mmviz.lab.models import split_card
from mmviz.progress import Progress, Report, silent
from mmviz.reporting.findings import Findings

__all__ = ["Reports"]


class Reports(Catalogues, Evidence, ColdStart):
    """Verbs that write reports."""

    def write_report(
        self, catalogue: str, split: str | None = None, folder: Path | None = None, report: Report = silent
    ) -> Path:
        """Write everything that was measured on a split as `report.html` and tables; the path of the page.

        `folder` is made, and replaced if it holds a report (default: under the data home). Nothing is computed but
        intervals; what was not measured is not in it. Raises RunError when nothing is trained on the split, and when
        the folder holds something else than a report; EvaluationError on a split with too few people to rank models.
        """
        from mmviz.reporting.write import write_report

        named = self._judging(self.catalogue(catalogue), split).name
        target = folder or self.report_folder(catalogue, split)
        if target.exists() and any(target.iterdir()) and not (target / "report.html").is_file():
            raise RunError(f"'{target}' holds something that is no report. Name a new or empty folder.")
        report(Progress("Gathering", 0, 2))
        found = self._findings(catalogue, named)
        report(Progress("Writing the report", 1, 2, str(target)))
        return write_report(found, target)

    def report_folder(self, catalogue: str, split: str | None = None) -> Path:
        """Where the report of a split lies under the data home, written or not."""
        return self.home / "reports" / f"{catalogue}-{self._split(self.catalogue(catalogue), split).name}"

    def packed_report(self, catalogue: str, split: str | None = None) -> bytes:
        """The last report of a split as a zip archive. Raises RunError when none was written."""
        from mmviz.reporting.write import packed

        folder = self.report_folder(catalogue, split)
        if not folder.is_dir():
            raise RunError(f"No report of '{catalogue}' was written yet. Write it first.")
        return packed(folder)

    def start_report(self, catalogue: str, split: str | None = None) -> str:
        """As `write_report` in the background; the job's id."""
        return self._jobs.start(
            f"Report on {catalogue}",
            lambda report: self.write_report(catalogue, split, report=report),
            catalogue,
            f"report:{catalogue}:{split}",
        )

    def _findings(self, catalogue: str, split: str) -> Findings:
        runs = self.runs(catalogue, split)
        if not runs:
            raise RunError(f"Nothing is trained on the split '{split}' of '{catalogue}' yet. Train something first.")
        names = [knock.name for knock in knock_outs_of(self.features(catalogue).modalities)]
        return Findings(
            catalogue=next(card for card in self.catalogues() if card.name == catalogue),
            split=split_card(describe(self.catalogue(catalogue), split)),
            runs=tuple(runs),
            records=tuple(self.run(run.run_id) for run in runs),
            per_user=tuple(self.per_user(run.run_id) for run in runs),
            ceiling=self.ceiling(catalogue, split),
            doubts={row.title: row.doubts for row in self.leaderboard(catalogue, split).standings if row.doubts},
            knock_outs=tuple(self.knock_out_curves(catalogue, name, split=split) for name in names),
            cold={what: self.cold_curves(catalogue, what, split=split) for what in COLD},
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            version=__version__,
            command=f"mmviz report {catalogue} --split {split}",
        )
