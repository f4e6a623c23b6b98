"""Checkpoints of untrained networks: the page does not ask how good a network is."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import fer_models as fer
from fer_models import checkpoints
from fer_models.card import Card, Score
from fer_models.labels import FERPLUS
from fer_models.networks.registry import PAPER_NETWORKS
from fer_models.preprocessing import Preprocessing

SCORE = Score(
    split="PublicTest",
    label_rule="majority",
    count=3199,
    accuracy=0.8125,
    interval=(0.7986, 0.8256),
    macro_f1=0.61,
    recall={},
)


def save(
    folder: Path,
    network: str,
    name: str = "",
    scores: tuple[Score, ...] = (),
    labels: tuple[str, ...] = FERPLUS.labels,
) -> Path:
    """Write a checkpoint of random weights; inputs of 64 pixels keep it quick."""
    torch.manual_seed(7)
    card = Card(
        name=name or f"{network}.ferplus",
        network=network,
        labels=labels,
        scores=scores,
        licence="none",
        preprocessing=Preprocessing(input_side=64),
    )
    return checkpoints.save_checkpoint(fer.create_network(network, len(labels)), card, folder)


@pytest.fixture(scope="session")
def four_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a checkpoint of each paper's network and of one that has no gates."""
    folder = tmp_path_factory.mktemp("four")
    for network in PAPER_NETWORKS:
        save(folder, network, scores=(SCORE,) if network == "a_mobilenet" else ())
    save(folder, "mobilenetv1")
    return folder


@pytest.fixture
def only_checkpoints(monkeypatch: pytest.MonkeyPatch):
    """Call it with a folder: then no checkpoints and evaluations are found but that folder's."""

    def use(folder: Path) -> None:
        monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(folder))
        monkeypatch.setenv("FERSCOPE_EVALUATIONS", str(folder / "evaluations"))
        everywhere = checkpoints.checkpoint_folders
        monkeypatch.setattr(checkpoints, "checkpoint_folders", lambda: everywhere()[:1])

    return use


@pytest.fixture(scope="session")
def astronaut_png(astronaut: np.ndarray) -> bytes:
    return png(astronaut)


def png(image: np.ndarray) -> bytes:
    """An RGB array as the bytes of a PNG file."""
    return cv2.imencode(".png", image[:, :, ::-1])[1].tobytes()
