"""The Gradio app as its users meet it: a browser's stream, gradio_client, an MCP client; below the site's path."""

import base64
import importlib
import io
import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

import fer_models as fer
from tests.support.mcp import with_tools
from tests.support.servers import ROOT, free_port, get, running
from webapp.components.gallery import FOLDER, read_gallery

CHECKPOINT = "mobilenetv3_cpsca.ferplus"


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> Iterator[str]:
    """The site, Gradio's page not asked for yet."""
    port = free_port()
    command = [sys.executable, "-P", "-m", "streamlit", "run", ROOT / "webapp" / "server.py"]
    flags = ["--server.port", str(port), "--server.headless", "true"]
    home = tmp_path_factory.mktemp("home")
    variables = {"GRADIO_TEMP_DIR": str(home / "gradio"), "PYTHONPATH": str(ROOT)}
    with running([*command, *flags], f"http://127.0.0.1:{port}", home, **variables) as url:
        yield url


@pytest.fixture(scope="module")
def client(url) -> Client:
    return Client(f"{url}/gradio/", verbose=False, analytics_enabled=False, httpx_kwargs={"timeout": 240})


@pytest.fixture(scope="module")
def photo(tmp_path_factory, astronaut) -> str:
    file = tmp_path_factory.mktemp("photo") / "astronaut.png"
    Image.fromarray(astronaut).save(file)
    return str(file)


@pytest.fixture(scope="module")
def known(astronaut) -> tuple[fer.Classifier, np.ndarray]:
    return fer.load_classifier(CHECKPOINT), fer.detect_faces(astronaut)[0].crop


def test_clients_get_the_librarys_predictions(client, photo, known):
    told = client.predict(handle_file(photo), CHECKPOINT, False, api_name="/predict")
    classifier, crop = known
    (face,) = told["faces"]
    assert np.float32(list(face["probabilities"].values())).tolist() == classifier.predict([crop])[0].tolist()


def test_clients_get_the_librarys_maps_and_a_figure_that_says_where_it_comes_from(client, photo, known):
    call = handle_file(photo), CHECKPOINT, "fear", "layer-cam", 1, False
    told, drawn = client.predict(*call, api_name="/explain")
    seen = fer.attribute(*known, "layer-cam", "fear")
    assert np.float32(told["map"]).tolist() == seen.values.tolist()
    (facts,) = json.loads(Image.open(drawn if isinstance(drawn, str) else drawn["path"]).text["Description"])
    assert (facts["checkpoint"], facts["target"]) == (CHECKPOINT, "fear")


def test_clients_compare_networks(client, photo, known):
    names = [CHECKPOINT, "a_mobilenet.ferplus"]
    told, _ = client.predict(handle_file(photo), names, "", "grad-cam", False, api_name="/compare")
    assert [each["checkpoint"] for each in told] == names
    assert np.float32(told[0]["map"]).tolist() == fer.attribute(*known, "grad-cam").values.tolist()


def test_clients_ask_whether_a_map_is_true(client, photo, known):
    told = client.predict(handle_file(photo), CHECKPOINT, "", "occlusion", False, api_name="/faithfulness")
    rows = fer.faithfulness(*known, {"occlusion": fer.attribute(*known, "occlusion")})
    assert [(row["map"], row["better_than_a_guess"]) for row in told] == [(row.name, row.verdict) for row in rows]
    assert [row["gain"] for row in told] == pytest.approx([row.gain for row in rows], abs=1e-6)


@pytest.mark.parametrize(
    ("change", "said"),
    [({0: __file__}, "not a picture"), ({2: "joy"}, "happiness"), ({4: 7}, "no face 7"), ({1: "none"}, "choices")],
)
def test_what_cannot_be_answered_is_one_sentence(client, photo, change, said):
    call = [photo, CHECKPOINT, "", "grad-cam", 1, False]
    for place, value in change.items():
        call[place] = value
    with pytest.raises(AppError, match=said):
        client.predict(handle_file(call[0]), *call[1:], api_name="/explain")


def test_no_file_of_the_server_can_be_read(client, url):
    """Neither by its address, nor as a picture that was never uploaded."""
    api, file = f"{url}/gradio/gradio_api", FOLDER / read_gallery()["happiness"][0].file
    assert get(f"{api}/file={file}").status in (403, 404)
    picture = {"path": str(file), "meta": {"_type": "gradio.FileData"}}
    called = httpx.post(f"{api}/call/predict", json={"data": [picture, CHECKPOINT, True]}, timeout=60).json()
    told = httpx.get(f"{api}/call/predict/{called['event_id']}", timeout=60).text
    assert "event: error" in told and "probabilities" not in told
    for given in (str(file), file.as_uri(), f"http://127.0.0.1:{urlsplit(url).port}/healthz"):
        call = {"picture": given, "whole": True}
        answer = with_tools(f"{url}/gradio/", lambda session, call=call: session.call_tool("predict", call))
        assert answer.isError and "ready" not in answer.content[0].text, answer.content


