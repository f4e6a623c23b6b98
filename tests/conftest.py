"""What all tests share: the data that only some machines have, and one picture that every machine has."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

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

# One thread in this process and in those that tests start: workers share the cores, and sums over several threads are
# not the same twice.
torch.set_num_threads(1)
os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Scheduling(LoadFileScheduling):
    """A file's tests stay in one worker, for its fixtures, and so do all browser tests: one site, one browser."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "tests/browser" if file.startswith("tests/browser/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Scheduling(config, log)


def lacking() -> list[str]:
    """Markers whose data this machine does not have."""
    return [marker for marker, (variable, _) in NEEDS.items() if not os.environ.get(variable)]


def pytest_report_header() -> list[str]:
    return ["left out: tests of {}, which need {}, {}".format(marker, *NEEDS[marker]) for marker in lacking()]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for marker in lacking():
        missing = [item for item in items if item.get_closest_marker(marker)]
        items[:] = [item for item in items if item not in missing]
        config.hook.pytest_deselected(items=missing)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Decoded faces and evaluations are kept with the tests, not in the folders of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FERSCOPE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("FERSCOPE_EVALUATIONS", str(tmp_path_factory.mktemp("evaluations")))
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


def make_checkpoint(network: str, folder: Path, name: str, side: int = 64, form: str = "fp16") -> Path:
    """Save such a network as a checkpoint; returns the weights' path."""
    module, card = make_network(network, side=side)
    return save_checkpoint(module, card.model_copy(update={"name": name, "weights": form}), folder)


@pytest.fixture(scope="session", params=PAPER_NETWORKS)
def classifier(request: pytest.FixtureRequest) -> Classifier:
    """A classifier of each of the four papers' networks, with random weights."""
    return Classifier(*make_network(request.param))


@pytest.fixture
def crop(astronaut: np.ndarray) -> np.ndarray:
    """(120, 120, 3) uint8 RGB: the astronaut's face."""
    return astronaut[60:180, 165:285].copy()
