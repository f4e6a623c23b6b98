"""FERScope as a Hugging Face Space: a folder that the Hub can serve as it is, and its upload.

A static Space holds the page Live and costs its owner nothing: visitors' browsers do the work. One of the kind Gradio
holds the Gradio app, which may run on ZeroGPU; one of the kind Docker holds the whole site.
"""

import re
import shutil
import tempfile
from collections.abc import Sequence
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

import fer_models as fer
from fer_models.checkpoints import find_checkpoint, read_card
from fer_models.hub import HubError, upload
from fer_models.version import __version__
from webapp import wording
from webapp.live.build import build


class SpaceError(ValueError):
    """A Space cannot be built; says why, and what to do."""


KINDS = ("static", "gradio", "docker")
_ABOUT: dict[str, Any] = {
    "title": "FERScope",
    "emoji": "🔎",
    "colorFrom": "green",
    "colorTo": "blue",
    "pinned": False,
    "license": "apache-2.0",
    "short_description": "What does a network see in this face?",
    "tags": ["facial-expression-recognition", "explainability", "attention"],
}
# Isolated from all other pages, Live may use threads.
_ISOLATED = {
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "cross-origin",
}
_SITE_ONLY = {"streamlit", "plotly", "prometheus_client"}
# ZeroGPU runs Python 3.12.12 with PyTorch 2.8 to 2.11; FERScope needs 2.10.
_ZERO_GPU_PYTHON, _ZERO_GPU_TORCH = "3.12.12", "torch>=2.10,<2.12"
_APP = """\"\"\"The Space's entry, which the Hub starts.\"\"\"

from webapp.space import main

main()
"""
_DOCKERFILE = """# FERScope's site, as the Hub runs it: on port 7860, by user 1000, who may write to /data and /tmp.
FROM python:3.11-slim
# The address of PyTorch's CPU wheels, where no NVIDIA card is used: a variable of the Space.
ARG PIP_EXTRA_INDEX_URL=""
RUN useradd --uid 1000 --create-home ferscope && install --directory --owner ferscope --group ferscope /data
COPY requirements.txt /app/
RUN pip install --no-cache-dir --requirement /app/requirements.txt
COPY fer_models /app/fer_models
COPY webapp /app/webapp
COPY checkpoints /app/checkpoints
ENV PYTHONPATH=/app \\
    PYTHONUNBUFFERED=1 \\
    PYTHONDONTWRITEBYTECODE=1 \\
    HOME=/tmp \\
    FERSCOPE_JOBS=/data/jobs \\
    FERSCOPE_CACHE=/data/cache \\
    FERSCOPE_EVALUATIONS=/data/evaluations \\
    FERSCOPE_FRAMES=https://huggingface.co \\
    STREAMLIT_SERVER_XSRF_COOKIE_SAME_SITE=none
USER 1000
WORKDIR /data
EXPOSE 7860
CMD ["python", "-c", "from fer_models.cli import main; main()", "app", "--address", "0.0.0.0", "--port", "7860"]
"""


