"""FERScope as a Gradio app: Recognise, Compare and a camera, endpoints for gradio_client, tools for MCP clients.

``make space`` starts it alone; the site serves it at /gradio. Hugging Face's ZeroGPU runs Gradio alone, and lends its
GPU to what is marked so. Never start this file as a script: ``spaces`` would then be the file beside it.
"""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import cv2
import gradio as gr
import numpy as np
from fastapi import FastAPI
from gradio.data_classes import JsonData

import fer_models as fer
from fer_models.checkpoints import DEFAULT_CHECKPOINT
from fer_models.export import sheet as sheets
from fer_models.export.figure import SIDE, overlay
from fer_models.images import MAX_BYTES
from fer_models.text import probability_text
from webapp import wording
from webapp.api.answers import Answer, Unusable, explained, known_classifier
from webapp.components.gallery import FOLDER, read_gallery
from webapp.endpoints import compare, explain, faithfulness, predict, told
from webapp.figures.gate_groups import plain_name
from webapp.figures.pictures import data_uri, face_webp

logger = logging.getLogger(__name__)

AS_PREDICTED = "as predicted"
KEPT_S = 600  # seconds after which a picture's temporary file goes
WAITING = 64  # calls that may wait; more are turned away
STREAMS = 8  # cameras at a time
STREAM_S = 300  # after which a camera is stopped, and may be started again
TITLE = "# FERScope\nWhat does a network see in this face, and which places matter to it?"
ABOUT = (
    "An expression is what people would name; it does not say what a person feels. Pictures are kept in temporary "
    "files for ten to twenty minutes, for this page alone."
)
_SAMPLES = "Samples: composites of many faces, which are nobody's, and a photo"
THEME = gr.themes.Base(
    primary_hue="teal",
    neutral_hue="slate",
    font=["system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
)
# Captions whole and pictures all at once, where Gradio would cut the ones and scroll the others.
CSS = """
.caption-label { white-space: normal !important; max-width: 95% !important; }
.grid-wrap { max-height: none !important; }
"""
LAUNCH: dict[str, Any] = {
    "theme": THEME,
    "css": CSS,
    "mcp_server": True,
    "footer_links": ["api", "settings"],
    "run_history": False,
    "max_file_size": MAX_BYTES,
}


def app() -> gr.Blocks:
    """The page and its endpoints; to be launched with LAUNCH, or mounted."""
    names = wording.in_papers_order(fer.list_checkpoints())
    networks = [(wording.network_name(name), name) for name in names]
    with gr.Blocks(title="FERScope", analytics_enabled=False, delete_cache=(KEPT_S, KEPT_S)) as page:
        gr.Markdown(TITLE)
        with gr.Tab("Recognise"):
            _recognise_tab(networks)
        with gr.Tab("Compare"):
            _compare_tab(networks)
        with gr.Tab("Live"):
            _live_tab(networks)
        gr.Markdown(ABOUT)
        _endpoints(networks)
    return page.queue(max_size=WAITING, default_concurrency_limit=max(os.cpu_count() or 1, 1))


def _recognise_tab(networks: list[tuple[str, str]]) -> None:
    with gr.Row():
        with gr.Column():
            picture = _picture(label="A picture with a face")
            network = _network(networks)
            target = gr.Dropdown([AS_PREDICTED, *_labels(networks)], value=AS_PREDICTED, label="Explain")
            method = _method()
            ask = gr.Button("Recognise", variant="primary")
            gr.Examples(_samples(), picture, label=_SAMPLES, api_visibility="private")
        with gr.Column():
            headline = gr.Markdown("Choose a picture, or one of the samples below.")
            shares = gr.Label(label="Probabilities", show_label=True)
            slider = gr.ImageSlider(label="Face and map", type="numpy", interactive=False, max_height=360)
            gates = gr.Gallery(label="What its attention multiplied by", columns=2, height="auto", object_fit="contain")
    inputs, outputs = [picture, network, target, method], [headline, shares, slider, gates]
    gr.on([ask.click, picture.change], _recognised, inputs, outputs, api_visibility="private")


def _compare_tab(networks: list[tuple[str, str]]) -> None:
    with gr.Row():
        with gr.Column():
            picture = _picture(label="A picture with a face")
            chosen = gr.CheckboxGroup(networks, value=[name for _, name in networks[:2]], label="Networks")
            method = _method()
            ask = gr.Button("Compare", variant="primary")
            gr.Examples(_samples(), picture, label="Samples", api_visibility="private")
        with gr.Column():
            maps = gr.Gallery(label="Each network's map", columns=2, height="auto", object_fit="contain")
            table = gr.Dataframe(label="Probabilities", interactive=False, wrap=True)
    gr.on([ask.click, picture.change], _compared, [picture, chosen, method], [maps, table], api_visibility="private")


def _live_tab(networks: list[tuple[str, str]]) -> None:
    with gr.Row():
        with gr.Column():
            camera = _picture(sources=["webcam"], streaming=True, label="Camera")
            network = _network(networks)
        with gr.Column():
            seen = gr.HTML(
                _message("Start the camera and press Record. The newest frame is answered, those between are left out.")
            )
            shares = gr.Label(label="Probabilities")
    camera.stream(
        _live,
        [camera, network],
        [seen, shares],
        api_visibility="private",
        show_progress="hidden",
        stream_every=0.2,
        time_limit=STREAM_S,
        concurrency_limit=STREAMS,
    )


def _endpoints(networks: list[tuple[str, str]]) -> None:
    """What programs call, on components that nobody sees; language models (MCP) get the public two."""
    with gr.Row(visible=False):
        picture, network, whole = _picture(label="picture"), _network(networks), gr.Checkbox(label="whole")
        target, method, face = gr.Textbox("", label="target"), _method(), gr.Number(1, label="face", precision=0)
        several = gr.CheckboxGroup(networks, label="checkpoints")
        answer, drawn, call = _numbers(), gr.Image(label="figure", type="pil", format="png"), gr.Button()
    explaining = [picture, network, target, method, face, whole]
    # Not by the queue: Gradio would call itself by its public address, and hand a tool's figure over as text.
    call.click(predict, [picture, network, whole], answer, api_name="predict", queue=False)
    call.click(explain, explaining, [answer, drawn], api_name="explain", queue=False)
    # Clients that know the name may call these; MCP's are the public ones alone.
    hidden: dict[str, Any] = {"api_visibility": "undocumented"}
    call.click(compare, [picture, several, target, method, whole], [answer, drawn], api_name="compare", **hidden)
    call.click(faithfulness, [picture, network, target, method, whole], answer, api_name="faithfulness", **hidden)


def _recognised(picture: bytes | None, checkpoint: str, target: str, method: str) -> tuple:
    if picture is None:
        return "Choose a picture, or one of the samples below.", None, None, None
    found = told(explained, *(picture, checkpoint, None if target == AS_PREDICTED else target, method))
    panel = found.sheet.panels[0]
    shares = found.answer["face"]["probabilities"]
    likeliest = found.answer["face"]["expression"]
    headline = (
        f"## {panel.network} reads this face as {likeliest}: {probability_text(shares[likeliest])}\n"
        f"{wording.METHODS[method]} of {panel.target}, {panel.facts['size']}: red places raise its score, blue places "
        "lower it."
    )
    classifier = known_classifier(checkpoint)
    recorded = fer.explain(classifier, panel.face).gates
    gates = [
        (overlay(each), f"{plain_name(each.layer or '')}: {each.low:.2f} to {each.high:.2f}")
        for each in sheets.gate_panels(classifier, panel.face, recorded)
    ]
    return headline, shares, (_enlarged(panel.face), overlay(panel)), gates


def _compared(picture: bytes | None, checkpoints: Sequence[str], method: str) -> tuple:
    if picture is None or not checkpoints:
        return None, None
    maps, columns = [], {}
    for name in checkpoints:
        found = told(explained, picture, name, None, method)
        panel, shares = found.sheet.panels[0], found.answer["face"]["probabilities"]
        share = probability_text(shares[found.answer["face"]["expression"]])
        maps.append((overlay(panel), f"{wording.network_name(name)}: {panel.target} {share}"))
        columns[wording.network_name(name)] = shares
    labels = list(dict.fromkeys(label for shares in columns.values() for label in shares))
    rows = [[label, *(_share(shares, label) for shares in columns.values())] for label in labels]
    return maps, {"headers": ["Expression", *columns], "data": rows}


def _live(frame: bytes | None, checkpoint: str) -> tuple:
    """Never raises: that would end the stream."""
    try:
        if frame is None:
            return gr.skip(), gr.skip()
        found = explained(frame, checkpoint)
        picture = data_uri(face_webp(overlay(found.sheet.panels[0])), "image/webp")
        alt = f"The face, and what speaks for {found.answer['target']}"
        return f'<img src="{picture}" alt="{alt}" style="width: 100%; max-width: 24rem">', _probabilities(found.answer)
    except Unusable as error:
        return _message(str(error)), gr.skip()
    except Exception:
        logger.exception("A frame could not be answered.")
        return _message("This frame could not be answered; the next one is tried."), gr.skip()


def _probabilities(answer: Answer) -> dict[str, float]:
    return answer["face"]["probabilities"]


def _share(shares: dict[str, float], label: str) -> str:
    return probability_text(shares[label]) if label in shares else ""


def _message(text: str) -> str:
    return f'<p role="status">{text}</p>'


def _enlarged(crop: np.ndarray) -> np.ndarray:
    return cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)


