"""VGGFace2 weights: the same function with unfolded norms, what stays fresh, what is refused. All are made up."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from fer_models.networks import create_network
from fer_models.preprocessing import Preprocessing, to_input
from fer_models.training.vggface2 import load_vggface2, read_graph_model

WIDTHS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
HALVING = (2, 4, 6, 12)
BGR_MEAN = (103.939, 116.779, 123.68)
FACES = np.random.default_rng(0).integers(0, 256, (24, 6, 6), np.uint8).repeat(8, 1).repeat(8, 2)  # large patches
SIDE = 96


def made_up() -> dict[str, np.ndarray]:
    """Names and shapes of the published file, layout height, width, in, out; values that keep signals alive."""
    draw = np.random.default_rng(1).standard_normal
    weights = {"age_pred/kernel": draw((256, 100)), "age_pred/bias": draw(100), "feats/kernel": draw((1024, 256))}
    weights["conv1/convolution/merged_input"] = draw((3, 3, 3, 32)) * 0.01
    weights["conv1_bn/batchnorm_1/sub"] = draw(32) * 0.3
    for number, (before, width) in enumerate(pairwise(WIDTHS), 1):
        weights[f"conv_dw_{number}/depthwise_kernel"] = draw((3, 3, before, 1)) * 0.6
        weights[f"conv_dw_{number}_bn/batchnorm_1/mul"] = 0.8 + 0.2 * np.random.default_rng(number).random(before)
        weights[f"conv_dw_{number}_bn/batchnorm_1/sub"] = draw(before) * 0.1
        weights[f"conv_pw_{number}/convolution/merged_input"] = draw((1, 1, before, width)) * (2 / before) ** 0.5
        weights[f"conv_pw_{number}_bn/batchnorm_1/sub"] = draw(width) * 0.1
    return {name: values.astype(np.float32) for name, values in weights.items()}


def write(folder: Path, weights: dict[str, np.ndarray], **changes: dict) -> Path:
    entries = [
        {"name": name, "shape": list(values.shape), "dtype": "float32"} | changes.get(name, {})
        for name, values in weights.items()
    ]
    entries.insert(2, {"name": "axes", "shape": [2], "dtype": "int32"})
    data = [values.tobytes() for values in weights.values()]
    data.insert(2, np.array([1, 2], np.int32).tobytes())
    (folder / "faceres.bin").write_bytes(b"".join(data))
    manifest = [{"paths": ["faceres.bin"], "weights": entries}]
    (folder / "faceres.json").write_text(json.dumps({"format": "graph-model", "weightsManifest": manifest}))
    return folder / "faceres.json"


def folded(weights: dict[str, np.ndarray], faces: np.ndarray, outside: float) -> Tensor:
    """The source's features of grey faces, float64, with our padding; behind the border the picture is ``outside``."""
    w = {name: torch.from_numpy(values).double() for name, values in weights.items()}
    grey = F.interpolate(torch.from_numpy(faces)[:, None].double(), (SIDE, SIDE), mode="bilinear", align_corners=False)
    x = F.pad(grey, (1, 1, 1, 1), value=outside).expand(-1, 3, -1, -1) - torch.tensor(BGR_MEAN).view(1, 3, 1, 1)

    def shifted(x: Tensor, name: str) -> Tensor:
        return (x + w[f"{name}_bn/batchnorm_1/sub"].view(1, -1, 1, 1)).clamp(0, 6)

    x = shifted(F.conv2d(x, w["conv1/convolution/merged_input"].permute(3, 2, 0, 1), stride=2), "conv1")
    for number in range(1, 14):
        kernel = w[f"conv_dw_{number}/depthwise_kernel"].permute(2, 3, 0, 1)
        x = F.conv2d(x, kernel, stride=2 if number in HALVING else 1, padding=1, groups=len(kernel))
        x = shifted(x * w[f"conv_dw_{number}_bn/batchnorm_1/mul"].view(1, -1, 1, 1), f"conv_dw_{number}")
        kernel = w[f"conv_pw_{number}/convolution/merged_input"].permute(3, 2, 0, 1)
        x = shifted(F.conv2d(x, kernel), f"conv_pw_{number}")
    return x


