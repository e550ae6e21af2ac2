"""A token store on disk: plain .npy files, a manifest, and a draft with a journal while it is being made.

    features/<fingerprint>/          complete: store.json and the arrays; never touched again
    features/<fingerprint>.part/     a draft: the arrays, and journal.jsonl with one line a finished batch
    features/<fingerprint>.lock      held by the process that works on the draft

A journal line carries a checksum of the rows that it speaks for. After a kill or a power cut at any moment a batch
counts as finished only if its line is whole and its rows on disk agree with it, so nothing half-written is kept and
nothing finished is done again. The draft takes its final name in one rename, after everything is flushed to disk.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mmviz.encoders.base import EncoderShape
from mmviz.errors import FeatureError

__all__ = [
    "STORE_VERSION",
    "ArraySpec",
    "Batch",
    "Draft",
    "Manifest",
    "array_specs",
    "open_arrays",
    "read_manifest",
]

STORE_VERSION = 1
_MANIFEST = "store.json"
_JOURNAL = "journal.jsonl"


class ArraySpec(NamedTuple):
    """Shape and type of one array of a store."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def row_bytes(self) -> int:
        """Bytes of one item's row."""
        return int(np.prod(self.shape[1:])) * self.dtype.itemsize


def array_specs(items: int, shape: EncoderShape) -> dict[str, ArraySpec]:
    """Every array of a store, by file name without ending; "modality.what"."""
    half, flag, whole = np.dtype(np.float16), np.dtype(bool), np.dtype(np.int32)
    return {
        "image.tokens": ArraySpec((items, shape.patches, shape.image_token), half),
        "image.mask": ArraySpec((items, shape.patches), flag),
        "image.pooled": ArraySpec((items, shape.image_pooled), half),
        "image.joint": ArraySpec((items, shape.joint), half),
        "text.tokens": ArraySpec((items, shape.words, shape.text_token), half),
        "text.mask": ArraySpec((items, shape.words), flag),
        "text.spans": ArraySpec((items, shape.words, 2), whole),
        "text.pooled": ArraySpec((items, shape.text_pooled), half),
        "text.joint": ArraySpec((items, shape.joint), half),
    }


@dataclass(frozen=True)
class Manifest:
    """What a complete store says about itself.

    `unreadable` holds item rows whose picture could not be decoded; `cut_words` counts the words beyond the last
    token and `cut_items` the items that have such.
    """

    encoder: str
    encoder_fingerprint: str
    catalogue_fingerprint: str
    items: int
    shape: EncoderShape
    unreadable: tuple[int, ...] = ()
    cut_words: int = 0
    cut_items: int = 0
    version: int = STORE_VERSION


