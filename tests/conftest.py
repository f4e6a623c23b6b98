"""What all tests share: the data that only some machines have, and one picture that every machine has."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

from fer_models.card import Card
from fer_models.checkpoints import save_checkpoint
from fer_models.classifier import Classifier
from fer_models.labels import FERPLUS
from fer_models.networks import PAPER_NETWORKS, Network, create_network
from fer_models.preprocessing import Preprocessing

# marker -> (environment variable, what it must name)
NEEDS = {
    "fer2013": ("FERSCOPE_DATA", "the folder with fer2013.csv"),
    "yunet": ("FERSCOPE_YUNET", "YuNet's .onnx file"),
}
deselected_lines = pytest.StashKey[list[str]]()


# Last, so that the lines count what -k and -m would have left to run.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    lines = config.stash.setdefault(deselected_lines, [])
    for marker, (variable, what) in NEEDS.items():
        missing = [item for item in items if item.get_closest_marker(marker)]
        if os.environ.get(variable) or not missing:
            continue
        items[:] = [item for item in items if item not in missing]
        config.hook.pytest_deselected(items=missing)
        tests = "1 test" if len(missing) == 1 else f"{len(missing)} tests"
        lines.append(f"{marker}: {tests} deselected, set {variable} to {what}")


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    return config.stash.get(deselected_lines, [])


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Decoded faces are kept with the tests, not in the cache of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FERSCOPE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def named_path(marker: str) -> Path:
    variable, what = NEEDS[marker]
    path = Path(os.environ.get(variable) or pytest.fail(f"mark this test with pytest.mark.{marker}"))
    return path if path.exists() else pytest.fail(f"{variable} should name {what}, but there is no {path}")


@pytest.fixture(scope="session")
def fer2013_dir() -> Path:
    """Folder with fer2013.csv and fer2013new.csv (FERPlus); for tests marked `fer2013`."""
    return named_path("fer2013")


@pytest.fixture(scope="session")
def yunet_path() -> Path:
    """The YuNet detector's .onnx file; for tests marked `yunet`."""
    return named_path("yunet")


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """(512, 512, 3) uint8 RGB photograph with one face, in the public domain. Copy it before you change it."""
    return skimage.data.astronaut()


def make_network(name: str, num_classes: int = 8, side: int = 64) -> tuple[Network, Card]:
    """A network whose random weights give maps and logits of ordinary size, as a trained one does, and its card."""
    torch.manual_seed(7)
    network = create_network(name, num_classes)
    for module in network.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.normal_(module.weight, 0, module.in_features**-0.5)
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            module.momentum = None  # the running statistics become the plain mean over the pictures that follow
    with torch.no_grad():
        for _ in range(2):
            network(torch.randn(16, 3, side, side))
    card = Card(
        name=f"{name}.test",
        network=name,
        labels=FERPLUS.labels[:num_classes],
        preprocessing=Preprocessing(input_side=side),
        licence="none: random weights",
    )
    return network.eval(), card


def make_checkpoint(network: str, folder: Path, name: str, side: int = 64) -> Path:
    """Save such a network as a checkpoint; returns the weights' path."""
    module, card = make_network(network, side=side)
    return save_checkpoint(module, card.model_copy(update={"name": name}), folder)


@pytest.fixture(scope="session", params=PAPER_NETWORKS)
def classifier(request: pytest.FixtureRequest) -> Classifier:
    """A classifier of each of the four papers' networks, with random weights."""
    return Classifier(*make_network(request.param))


@pytest.fixture
def crop(astronaut: np.ndarray) -> np.ndarray:
    """(120, 120, 3) uint8 RGB: the astronaut's face."""
    return astronaut[60:180, 165:285].copy()