def build_space(folder: Path, kind: str = "static", checkpoints: Sequence[str] | None = None) -> None:
    """Write a Space of a kind of KINDS, with the card that the Hub reads.

    Args:
        folder: where to; must be new, empty, or hold such a Space, which is replaced.
        kind: 'static', 'gradio' or 'docker'.
        checkpoints: which networks it holds; the four papers' own unless given.

    Raises SpaceError for another kind and a folder with other things in it, CheckpointError for an unknown checkpoint;
    for a static one as ``webapp.live.build.build``.
    """
    if kind not in KINDS:
        raise SpaceError(f"'{kind}' is no kind of Space: there are {', '.join(KINDS)}.")
    names = list(checkpoints or wording.in_papers_order(fer.list_checkpoints())[:4])
    if kind == "static":
        build(folder, names)
        (folder / "README.md").write_text(_card(kind, names), encoding="utf-8")
        return
    if folder.exists() and any(folder.iterdir()) and not (folder / "webapp" / "space.py").is_file():
        raise SpaceError(f"{folder} holds other files. Name a new or an empty folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".space-") as place:
        made = Path(place) / "made"
        _copy_program(made)
        _copy_checkpoints(names, made / "checkpoints")
        (made / "README.md").write_text(_card(kind, names), encoding="utf-8")
        (made / "requirements.txt").write_text("\n".join(_requirements(kind)) + "\n", encoding="utf-8")
        if kind == "gradio":
            (made / "app.py").write_text(_APP, encoding="utf-8")
        else:
            (made / "Dockerfile").write_text(_DOCKERFILE, encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)


def _copy_program(made: Path) -> None:
    """The two packages, without what was compiled or bundled with them."""
    for package in (Path(fer.__file__).parent, Path(__file__).parent):
        leave_out = shutil.ignore_patterns("__pycache__", "bundled", "node_modules")
        shutil.copytree(package, made / package.name, ignore=leave_out)


def _copy_checkpoints(names: Sequence[str], folder: Path) -> None:
    """Weights, cards, and what was measured of them."""
    folder.mkdir()
    for name in names:
        weights = find_checkpoint(name)
        for file in weights.parent.glob(f"{name}.*"):
            shutil.copy(file, folder)


def _requirements(kind: str) -> list[str]:
    """Of this version; for ZeroGPU its PyTorch, and nothing that the site alone needs."""
    found = [each for each in requires("ferscope") or [] if "extra ==" not in each]
    if kind == "docker":
        return found
    names = {each: re.split(r"[<>=!~;\[ ]", each)[0] for each in found}
    kept = [each for each in found if names[each] not in _SITE_ONLY | {"torch", "gradio", "mcp"}]
    return [*kept, f"gradio=={version('gradio')}", "mcp>=1.21,<2", _ZERO_GPU_TORCH]


def push(repository: str, folder: Path) -> str:
    """Upload a built Space to ``USER/NAME``, made where it is not there yet; returns its address.

    The visitor's own token is taken as ``hf auth login`` or HF_TOKEN left it. Raises HubError for a folder that is
    none, and as ``fer_models.hub.upload`` does.
    """
    from huggingface_hub import SpaceCard

    card = folder / "README.md"
    if not card.is_file():
        raise HubError(f"{folder} holds no Space: 'ferscope space build {folder}' makes one.")
    return upload(folder, repository, "space", sdk=SpaceCard.load(card).data.sdk)


def _card(kind: str, names: Sequence[str]) -> str:
    """The Space's README, front matter first (huggingface.co/docs/hub/spaces-config-reference)."""
    from huggingface_hub import SpaceCardData

    of_kind: dict[str, dict[str, Any]] = {
        "static": {"title": "FERScope Live", "app_file": "index.html", "custom_headers": _ISOLATED},
        "gradio": {"sdk_version": version("gradio"), "python_version": _ZERO_GPU_PYTHON, "app_file": "app.py"},
        "docker": {"app_port": 7860},
    }
    data = SpaceCardData(**_ABOUT | {"sdk": kind} | of_kind[kind])
    rows = "\n".join(f"| {wording.network_name(name)} | `{name}` | {read_card(name).licence} |" for name in names)
    return f"""---
{data.to_yaml()}
---

# {data.title}

{_TEXTS[kind]}

An expression is what people would name; it does not say what a person feels.

| network | checkpoint | licence of the weights |
|---|---|---|
{rows}

Made by FERScope {__version__}.{_PARTS if kind == "static" else ""}
"""


_PARTS = " onnxruntime-web is under the MIT licence, BlazeFace's network under Apache-2.0."
_TEXTS = {
    "static": "Networks for facial expressions in your own browser: what they answer, Grad-CAM, and the gates they "
    "compute themselves,\nframe by frame. No picture leaves your machine.",
    "gradio": "Networks for facial expressions: what they answer, which places of a face matter to them, and the gates "
    "they compute\nthemselves. With endpoints for programs and two tools for language models (MCP).",
    "docker": "FERScope's whole site: what networks for facial expressions answer, which places of a face matter to "
    "them, and the gates\nthey compute themselves.",
}