@dataclass(frozen=True)
class Batch:
    """Finished rows of one modality: `arrays` by what they are ("tokens", "mask" …), and what was left out."""

    modality: str
    rows: Sequence[int]
    arrays: Mapping[str, np.ndarray]
    unreadable: Sequence[int] = ()
    cut: Sequence[int] = ()


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a complete store, or None when there is none; `FeatureError` when it is damaged."""
    try:
        raw = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        raw["shape"]["grid"] = tuple(raw["shape"]["grid"])
        shape = EncoderShape(**raw.pop("shape"))
        return Manifest(shape=shape, unreadable=tuple(raw.pop("unreadable")), **raw)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise FeatureError(f"The token store {folder} is damaged ({error}). Encode the catalogue again.") from error


def open_arrays(folder: Path, items: int, shape: EncoderShape) -> dict[str, np.ndarray]:
    """Memory-map every array of a store, read-only; `FeatureError` when one is missing, short or of other shape."""
    arrays = {}
    for name, spec in array_specs(items, shape).items():
        try:
            array = np.load(_array_file(folder, name), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise FeatureError(
                f"The token store {folder} is damaged: {name} {error}. Encode the catalogue again."
            ) from error
        if array.shape != spec.shape or array.dtype != spec.dtype:
            raise FeatureError(
                f"The token store {folder} is damaged: {name} is {array.dtype}{array.shape}, expected "
                f"{spec.dtype}{spec.shape}. Encode the catalogue again."
            )
        arrays[name] = array
    return arrays


class Draft:
    """A store in the making. Open one only while holding its lock.

    `done` maps a modality to the item rows that are finished.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self._manifest = manifest
        self._specs = array_specs(manifest.items, manifest.shape)
        self._lines: list[dict[str, Any]] = []
        if not self._resumes():
            self._create()
        self._verify()
        self._journal = (folder / _JOURNAL).open("ab", buffering=0)
        self._files = {name: _array_file(folder, name).open("r+b", buffering=0) for name in self._specs}
        self._starts = {name: _data_start(folder, name) for name in self._specs}

    @property
    def done(self) -> dict[str, set[int]]:
        rows: dict[str, set[int]] = {"image": set(), "text": set()}
        for line in self._lines:
            rows[line["modality"]].update(line["rows"])
        return rows

    def write(self, batch: Batch) -> None:
        """Put a finished batch on disk, then say so in the journal."""
        checksum = 0
        for name, spec in self._of(batch.modality).items():
            values = np.ascontiguousarray(batch.arrays[name.partition(".")[2]], dtype=spec.dtype)
            checksum = zlib.crc32(values.tobytes(), checksum)
            for row, value in zip(batch.rows, values, strict=True):
                self._files[name].seek(self._starts[name] + row * spec.row_bytes)
                _write_all(self._files[name], value.tobytes())
        line = {
            "modality": batch.modality,
            "rows": [int(row) for row in batch.rows],
            "checksum": checksum,
            "unreadable": [int(row) for row in batch.unreadable],
            "cut": [int(count) for count in batch.cut if count],
        }
        _write_all(self._journal, (json.dumps(line) + "\n").encode())
        self._lines.append(line)

    def close(self) -> None:
        """Let go of the files; what is finished stays for the next time."""
        for file in (self._journal, *self._files.values()):
            file.close()

    def finish(self, target: Path) -> Manifest:
        """Flush everything, write the manifest and take the final name."""
        for file in self._files.values():
            os.fsync(file.fileno())
        self.close()
        manifest = self._filled_manifest()
        _write_durably(self.folder / _MANIFEST, json.dumps(asdict(manifest), indent=1))
        if target.exists():  # a damaged store of the same fingerprint
            shutil.rmtree(target)
        self.folder.rename(target)
        _sync_folder(target.parent)
        (target / _JOURNAL).unlink(missing_ok=True)
        return manifest

    def _filled_manifest(self) -> Manifest:
        cut = [count for line in self._lines for count in line["cut"]]
        unreadable = sorted(row for line in self._lines for row in line["unreadable"])
        plain = self._manifest
        return Manifest(
            plain.encoder,
            plain.encoder_fingerprint,
            plain.catalogue_fingerprint,
            plain.items,
            plain.shape,
            tuple(unreadable),
            sum(cut),
            len(cut),
        )

    def _of(self, modality: str) -> dict[str, ArraySpec]:
        return {name: spec for name, spec in self._specs.items() if name.startswith(f"{modality}.")}

    def _header(self) -> dict[str, Any]:
        header: dict[str, Any] = json.loads(json.dumps(asdict(self._manifest)))  # as it comes back from disk
        return header

    def _resumes(self) -> bool:
        """True when the folder is a draft of the same store; its whole journal lines are then in memory."""
        try:
            open_arrays(self.folder, self._manifest.items, self._manifest.shape)
            whole = (self.folder / _JOURNAL).read_bytes().rpartition(b"\n")[0].splitlines()
            header, *self._lines = [json.loads(line) for line in whole]
        except (FeatureError, OSError, ValueError):
            return False
        return bool(header == self._header())

    def _create(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        _check_room(self.folder, sum(spec.row_bytes for spec in self._specs.values()) * self._manifest.items)
        for name, spec in self._specs.items():
            np.lib.format.open_memmap(_array_file(self.folder, name), "w+", spec.dtype, spec.shape)
        self._lines = []
        self._rewrite_journal()

    def _verify(self) -> None:
        """Keep the journal lines whose rows on disk have the checksum that they claim."""
        arrays = open_arrays(self.folder, self._manifest.items, self._manifest.shape)
        kept = [line for line in self._lines if self._checksum(arrays, line) == line["checksum"]]
        self._lines = kept
        self._rewrite_journal()

    def _checksum(self, arrays: Mapping[str, np.ndarray], line: Mapping[str, Any]) -> int:
        checksum = 0
        for name in self._of(line["modality"]):
            checksum = zlib.crc32(arrays[name][line["rows"]].tobytes(), checksum)
        return checksum

    def _rewrite_journal(self) -> None:
        lines = [json.dumps(line) for line in (self._header(), *self._lines)]
        _write_durably(self.folder / _JOURNAL, "\n".join(lines) + "\n")


def _array_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.npy"


def _data_start(folder: Path, name: str) -> int:
    array = np.load(_array_file(folder, name), mmap_mode="r")
    assert isinstance(array, np.memmap)
    return int(array.offset)


def _write_all(file: Any, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise FeatureError(
            f"The token store needs {needed / 1e6:,.0f} MB and {folder.parent} has {free / 1e6:,.0f} MB free. "
            "Free some space, or set MMVIZ_HOME to a folder on a larger disk."
        )


def _write_durably(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.new")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
