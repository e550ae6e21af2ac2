"""The route for pictures gives kept pictures and nothing else."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mmviz.catalogue.base import Catalogue
from mmviz.ui import pictures


@pytest.fixture
def client(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr(pictures, "_routed", False)
    return TestClient(Starlette(routes=pictures.routes({"f1": catalogue}.get)))


def test_a_kept_picture_is_served_for_good(client: TestClient) -> None:
    answer = client.get("/pictures/thumbnail/f1/0")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content[:4] == b"RIFF"
    assert client.get("/pictures/image/f1/1").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "thumbnail/f1/2",  # no picture
        "thumbnail/f1/5",  # no such row
        "thumbnail/f1/-1",
        "thumbnail/f1/0.0",
        "thumbnail/f1/%2e%2e",
        "thumbnail/f1/..%2F..%2Fetc%2Fpasswd",
        "text/f1/0",  # a column, but not a picture
        "thumbnail/unknown/0",
        "thumbnail/f1/0/more",
    ],
)
def test_nothing_else_can_be_asked_for(client: TestClient, address: str) -> None:
    assert client.get(f"/pictures/{address}").status_code == 404


def test_addresses_are_short_once_the_route_is_there(catalogue: Catalogue, client: TestClient) -> None:
    assert pictures.source("f1", 7, "/somewhere/7.webp") == "pictures/thumbnail/f1/7"
    assert pictures.source("f1", 7, "") == ""


def test_without_the_route_a_picture_travels_inside(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_routed", False)
    path = str(catalogue.items["thumbnail"].iat[0])
    assert pictures.source("f1", 0, path).startswith("data:image/webp;base64,UklG")
    assert pictures.source("f1", 0, path + ".gone") == ""
