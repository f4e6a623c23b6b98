"""EfficientNet-Lite's weights as a start: each tensor in its place, adapted to grey and to our norms. All made up."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from fer_models.networks import Network, create_network
from fer_models.preprocessing import Preprocessing
from fer_models.training.start.lite import load_lite
from fer_models.training.start.transfer import Transfer
from tests.support import timm_layout
from tests.support.timm_layout import lite0, lite2


@pytest.fixture
def loaded(tmp_path: Path) -> tuple[Network, Transfer]:
    torch.save(lite0(), file := tmp_path / "lite0.pth")
    network = create_network("efficientnet_b0_attention").double().eval()
    return network, load_lite(network, "efficientnet_b0_attention", file)


def normed(x: Tensor, conv: str, norm: str, **options) -> Tensor:
    state = lite0()
    statistics = (state[f"{norm}.{kind}"].double() for kind in ("running_mean", "running_var", "weight", "bias"))
    return F.batch_norm(F.conv2d(x, state[f"{conv}.weight"].double(), **options), *statistics, eps=1e-3)


def test_all_but_gates_embedding_and_head_are_loaded(loaded):
    network, transfer = loaded
    assert {"_blocks.0._project_conv.weight", "_blocks.0._bn2.bias", "_blocks.15._bn0.weight"} < set(lite0())
    parts = {part for key in transfer.loaded for part in key.split(".")[2:3] if key.startswith("features")}
    assert {"expand", "depthwise", "project"} <= parts and "attention" not in parts
    assert transfer.other_shape == {} and set(transfer.unused) == {"classifier.bias", "classifier.weight"}
    convolutions = [key for key in lite0() if key.endswith("conv.weight")]
    assert (
        sum(key.endswith(".weight") and network.state_dict()[key].ndim == 4 for key in transfer.loaded)
        == len(convolutions) + 2
    )  # the first and the last one


def test_the_first_layer_sees_grey_as_theirs_sees_colours(loaded):
    grey = torch.rand(2, 1, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    outside = F.pad(grey, (1, 1, 1, 1), value=Preprocessing().mean)
    theirs = normed((255 * outside.expand(-1, 3, -1, -1) - 127) / 128, "_conv_stem", "_bn0", stride=2)
    first = loaded[0].features[0]
    with torch.no_grad():
        ours = first[1](first[0](((grey - Preprocessing().mean) / Preprocessing().std).expand(-1, 3, -1, -1)))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("ours", "block"),
    [("features.1", 0), ("features.2", 1), ("features.6", 5), ("features.11", 10), ("features.16", 15)],
)
def test_every_layer_of_a_block_is_theirs(loaded, ours, block):
    module = loaded[0].get_submodule(ours)
    layers = {"expand": ("_expand_conv", "_bn0"), "depthwise": ("_depthwise_conv", "_bn1")}
    for part, (conv, norm) in (layers | {"project": ("_project_conv", "_bn2")}).items():
        if block == 0 and part == "expand":
            continue
        layer = getattr(module, part)
        x = torch.rand(2, layer[0].in_channels, 9, 9, dtype=torch.float64)
        options = {"stride": layer[0].stride, "padding": layer[0].padding, "groups": layer[0].groups}
        theirs = normed(x, f"_blocks.{block}.{conv}", f"_blocks.{block}.{norm}", **options)
        with torch.no_grad():
            torch.testing.assert_close(layer[1](layer[0](x)), theirs, rtol=0, atol=1e-9 * float(theirs.abs().max()))


def test_lite2_sees_in_a_grey_picture_what_the_original_sees(tmp_path):
    torch.save(lite2(), file := tmp_path / "lite2.pth")
    network, preprocessing = create_network("efficientnet_lite2").double().eval(), Preprocessing(mean=0.45, std=0.3)
    transfer = load_lite(network, "efficientnet_lite2", file, preprocessing)
    assert set(transfer.no_counterpart) == {"classifier.1.weight", "classifier.1.bias"} and not transfer.other_shape
    grey = torch.rand(2, 1, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        found = network.features(((grey - preprocessing.mean) / preprocessing.std).expand(-1, 3, -1, -1))
    model = "efficientnet_lite2"
    state = timm_layout.random_state(model)
    expected = timm_layout.features(model, state, timm_layout.stem(model, state, grey, outside=preprocessing.mean))
    assert expected.std(0).mean() > 1e-2 * expected.abs().max()  # it depends on the picture
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9 * float(expected.abs().max()))


def test_other_files_are_refused(tmp_path):
    network = create_network("efficientnet_b0")

    def refused(says: str) -> None:
        with pytest.raises(ValueError, match=says):
            load_lite(network, "efficientnet_b0", tmp_path / "w.pth")

    not_theirs = r"w\.pth is not a file of PyTorch with EfficientNet-Lite0's tensors\.$"
    refused(not_theirs)
    (tmp_path / "w.pth").write_bytes(b"not a file of PyTorch")
    refused(not_theirs)
    torch.save(timm_layout.random_state("mobilenetv1_100"), tmp_path / "w.pth")
    refused(not_theirs)
    torch.save({key: tensor for key, tensor in lite0().items() if "_blocks.3" not in key}, tmp_path / "w.pth")
    refused("does not hold the weights EfficientNet-Lite0: 'blocks.2.0.conv_pw.weight' is missing")
