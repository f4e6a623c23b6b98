"""EfficientNet-Lite0 made narrower for MobileNetV3: which channels stay, and that they stay together. All made up."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from fer_models.networks import create_network
from fer_models.training.start.lite import load_lite
from fer_models.training.start.narrowing import narrowed
from tests.support import timm_layout
from tests.support.timm_layout import lite0

# Row of MobileNetV3 -> its name at timm, the block of EfficientNet-B0 it comes from, channels inside and out.
ROWS = {
    2: ("blocks.1.0", "blocks.1.0", 64, 24),
    6: ("blocks.2.2", "blocks.2.1", 120, 40),
    7: ("blocks.3.0", "blocks.3.0", 240, 80),
    10: ("blocks.3.3", "blocks.3.2", 184, 80),
    11: ("blocks.4.0", "blocks.4.0", 480, 112),
    12: ("blocks.4.1", "blocks.4.1", 672, 112),
}


def efficientnet() -> dict[str, Tensor]:
    return {key: tensor.clone() for key, tensor in timm_layout.random_state("efficientnet_b0").items()}


def block(state: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    """A block without gate and shortcut, with ReLU6."""
    for number, conv in enumerate(("conv_pw", "conv_dw", "conv_pwl"), 1):
        weight = state[f"{name}.{conv}.weight"]
        groups = len(weight) if conv == "conv_dw" else 1
        x = F.conv2d(x, weight, padding=weight.shape[-1] // 2, groups=groups)
        norm = (state[f"{name}.bn{number}.{kind}"] for kind in ("running_mean", "running_var", "weight", "bias"))
        x = F.batch_norm(x, *norm)
        x = x if conv == "conv_pwl" else F.relu6(x)
    return x


@pytest.mark.parametrize("row", ROWS)
def test_a_block_whose_other_channels_are_dead_stays_what_it_was(row):
    ours, theirs, inside, out = ROWS[row]
    state = efficientnet()
    width = len(state[f"{theirs}.bn2.weight"])
    dead = torch.randperm(width, generator=torch.Generator().manual_seed(row))[inside:]
    state[f"{theirs}.bn2.weight"][dead] = 0
    state[f"{theirs}.bn2.bias"][dead] = 0
    middle = state[f"{theirs}.conv_dw.weight"]
    if row in (11, 12):  # which have 3x3 kernels in MobileNetV3
        middle[..., [0, -1], :] = 0
        middle[..., [0, -1]] = 0
    found = narrowed(state, create_network("mobilenetv3_large"))
    assert found[f"{ours}.conv_pwl.weight"].shape == (out, inside, 1, 1)
    x = torch.randn(2, state[f"{theirs}.conv_pw.weight"].shape[1], 12, 12)
    torch.testing.assert_close(block(found, ours, x), block(state, theirs, x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("name", "width"), [("mobilenetv3_large", 160), ("mobilenetv3_cpsca", 80)])
def test_the_last_stage_keeps_its_strongest_channels_in_all_its_rows(name, width):
    state = efficientnet()
    marks = torch.arange(192.0)
    strong = torch.randperm(192)[:width].sort().values
    for index in range(4):
        gamma = state[f"blocks.5.{index}.bn3.weight"]
        gamma[:] = 0.1
        gamma[strong] = 1.0
        state[f"blocks.5.{index}.bn3.bias"] = marks
        state[f"blocks.5.{index}.conv_pw.weight"][:] = marks.view(1, -1, 1, 1) if index else 1
    found = narrowed(state, create_network(name))
    for index in range(3):
        assert torch.equal(found[f"blocks.5.{index}.bn3.bias"], strong.float())
    for index in (1, 2):  # what they read is what the row before wrote
        assert torch.equal(found[f"blocks.5.{index}.conv_pw.weight"][0, :, 0, 0], strong.float())


def test_the_stem_and_the_first_row_keep_the_same_channels():
    state = efficientnet()
    state["bn1.bias"] = state["blocks.0.0.bn1.bias"] = torch.arange(32.0)
    state["blocks.0.0.conv_pw.weight"][:] = torch.arange(32.0).view(1, -1, 1, 1)
    found = narrowed(state, create_network("mobilenetv3_cpsca"))
    importance = state["blocks.0.0.bn1.weight"].abs() * torch.arange(32.0)
    kept = importance.topk(16).indices.sort().values.float()
    assert torch.equal(found["bn1.bias"], kept) and torch.equal(found["blocks.0.0.bn1.bias"], kept)
    assert torch.equal(found["blocks.0.0.conv_pw.weight"][0, :, 0, 0], kept)


@pytest.mark.parametrize("name", ["mobilenetv3_large", "mobilenetv3_cpsca", "mobilenetv3_maxca", "mobilenetv3_simam"])
def test_every_row_of_a_network_is_loaded_and_nothing_else(name, tmp_path):
    torch.save(lite0(), file := tmp_path / "lite0.pth")
    network = create_network(name)
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    transfer = load_lite(network, name, file)
    rows = {key for key in before if key.split(".")[0] == "features" and 0 < int(key.split(".")[1]) < 16}
    rows = {key for key in rows if key.split(".")[2] in ("expand", "depthwise", "project")}
    stem = {key for key in before if key.startswith("features.0.")}
    assert set(transfer.loaded) == {key for key in rows | stem if not key.endswith("batches_tracked")}
    assert transfer.other_shape == {}
    after = network.state_dict()
    assert all(torch.equal(after[key], before[key]) for key in transfer.no_counterpart)
    with torch.no_grad():
        assert network.eval()(torch.randn(2, 3, 64, 64)).isfinite().all()
