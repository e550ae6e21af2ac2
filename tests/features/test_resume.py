"""Killed at any moment, damaged on disk, or run twice at once: the same store, and nothing is done twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mmviz.errors import FeatureError
from mmviz.features import Features, encode_catalogue, has_features, load_features
from mmviz.features.load import store_folder
from mmviz.progress import Cancelled, Progress
from tests.features.make import ITEMS, CountingEncoder, small_catalogue, write_pictures

ROOT = Path(__file__).parents[2]
BATCH = 4
ENCODED = 2 * ITEMS - 3  # without one picture that is not there, one that is broken, and one text that is not there


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "pictures")
    return tmp_path / "pictures"


def contents(folder: Path | None) -> dict[str, bytes]:
    assert folder is not None
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def undisturbed(pictures: Path, home: Path) -> dict[str, bytes]:
    return contents(encode_catalogue(small_catalogue(pictures), CountingEncoder(), home).folder)


def start(home: Path, pictures: Path, log: Path, pause: float) -> subprocess.Popen[bytes]:
    words = ["-m", "tests.features.make", home, pictures, log, pause]
    return subprocess.Popen([sys.executable, *map(str, words)], cwd=ROOT)


def counted(log: Path) -> Counter[str]:
    return Counter(log.read_text().splitlines()) if log.exists() else Counter()


def encode(pictures: Path, home: Path, done: list[str] | None = None, **options: float) -> Features:
    encoder = CountingEncoder(done.append if done is not None else lambda _: None, **options)  # type: ignore[arg-type]
    return encode_catalogue(small_catalogue(pictures), encoder, home)


def test_kills_at_random_moments_cost_no_finished_item(pictures: Path, tmp_path: Path) -> None:
    log, home = tmp_path / "log", tmp_path / "home"
    moments, kills = random.Random(time.time_ns()), 0
    for _ in range(3):
        before = counted(log).total()
        process = start(home, pictures, log, pause=0.004)
        target = before + moments.randint(1, 30)
        while counted(log).total() < target and process.poll() is None:
            time.sleep(0.001)
        time.sleep(moments.random() * 0.02)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
            process.wait()
            assert not has_features(small_catalogue(pictures), CountingEncoder(), home)
        assert process.wait() in (0, -signal.SIGKILL)
    assert start(home, pictures, log, pause=0).wait() == 0
    assert kills > 0
    times = counted(log)
    assert len(times) == ENCODED
    assert times.total() - ENCODED <= kills * BATCH  # at most the batch that was under way
    folder = store_folder(small_catalogue(pictures), CountingEncoder(), home)
    assert contents(folder) == undisturbed(pictures, tmp_path / "other")


def cancelled_half_way(pictures: Path, home: Path) -> tuple[list[str], Path]:
    """Encode until some pictures are done; what was encoded, and the draft that is left."""
    done: list[str] = []

    def report(progress: Progress) -> None:
        if progress.stage == "Encoding pictures" and progress.done >= 20:
            raise Cancelled

    with pytest.raises(Cancelled):
        encode_catalogue(small_catalogue(pictures), CountingEncoder(done.append), home, report)
    return done, store_folder(small_catalogue(pictures), CountingEncoder(), home).with_suffix(".part")


def test_a_cancelled_run_goes_on_where_it_was(pictures: Path, tmp_path: Path) -> None:
    done, draft = cancelled_half_way(pictures, tmp_path / "home")
    assert draft.is_dir() and not has_features(small_catalogue(pictures), CountingEncoder(), tmp_path / "home")
    rest: list[str] = []
    folder = encode(pictures, tmp_path / "home", rest).folder
    assert not set(done) & set(rest) and len(done) + len(rest) == ENCODED
    assert contents(folder) == undisturbed(pictures, tmp_path / "other")
    assert not draft.exists()


def test_a_torn_journal_line_and_torn_rows_are_done_again(pictures: Path, tmp_path: Path) -> None:
    _, draft = cancelled_half_way(pictures, tmp_path / "home")
    journal = draft / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]) + lines[-1][:25])  # the machine stopped within this line
    torn = json.loads(lines[3])
    tokens = np.load(draft / f"{torn['modality']}.tokens.npy", mmap_mode="r+")
    tokens[torn["rows"][1]] = 0  # and lost this page
    tokens.flush()
    again: list[str] = []
    folder = encode(pictures, tmp_path / "home", again).folder
    lost = set(torn["rows"]) | set(json.loads(lines[-1])["rows"])
    assert len(again) == ENCODED - sum(len(json.loads(line)["rows"]) for line in lines[1:]) + 1 + len(lost)
    assert contents(folder) == undisturbed(pictures, tmp_path / "other")


@pytest.mark.parametrize("harm", ["no journal", "short array", "other header", "empty"])
def test_a_draft_that_cannot_be_trusted_is_begun_anew(pictures: Path, tmp_path: Path, harm: str) -> None:
    _, draft = cancelled_half_way(pictures, tmp_path / "home")
    journal = draft / "journal.jsonl"
    if harm == "no journal":
        journal.unlink()
    elif harm == "short array":
        os.truncate(draft / "image.tokens.npy", 500)
    elif harm == "other header":
        journal.write_bytes(journal.read_bytes().replace(b'"version": ', b'"version": 9'))
    else:
        for file in draft.iterdir():
            file.unlink()
    again: list[str] = []
    folder = encode(pictures, tmp_path / "home", again).folder
    assert len(again) == ENCODED
    assert contents(folder) == undisturbed(pictures, tmp_path / "other")


def test_another_batch_size_still_keeps_what_is_done(pictures: Path, tmp_path: Path) -> None:
    done, _ = cancelled_half_way(pictures, tmp_path / "home")
    rest: list[str] = []
    encoder = CountingEncoder(rest.append)
    encoder.image_batch = encoder.text_batch = 7
    features = encode_catalogue(small_catalogue(pictures), encoder, tmp_path / "home")
    assert not set(done) & set(rest)
    plain = encode(pictures, tmp_path / "other")
    for name in ("image", "text"):
        np.testing.assert_array_equal(features.modalities[name].tokens, plain.modalities[name].tokens)


def test_two_processes_at_once_share_the_work(pictures: Path, tmp_path: Path) -> None:
    log, home = tmp_path / "log", tmp_path / "home"
    pair = [start(home, pictures, log, pause=0.005) for _ in range(2)]
    assert [process.wait() for process in pair] == [0, 0]
    assert set(counted(log).values()) == {1} and counted(log).total() == ENCODED
    folder = store_folder(small_catalogue(pictures), CountingEncoder(), home)
    assert contents(folder) == undisturbed(pictures, tmp_path / "other")


def test_what_is_there_is_not_made_again(pictures: Path, tmp_path: Path) -> None:
    encode(pictures, tmp_path / "home")
    again: list[str] = []
    encode(pictures, tmp_path / "home", again)
    assert again == []


def test_a_damaged_store_is_reported_and_made_again(pictures: Path, tmp_path: Path) -> None:
    folder = encode(pictures, tmp_path / "home").folder
    before = contents(folder)
    assert folder is not None
    os.truncate(folder / "text.tokens.npy", 300)
    with pytest.raises(FeatureError, match=r"damaged: text\.tokens.*Encode the catalogue again"):
        load_features(small_catalogue(pictures), CountingEncoder(), tmp_path / "home")
    again: list[str] = []
    assert contents(encode(pictures, tmp_path / "home", again).folder) == before
    assert len(again) == ENCODED