def test_what_the_page_itself_calls_is_private(client):
    config = client.config["dependencies"]
    visible = {each["api_name"]: each["api_visibility"] for each in config if each["api_visibility"] != "private"}
    assert visible == {
        "predict": "public",
        "explain": "public",
        "compare": "undocumented",
        "faithfulness": "undocumented",
    }
    with pytest.raises(ValueError, match="_live"):
        client.predict(None, CHECKPOINT, api_name="/_live")


def test_language_models_have_two_tools_that_say_what_they_do(client, url):
    tools = with_tools(f"{url}/gradio/", lambda session: session.list_tools()).tools
    assert {tool.name.removeprefix("FERScope_").removeprefix("gradio_") for tool in tools} == {"predict", "explain"}
    assert all("expression" in tool.description for tool in tools)


def test_language_models_get_the_librarys_predictions(client, url, photo, known):
    told, *_ = asked(url, "predict", picture=data_url(photo), checkpoint=CHECKPOINT)
    classifier, crop = known
    shares = list(told["faces"][0]["probabilities"].values())
    assert shares == pytest.approx(classifier.predict([crop])[0].tolist(), abs=1e-6)


def test_language_models_get_the_librarys_maps_and_see_them(client, url, photo, known):
    told, drawn = asked(url, "explain", picture=data_url(photo), checkpoint=CHECKPOINT, target="fear")
    seen = fer.explain(*known, "fear")
    assert np.float32(told["map"]) == pytest.approx(seen.cam, abs=1e-6)
    assert list(told["face"]["probabilities"].values()) == pytest.approx(seen.probabilities.tolist(), abs=1e-6)
    assert told["target"] == "fear" and min(Image.open(io.BytesIO(drawn)).size) > 100


def test_a_call_that_cannot_be_answered_is_one_sentence_to_a_language_model(client, url, photo):
    call = {"picture": data_url(photo), "checkpoint": CHECKPOINT, "target": "joy"}
    answer = with_tools(f"{url}/gradio/", lambda session: session.call_tool("explain", call))
    (said,) = answer.content
    assert answer.isError and "happiness" in said.text and "Traceback" not in said.text


@pytest.mark.parametrize("tool", ["compare", "faithfulness", "_live"])
def test_a_private_function_is_no_tool(client, url, tool):
    answer = with_tools(f"{url}/gradio/", lambda session: session.call_tool(tool, {}))
    (said,) = answer.content
    assert answer.isError and "nknown tool" in said.text and "\n" not in said.text.strip()


def asked(url: str, tool: str, **call: str) -> list[Any]:
    """What an MCP client gets of a tool: numbers from texts, a picture's bytes."""
    answer = with_tools(f"{url}/gradio/", lambda session: session.call_tool(tool, call))
    assert not answer.isError, answer.content
    texts = [json.loads(each.text) for each in answer.content if each.type == "text" and each.text.startswith("{")]
    return [*texts, *(base64.b64decode(each.data) for each in answer.content if each.type == "image")]


def data_url(photo: str) -> str:
    return f"data:image/png;base64,{base64.b64encode(Path(photo).read_bytes()).decode()}"


def test_the_page_loads_nothing_from_elsewhere(client, url):
    page = get(f"{url}/gradio/")
    assert page.status == 200 and "default-src 'self'" in page.headers["content-security-policy"]


# --- In this process ----------------------------------------------------------------------------------------------


def test_a_camera_outlives_frames_that_cannot_be_answered(photo, monkeypatch):
    from webapp import space

    _, shares = space._live(Path(photo).read_bytes(), CHECKPOINT)
    assert sum(shares.values()) == pytest.approx(1)
    cut, _ = space._live(Path(photo).read_bytes()[:2000], CHECKPOINT)
    assert "cut short" in cut
    white = np.full((60, 60, 3), 255, np.uint8)
    without, _ = space._live(fer_png(white), CHECKPOINT)
    assert "No face" in without
    monkeypatch.setattr(space, "explained", lambda *_: 1 / 0)
    broken, _ = space._live(b"", CHECKPOINT)
    assert "next one" in broken
    (stream,) = [each for each in space.app().fns.values() if each.connection == "stream"]
    assert stream.fn is space._live and stream.time_limit and stream.concurrency_limit > 1


def fer_png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def test_a_lent_gpu_is_taken_where_there_is_one(monkeypatch):
    from webapp import endpoints

    lent = []
    there = types.ModuleType("spaces")
    there.GPU = lambda work: lent.append(work.__name__) or work
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "spaces", there)
        importlib.reload(endpoints)
    assert lent == ["faithfulness"]
    importlib.reload(endpoints)


def test_the_site_starts_without_gradio():
    """It is loaded when its page is first asked for."""
    import subprocess

    code = "import sys, webapp.server; print([name for name in ('gradio', 'mcp', 'fastapi') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
