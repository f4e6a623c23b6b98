"""FERScope as a Hugging Face Space: a folder that the Hub can serve as it is, and its upload.

A static Space holds the page Live and costs its owner nothing: visitors' browsers do the work.
"""

from collections.abc import Sequence
from pathlib import Path

import fer_models as fer
from fer_models.checkpoints import read_card
from fer_models.hub import HubError, upload
from fer_models.version import __version__
from webapp import wording
from webapp.live.build import build


def build_static(folder: Path, checkpoints: Sequence[str] | None = None) -> None:
    """Write a static Space: the page Live, and the card that the Hub reads. Errors: as ``webapp.live.build.build``."""
    names = list(checkpoints or wording.in_papers_order(fer.list_checkpoints())[:4])
    build(folder, names)
    (folder / "README.md").write_text(_card(names), encoding="utf-8")


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


def _card(names: Sequence[str]) -> str:
    """The Space's README, front matter first (huggingface.co/docs/hub/spaces-config-reference)."""
    from huggingface_hub import SpaceCardData

    data = SpaceCardData(
        title="FERScope Live",
        emoji="🔎",
        colorFrom="green",
        colorTo="blue",
        sdk="static",
        app_file="index.html",
        pinned=False,
        license="apache-2.0",
        short_description="What does a network see in this face, now?",
        tags=["facial-expression-recognition", "explainability", "attention"],
        # Isolated from all other pages, it may use threads.
        custom_headers={
            "cross-origin-embedder-policy": "require-corp",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "cross-origin",
        },
    )
    rows = "\n".join(f"| {wording.network_name(name)} | `{name}` | {read_card(name).licence} |" for name in names)
    return f"""---
{data.to_yaml()}
---

# FERScope Live

Networks for facial expressions in your own browser: what they answer, Grad-CAM, and the gates they compute themselves,
frame by frame. No picture leaves your machine.

An expression is what people would name; it does not say what a person feels.

| network | checkpoint | licence of the weights |
|---|---|---|
{rows}

Made by FERScope {__version__}. onnxruntime-web is under the MIT licence, BlazeFace's network under Apache-2.0.
"""
