"""dlib's face recogniser: the same function with affine layers folded, what is refused. The weights are made up."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from fer_models.networks import create_network
from fer_models.preprocessing import Preprocessing, to_input
from fer_models.training.start.dlib import load_dlib
from tests.support.dlib_file import WIDTHS, made_up, write

HALVING = (4, 8, 11)  # of the blocks, counted from 1
RGB_MEAN = (122.782, 117.001, 104.298)


def features(layers: list[np.ndarray], grey: Tensor) -> Tensor:
    """dlib's answer after 13 blocks for grey pictures (N, s, s) in 0..255, in float64: no folding, pads written out."""
    values = iter([torch.from_numpy(layer).double() for layer in layers])
    widths = iter(WIDTHS)

    def affine(x: Tensor, **how: int) -> Tensor:
        (into, out), parameters, (scale, shift) = next(widths), next(values), next(values).view(2, -1, 1, 1)
        kernel = parameters[:-out].view(out, into, *(7, 7) if into == 3 else (3, 3))
        return F.conv2d(x, kernel, parameters[-out:], **how) * scale + shift

    x = (grey[:, None].double() - torch.tensor(RGB_MEAN).view(1, 3, 1, 1)) / 256
    x = F.max_pool2d(affine(x, stride=2).relu(), 3, 2)
    for block in range(1, 14):
        first = {"stride": 2} if block in HALVING else {"padding": 1}
        y = affine(affine(x, **first).relu(), padding=1)
        x = F.avg_pool2d(x, 2, 2) if block in HALVING else x
        total = torch.zeros(len(x), *(max(a, b) for a, b in zip(x.shape[1:], y.shape[1:], strict=True))).double()
        for part in (x, y):
            total[:, : part.shape[1], : part.shape[2], : part.shape[3]] += part
        x = total.relu()
    return x


@pytest.mark.parametrize(("side", "preprocessing"), [(112, Preprocessing()), (70, Preprocessing(mean=0.4, std=0.3))])
def test_the_network_computes_what_dlib_s_computes(tmp_path, side, preprocessing):
    network = create_network("dlib_resnet").eval()
    transfer = load_dlib(network, "dlib_resnet", write(tmp_path, made_up()), preprocessing)
    patches = np.random.default_rng(0).integers(0, 256, (3, 14, 14), np.uint8)
    faces = torch.from_numpy(patches.repeat(side // 14, 1).repeat(side // 14, 2))
    expected = features(made_up(), faces)
    assert expected.std(0).mean() > 0.01 * expected.max()  # it depends on the picture
    with torch.no_grad():
        found = network.double().features(to_input(faces, preprocessing, side).double())
    assert found.shape == expected.shape and (found - expected).abs().max() < 1e-5 * expected.max()
    assert set(transfer.no_counterpart) == {
        "embedding.2.weight",
        "embedding.2.bias",
        "classifier.1.weight",
        "classifier.1.bias",
    }
    assert "4,394,560 parameters in 54 tensors" in transfer.text()


def test_other_files_are_refused_and_nothing_is_changed(tmp_path):
    network = create_network("dlib_resnet")
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    whole = made_up()
    file = write(tmp_path, whole)
    short = tmp_path / "short.dat"
    short.write_bytes(file.read_bytes()[:1000])
    other = tmp_path / "other"
    other.mkdir()
    for wrong, says in (
        (tmp_path / "none.dat", r"none\.dat cannot be read as a network of dlib's\.$"),
        (short, r"short\.dat cannot be read as a network of dlib's\.$"),
        (write(other, whole[:10]), r"it has 5 convolutions, not 29\.$"),
    ):
        with pytest.raises(ValueError, match=says):
            load_dlib(network, "dlib_resnet", wrong)
    with pytest.raises(ValueError, match=r"'features\.1\.conv1' has another size there\.$"):
        load_dlib(network, "dlib_resnet", write(other, [*whole[:2], whole[14], *whole[3:]]))
    assert all(torch.equal(tensor, before[key]) for key, tensor in network.state_dict().items())