@pytest.mark.parametrize("preprocessing", [Preprocessing(), Preprocessing(mean=0.45, std=0.3)])
def test_the_baseline_computes_what_the_folded_network_computes(tmp_path, preprocessing):
    network = create_network("mobilenetv1")
    load_vggface2(network, "mobilenetv1", write(tmp_path, made_up()), FACES, SIDE, preprocessing)
    expected = folded(made_up(), FACES, 255 * preprocessing.mean)
    assert expected.std(0).mean() > 0.01 * expected.max()  # it depends on the picture
    pictures = to_input(torch.from_numpy(FACES), preprocessing, SIDE).double()
    with torch.no_grad():
        found = network.double().eval().features(pictures)
        assert (found - expected).abs().max() < 1e-4 * expected.max()
        # The norms have the statistics of these faces, so in training they do the same.
        training = network.train().features(pictures)
    assert (training - expected).abs().max() < 1e-3 * expected.max()


def test_paper_003s_network_gets_all_but_gates_and_head(tmp_path):
    torch.manual_seed(3)
    network, baseline = create_network("a_mobilenet"), create_network("mobilenetv1")
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    file = write(tmp_path, made_up())
    transfer = load_vggface2(network, "a_mobilenet", file, FACES, SIDE)
    load_vggface2(baseline, "mobilenetv1", file, FACES, SIDE)
    after, source = network.state_dict(), baseline.state_dict()
    assert sorted([*transfer.loaded, *transfer.no_counterpart]) == sorted(after)
    assert all(torch.equal(after[key], source[key]) for key in transfer.loaded)
    assert all(torch.equal(after[key], before[key]) for key in transfer.no_counterpart)
    assert {".".join(key.split(".")[:3]) for key in transfer.no_counterpart} == {
        *(f"features.{number}.attention" for number in (4, 6, 11, 13)),
        "classifier.1.weight",
        "classifier.1.bias",
    }
    assert "3,206,976 parameters in 162 tensors" in transfer.text() and "age_pred (25,700)" in transfer.text()


def test_other_networks_and_other_files_are_refused_and_nothing_is_changed(tmp_path):
    network = create_network("a_mobilenet")
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}

    def refused(file: Path, says: str, name: str = "a_mobilenet") -> None:
        with pytest.raises(ValueError, match=says):
            load_vggface2(network, name, file, FACES, SIDE)

    weights = made_up()
    refused(write(tmp_path, weights), "'mobilenetv2', only for a_mobilenet, mobilenetv1", "mobilenetv2")
    refused(tmp_path / "none.json", r"none\.json cannot be read as a TensorFlow.js graph model")
    quantised = {"feats/kernel": {"quantization": {"dtype": "float16"}}}
    refused(write(tmp_path, weights, **quantised), "its weights are quantised; faceres-deep's are not")
    less = {name: values for name, values in weights.items() if not name.startswith("conv_pw_7/")}
    refused(write(tmp_path, less), "'conv_pw_7/convolution/merged_input' is missing")
    other = weights | {"conv_dw_3_bn/batchnorm_1/mul": np.ones(64, np.float32)}
    refused(write(tmp_path, other), r"'conv_dw_3_bn/batchnorm_1/mul' has the shape \(64,\)")
    file = write(tmp_path, weights)
    (tmp_path / "faceres.bin").write_bytes((tmp_path / "faceres.bin").read_bytes() + b"more")
    refused(file, "bytes of weights instead of")
    (tmp_path / "faceres.bin").write_bytes(b"less")
    refused(file, "cannot be read as a TensorFlow.js graph model")
    file.write_text("[1, 2]")
    refused(file, "cannot be read as a TensorFlow.js graph model")
    assert all(torch.equal(tensor, before[key]) for key, tensor in network.state_dict().items())


def test_graph_models_are_read_by_name(tmp_path):
    found = read_graph_model(write(tmp_path, made_up()))
    assert found.keys() == made_up().keys()  # whole numbers are no weights
    assert all(np.array_equal(found[name].numpy(), values) for name, values in made_up().items())