def _picture(**given: Any) -> gr.Image:
    component = gr.Image(type="filepath", image_mode=None, height=320, **given)
    # Gradio's own would have Pillow open the file, whatever it is: our loader looks at it first.
    component.preprocess = _content  # type: ignore[method-assign, assignment]
    return component


def _content(payload: Any) -> bytes | None:
    """A picture's bytes: of a camera's frame as they came, of an upload from the file that Gradio has checked."""
    if payload is None:
        return None
    if payload.url and payload.url.startswith("data:"):
        return base64.b64decode(payload.url.partition(",")[2])
    return Path(payload.path).read_bytes()


class _Numbers(JsonData):
    """An answer that is JSON as text too: the text is what language models get."""

    def __str__(self) -> str:
        return json.dumps(self.root)


def _numbers() -> gr.JSON:
    component = gr.JSON()
    component.postprocess = _Numbers  # type: ignore[method-assign, assignment]
    return component


def _network(networks: list[tuple[str, str]]) -> gr.Dropdown:
    names = [name for _, name in networks]
    first = DEFAULT_CHECKPOINT if DEFAULT_CHECKPOINT in names else next(iter(names), None)
    return gr.Dropdown(networks, value=first, label="Network")


def _method() -> gr.Dropdown:
    return gr.Dropdown([(wording.METHODS[name], name) for name in fer.list_methods()], value="grad-cam", label="Map")


def _labels(networks: list[tuple[str, str]]) -> list[str]:
    from fer_models.checkpoints import read_card

    return list(dict.fromkeys(label for _, name in networks for label in read_card(name).labels))


def _samples() -> list[list[str]]:
    return [[str(FOLDER / group[0].file)] for group in read_gallery().values()]


def mounted(path: str) -> FastAPI:
    """The app for a server that mounts it at ``path``, by which the page finds its files."""
    page = app()
    parent = gr.mount_gradio_app(FastAPI(), page, path="/", root_path=path, **LAUNCH)
    # Else Gradio would take any path for an upload: of a page that is mounted it looks at none.
    page.has_launched = True
    return parent


def main(port: int | None = None, address: str | None = None) -> None:
    """Serve it alone. Without arguments where GRADIO_SERVER_PORT and GRADIO_SERVER_NAME say, else on localhost:7860."""
    app().launch(server_port=port, server_name=address, **LAUNCH)


if __name__ == "__main__":
    main()
