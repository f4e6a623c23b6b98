"""The API as programs meet it: the library's numbers, and one sentence for each call that cannot be answered."""

import io
import json

import jsonschema
import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from PIL import Image
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.applications import Starlette
from starlette.testclient import TestClient

import fer_models as fer
from webapp.api import picture
from webapp.api.service import RATE_VARIABLE, api_routes

CHECKPOINT = "mobilenetv3_cpsca.ferplus"


def application(prefix: str = "/api", rate: str = "0") -> Starlette:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(RATE_VARIABLE, rate)
        return Starlette(routes=api_routes(prefix))


@pytest.fixture(scope="module")
def api() -> TestClient:
    return TestClient(application())


@pytest.fixture(scope="module")
def photo(astronaut) -> bytes:
    file = io.BytesIO()
    Image.fromarray(astronaut).save(file, "PNG")
    return file.getvalue()


def test_predictions_are_the_librarys(api, photo, astronaut):
    answer = api.post("/api/predict", params={"checkpoint": CHECKPOINT}, content=photo)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told["version"] == fer.__version__ and told["picture"] == {"width": 512, "height": 512}
    classifier, (face,) = fer.load_classifier(CHECKPOINT), fer.detect_faces(astronaut)
    (shares,) = classifier.predict([face.crop])
    (found,) = told["faces"]
    assert found["box"] == list(face.box) and np.array(found["eyes"]) == pytest.approx(np.array(face.eyes))
    assert list(found["probabilities"]) == list(classifier.labels)
    assert np.float32(list(found["probabilities"].values())).tolist() == shares.tolist()
    assert found["expression"] == classifier.labels[shares.argmax()]


def test_explanations_are_the_librarys(api, photo, astronaut):
    call = {"checkpoint": CHECKPOINT, "target": "fear", "method": "layer-cam", "layer": "features.7", "gates": "true"}
    told = api.post("/api/explain", params=call, files={"picture": photo}).json()
    classifier, (face,) = fer.load_classifier(CHECKPOINT), fer.detect_faces(astronaut)
    seen = fer.attribute(classifier, face.crop, "layer-cam", "fear", "features.7")
    assert np.float32(told["map"]).tolist() == seen.values.tolist()
    assert (told["target"], told["method"], told["layer"], told["unit"]) == (
        "fear",
        "layer-cam",
        "features.7",
        seen.unit,
    )
    gates = fer.explain(classifier, face.crop).gates
    assert [(gate["layer"], gate["kind"]) for gate in told["gates"]] == [(gate.layer, gate.kind) for gate in gates]
    rows = next(gate for gate in gates if gate.kind == "ca_h")
    given = next(gate for gate in told["gates"] if gate["kind"] == "ca_h")
    assert given["axes"] == ["height"] and np.allclose(given["values"], [np.mean(row) for row in rows.values.T])


def test_the_figure_says_where_it_comes_from(api, photo):
    call = {"checkpoint": CHECKPOINT, "method": "occlusion", "target": "anger"}
    answer = api.post("/api/explain", params=call, content=photo, headers={"Accept": "image/png"})
    assert answer.headers["content-type"] == "image/png" and answer.headers["vary"] == "Accept"
    (facts,) = json.loads(Image.open(io.BytesIO(answer.content)).text["Description"])
    assert (facts["checkpoint"], facts["map"], facts["target"]) == (CHECKPOINT, "occlusion", "anger")


def test_a_picture_without_a_face_has_none_unless_all_of_it_is_one(api):
    file = io.BytesIO()
    Image.new("RGB", (80, 60), "white").save(file, "JPEG")
    empty = file.getvalue()
    assert api.post("/api/predict", content=empty).json()["faces"] == []
    (face,) = api.post("/api/predict?whole=true", content=empty).json()["faces"]
    assert face["box"] == [0, 0, 80, 60] and face["eyes"] is None
    refused = api.post("/api/explain", content=empty)
    assert refused.status_code == 422 and "whole=true" in refused.json()["error"]


