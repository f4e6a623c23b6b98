"""VGGFace2 weights: the same function with unfolded norms, what stays fresh, what is refused. All are made up."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from fer_models.networks import create_network
from fer_models.preprocessing import Preprocessing, to_input
from fer_models.training.start.vggface2 import load_vggface2, read_graph_model
from tests.support.graph_model import made_up, write

HALVING = (2, 4, 6, 12)
BGR_MEAN = (103.939, 116.779, 123.68)
FACES = np.random.default_rng(0).integers(0, 256, (24, 6, 6), np.uint8).repeat(8, 1).repeat(8, 2)  # large patches
SIDE = 96


def folded(weights: dict[str, np.ndarray], faces: np.ndarray, outside: float) -> Tensor:
    """Its features of grey faces, float64, with our padding; behind the border the picture is ``outside``."""
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
    after, theirs = network.state_dict(), baseline.state_dict()
    assert sorted([*transfer.loaded, *transfer.no_counterpart]) == sorted(after)
    assert all(torch.equal(after[key], theirs[key]) for key in transfer.loaded)
    assert all(torch.equal(after[key], before[key]) for key in transfer.no_counterpart)
    assert {".".join(key.split(".")[:3]) for key in transfer.no_counterpart} == {
        *(f"features.{number}.attention" for number in (4, 6, 11, 13)),
        "classifier.1.weight",
        "classifier.1.bias",
    }
    assert "3,206,976 parameters in 162 tensors" in transfer.text() and "age_pred (25,700)" in transfer.text()


def test_statistics_are_those_of_faces_from_all_over_the_data_set(tmp_path, monkeypatch):
    monkeypatch.setattr("fer_models.training.start.vggface2.FACES", 10)
    file, network = write(tmp_path, made_up()), create_network("mobilenetv1")
    load_vggface2(network, "mobilenetv1", file, FACES, SIDE)
    pictures = to_input(torch.from_numpy(FACES[[0, 2, 5, 7, 10, 12, 15, 17, 20, 23]]), Preprocessing(), SIDE)
    first = network.features[0]
    mean, variance = first[0](pictures).mean((0, 2, 3)), first[0](pictures).var((0, 2, 3), correction=0)
    torch.testing.assert_close(first[1].running_mean, mean, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(first[1].running_var, variance, rtol=1e-4, atol=1e-5)


def test_other_files_are_refused_and_nothing_is_changed(tmp_path):
    network = create_network("a_mobilenet")
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}

    def refused(file: Path, says: str) -> None:
        with pytest.raises(ValueError, match=says):
            load_vggface2(network, "a_mobilenet", file, FACES, SIDE)

    weights, no_model = made_up(), r"\.json cannot be read as a TensorFlow\.js graph model\.$"
    refused(tmp_path / "none.json", no_model)
    quantised = {"feats/kernel": {"quantization": {"dtype": "float16"}}}
    refused(write(tmp_path, weights, **quantised), r"faceres\.json are quantised; faceres-deep's are not\.$")
    less = {name: values for name, values in weights.items() if not name.startswith("conv_pw_7/")}
    refused(write(tmp_path, less), r"does not hold faceres-deep: 'conv_pw_7/convolution/merged_input' is missing\.$")
    other = weights | {"conv_dw_3_bn/batchnorm_1/mul": np.ones(64, np.float32)}
    refused(write(tmp_path, other), r"'conv_dw_3_bn/batchnorm_1/mul' has the shape \(64,\)\.$")
    file, data = write(tmp_path, weights), tmp_path / "faceres.bin"
    size = data.stat().st_size
    data.write_bytes(data.read_bytes() + b"more")
    refused(file, f"faceres.json are {size + 4:,} bytes instead of {size:,}")
    data.write_bytes(b"less")
    refused(file, f"faceres.json are 4 bytes instead of {size:,}")
    data.unlink()
    refused(file, r"has its weights in faceres\.bin, which is not beside it\.$")
    for text in ("[1, 2]", "no json", '{"weightsManifest": 3}', '{"weightsManifest": [{"paths": []}]}'):
        file.write_text(text)
        refused(file, no_model)
    file.write_bytes(b"\xff\xfe\x00")
    refused(file, no_model)
    assert all(torch.equal(tensor, before[key]) for key, tensor in network.state_dict().items())


def test_graph_models_are_read_by_name(tmp_path):
    found = read_graph_model(write(tmp_path, made_up()))
    assert found.keys() == made_up().keys()  # whole numbers are no weights
    assert all(np.array_equal(found[name].numpy(), values) for name, values in made_up().items())