@pytest.mark.parametrize(
    ("path", "sent", "status", "said"),
    [
        ("predict", {"content": b"no picture"}, 422, "not a picture"),
        ("predict", {"content": b""}, 422, "empty"),
        ("predict", {"json": {"picture": "abc"}}, 415, "multipart/form-data"),
        ("predict", {"data": {"picture": "abc"}}, 415, "multipart/form-data"),
        ("predict", {"files": {"photo": b"x"}}, 400, "no file 'picture'"),
        ("predict", {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400, "boundary"),
        ("predict?checkpoint=mobilenetv3_cpska.ferplus", {"content": b"x"}, 422, "mobilenetv3_cpsca.ferplus"),
        ("predict?checkpoint=%2Fetc%2Fpasswd.safetensors", {"content": b"x"}, 422, "no checkpoint"),
        ("predict?whole=perhaps", {"content": b"x"}, 422, "whole"),
        ("predict?wole=true", {"content": b"x"}, 422, "wole"),
        ("predict", {"content": b"x", "headers": {"Accept": "text/html"}}, 406, "application/json"),
        ("explain", {"content": b"x", "headers": {"Accept": "image/png;q=0, text/*"}}, 406, "image/png"),
        ("explain?face=0", {"content": b"x"}, 422, "face"),
        ("explain?face=2", {"content": "photo"}, 422, "1 found"),
        ("explain?target=joy", {"content": "photo"}, 422, "happiness"),
        ("explain?method=gradcam", {"content": "photo"}, 422, "grad-cam"),
        ("explain?layer=features.99", {"content": "photo"}, 422, "features.99"),
        ("explain?method=occlusion&layer=features.7", {"content": "photo"}, 422, "layer"),
        ("explane", {"content": b"x"}, 404, "/explain"),
    ],
)
def test_each_mistake_is_one_sentence(api, photo, path, sent, status, said):
    if sent.get("content") == "photo":
        sent = sent | {"content": photo}
    answer = api.post(f"/api/{path}", **sent)
    assert answer.status_code == status and list(answer.json()) == ["error"]
    assert said in answer.json()["error"]


def test_what_is_not_posted_is_told_so(api):
    answer = api.get("/api/predict")
    assert answer.status_code == 405 and answer.headers["allow"] == "POST" and "POST" in answer.json()["error"]


@pytest.mark.parametrize("size", [11_000_000, 21_000_000])
@pytest.mark.parametrize("form", [False, True])
def test_too_much_is_refused_whichever_way_it_is_sent(api, size, form):
    sent = {"files": {"picture": bytes(size)}} if form else {"content": bytes(size)}
    answer = api.post("/api/predict", **sent)
    assert answer.status_code == 413 and "10 MB" in answer.json()["error"]


def test_a_caller_without_end_is_not_listened_to(monkeypatch):
    monkeypatch.setattr(picture, "_DROPPED", 20 * picture.MOST_BYTES // 10)
    sent = 0

    def endless():
        nonlocal sent
        while sent < 10 * picture.MOST_BYTES:
            sent += 1024**2
            yield bytes(1024**2)

    assert TestClient(application()).post("/api/predict", content=endless()).status_code == 413


def test_who_calls_too_often_is_told_when_to_come_back():
    api = TestClient(application(rate="2"))
    answers = [api.post("/api/predict", content=b"x") for _ in range(30)]
    assert [answer.status_code for answer in answers[:2]] == [422, 422]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 20
    assert all(int(answer.headers["retry-after"]) >= 1 and "2 a second" in answer.json()["error"] for answer in refused)


@pytest.mark.parametrize("rate", ["many", "-1", "inf", "nan"])
def test_a_limit_that_is_no_number_is_said_at_the_start(rate):
    with pytest.raises(ValueError, match=RATE_VARIABLE):
        application(rate=rate)


def test_no_answer_may_be_kept_or_taken_for_another_kind(api):
    for answer in (api.post("/api/predict", content=b"x"), api.get("/api"), api.get("/api/openapi.json")):
        assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_page_names_every_parameter_and_stands_below_the_sites_path():
    api = TestClient(application("/ferscope/api"), base_url="https://example.org")
    page = api.get("/ferscope/api").text
    for name in ("checkpoint", "whole", "face", "target", "method", "layer", "gates", "413", "429", "10 MB"):
        assert name in page
    assert "https://example.org/ferscope/api/predict" in page and 'href="/ferscope/api/openapi.json"' in page
    assert api.get("/ferscope/api/openapi.json").json()["servers"] == [{"url": "/ferscope/api"}]


def test_the_description_offers_what_the_library_has(api):
    paths = api.get("/api/openapi.json").json()["paths"]
    offered = {each["name"]: each["schema"] for each in paths["/explain"]["post"]["parameters"]}
    assert set(offered["checkpoint"]["enum"]) == set(fer.list_checkpoints())
    assert offered["method"]["enum"] == fer.list_methods()


@pytest.mark.parametrize("path", ["predict", "explain"])
def test_good_answers_are_as_the_description_says(api, photo, path):
    described = api.get("/api/openapi.json").json()
    answer = api.post(f"/api/{path}", params={"gates": "true"} if path == "explain" else {}, content=photo)
    jsonschema.validate(answer.json(), described | {"$ref": f"#/components/schemas/{path}"})


schema = schemathesis.openapi.from_asgi("/api/openapi.json", application())


@schema.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_is_answered_as_the_description_says(case):
    case.call_and_validate(
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_headers_conformance,
            response_schema_conformance,
        ]
    )
