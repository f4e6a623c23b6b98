"""ImageNet weights: what is loaded, adapted, left, refused, and how they are fetched. All of them are made up."""

from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from fer_models.networks import Network, create_network, list_networks
from fer_models.preprocessing import Preprocessing
from fer_models.training.start.imagenet import LAYOUTS, load_imagenet
from fer_models.training.start.published import IMAGENET, PUBLISHED, check_start
from fer_models.training.start.transfer import Transfer
from tests.support import timm_layout

BASELINES = {
    "mobilenetv1": "mobilenetv1_100",
    "mobilenetv3_large": "mobilenetv3_large_100",
    "efficientnet_b0": "efficientnet_b0",
}
WITHOUT_WEIGHTS = {"mobilenetv2", "mobilenetv3_small", "resnet18", "resnet50", "vgg16", "fer_cnn"}


def model_of(name: str) -> str:
    """timm's model for one of our networks, by the family in its name."""
    family = next(start for start in ("mobilenetv3", "efficientnet", "") if name.startswith(start))
    return {"mobilenetv3": "mobilenetv3_large_100", "efficientnet": "efficientnet_b0", "": "mobilenetv1_100"}[family]


@cache
def weights(model: str) -> dict[str, Tensor]:
    return timm_layout.random_state(model)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Model -> its made-up model.safetensors."""
    folder = tmp_path_factory.mktemp("imagenet")
    for model in timm_layout.STAGES:
        save_file(weights(model), folder / f"{model}.safetensors")
    return {model: folder / f"{model}.safetensors" for model in timm_layout.STAGES}


def load(name: str, files: dict[str, Path], preprocessing: Preprocessing | None = None) -> tuple[Network, Transfer]:
    """A network in float64 and eval mode, loaded."""
    torch.manual_seed(3)
    network = create_network(name).double().eval()
    return network, load_imagenet(network, name, files[model_of(name)], preprocessing)


def grey_pictures(side: int = 64) -> Tensor:
    return torch.rand(2, 1, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(5))


def as_ours(grey: Tensor, preprocessing: Preprocessing) -> Tensor:
    return ((grey - preprocessing.mean) / preprocessing.std).expand(-1, 3, -1, -1)


def assert_close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-9 * float(theirs.abs().max()))


@pytest.mark.parametrize(("name", "model"), BASELINES.items())
@pytest.mark.parametrize("preprocessing", [Preprocessing(), Preprocessing(mean=0.45, std=0.3)])
def test_baseline_sees_in_a_grey_picture_what_timms_sees(
    name: str, model: str, preprocessing: Preprocessing, files: dict[str, Path]
) -> None:
    network, _ = load(name, files, preprocessing)
    grey = grey_pictures()
    with torch.no_grad():
        features = network.features(as_ours(grey, preprocessing))
        embedded = network.embedding(features)
    state = weights(model)
    expected = timm_layout.features(model, state, timm_layout.stem(model, state, grey, outside=preprocessing.mean))
    assert expected.std(0).mean() > 1e-2 * expected.abs().max()  # it depends on the picture
    assert_close(features, expected)
    assert_close(embedded, timm_layout.pooled(model, state, expected))


@pytest.mark.parametrize(("name", "model"), BASELINES.items())
def test_first_layer_differs_from_timms_at_the_border_only(name: str, model: str, files: dict[str, Path]) -> None:
    network, _ = load(name, files)
    grey = grey_pictures()
    with torch.no_grad():
        ours = network.features[0](as_ours(grey, Preprocessing()))
    theirs = timm_layout.stem(model, weights(model), grey)
    assert_close(ours[..., 1:, 1:], theirs[..., 1:, 1:])  # stride 2: only the first row and column reach the padding
    if model == "mobilenetv1_100":  # its mean is ours
        assert_close(ours, theirs)


@pytest.mark.parametrize("name", BASELINES)
def test_every_tensor_of_a_baseline_but_its_head_is_loaded(name: str, files: dict[str, Path]) -> None:
    network, transfer = load(name, files)
    backbone = [key for key in network.state_dict() if not key.startswith("classifier.")]
    assert list(transfer.loaded) == backbone
    assert list(transfer.no_counterpart) == ["classifier.1.weight", "classifier.1.bias"]
    assert transfer.other_shape == {}
    assert list(transfer.unused) == ["classifier.bias", "classifier.weight"]
    assert sum(transfer.loaded.values()) == sum(
        p.numel() for key, p in network.named_parameters() if not key.startswith("classifier.")
    )


def test_tensors_stand_where_they_belong(files: dict[str, Path]) -> None:
    network, _ = load("mobilenetv3_large", files)
    own, state = network.state_dict(), weights("mobilenetv3_large_100")
    for ours, theirs in {
        "features.1.project.0.weight": "blocks.0.0.conv_pw.weight",
        "features.5.attention.reduce.bias": "blocks.2.1.se.conv_reduce.bias",
        "features.13.expand.0.weight": "blocks.5.0.conv_pw.weight",
        "features.15.depthwise.1.running_mean": "blocks.5.2.bn2.running_mean",
        "features.15.project.1.running_var": "blocks.5.2.bn3.running_var",
        "features.16.1.num_batches_tracked": "blocks.6.0.bn1.num_batches_tracked",
        "embedding.2.bias": "conv_head.bias",
    }.items():
        assert torch.equal(own[ours], state[theirs].to(own[ours].dtype)), ours


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_tensor_is_accounted_for_and_only_loaded_ones_change(name: str, files: dict[str, Path]) -> None:
    torch.manual_seed(3)
    before = create_network(name).double().state_dict()
    network, transfer = load(name, files)
    after = network.state_dict()
    kinds = (transfer.loaded, transfer.no_counterpart, transfer.other_shape)
    assert sorted(key for kind in kinds for key in kind) == sorted(after)
    for key in (*transfer.no_counterpart, *transfer.other_shape):
        assert torch.equal(after[key], before[key]), key
    for key in transfer.loaded:
        assert not torch.equal(after[key], before[key]), key
    assert set(transfer.unused) < set(weights(model_of(name)))


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name != "mobilenetv3_simam" and name not in BASELINES])
def test_variants_get_what_their_baseline_gets(name: str, files: dict[str, Path]) -> None:
    network, transfer = load(name, files)
    baseline = {model: name for name, model in BASELINES.items()}[model_of(name)]
    expected = load(baseline, files)[0].state_dict()
    own = network.state_dict()
    assert all(torch.equal(own[key], expected[key]) for key in transfer.loaded)
    # Whatever has the baseline's name and shape is loaded, but for gates of another kind and the head.
    same = {key for key in own if key in expected and own[key].shape == expected[key].shape and own[key].ndim}
    left = {
        key.split(".")[2] if key.startswith("features.") else key.split(".")[0] for key in same - set(transfer.loaded)
    }
    assert left <= {"attention", "classifier"}


def test_attention_of_paper_002_keeps_its_fresh_weights(files: dict[str, Path]) -> None:
    _, transfer = load("mobilenetv3_cpsca", files)

    def rows(names: dict[str, int], part: str) -> set[int]:
        return {int(name.split(".")[1]) for name in names if f".{part}." in name}

    assert rows(transfer.loaded, "attention") == {4, 5, 6}
    assert rows(transfer.no_counterpart, "attention") == set(range(9, 16))
    assert rows(transfer.other_shape, "project") == {13, 14, 15}
    assert rows(transfer.other_shape, "expand") == rows(transfer.other_shape, "depthwise") == {14, 15}
    assert {"features.16.0.weight", "embedding.2.weight"} <= set(transfer.other_shape)
    assert {"conv_head.weight", "blocks.4.0.se.conv_reduce.weight"} <= set(transfer.unused)
    assert "blocks.2.0.se.conv_reduce.weight" not in transfer.unused


def test_shortcuts_of_paper_001_keep_their_fresh_weights(files: dict[str, Path]) -> None:
    _, transfer = load("mobilenetv3_simam", files)
    parts = {name.split(".")[2] for name in transfer.no_counterpart if name.startswith("features.")}
    assert parts == {"shortcut"} and transfer.other_shape == {}
    assert {"embedding.1.weight", "classifier.1.weight"} <= set(transfer.no_counterpart)
    assert "embedding.3.weight" in transfer.loaded
    assert "blocks.2.0.se.conv_reduce.weight" in transfer.unused


@pytest.mark.parametrize(
    ("layer", "convolution", "norm"),
    [
        ("features.7.expand", "blocks.3.0.conv_pw", "blocks.3.0.bn1"),
        ("features.16", "blocks.6.0.conv", "blocks.6.0.bn1"),
    ],
)
def test_group_norm_gives_what_the_batch_norm_gave_when_its_groups_have_the_stored_statistics(
    layer: str, convolution: str, norm: str, files: dict[str, Path]
) -> None:
    network, _ = load("mobilenetv3_simam", files)
    state = weights("mobilenetv3_large_100")
    mean, variance = state[f"{norm}.running_mean"].double(), state[f"{norm}.running_var"].double()
    # The output of timm's convolution, each channel with exactly the stored mean and variance.
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(len(mean), 1000, dtype=torch.float64, generator=generator)
    noise = (noise - noise.mean(1, keepdim=True)) / noise.std(1, correction=0, keepdim=True)
    x = (mean[:, None] + variance.sqrt()[:, None] * noise).view(1, -1, 40, 25)
    gamma, beta = state[f"{norm}.weight"].double(), state[f"{norm}.bias"].double()
    expected = F.batch_norm(x, mean, variance, gamma, beta, eps=1e-5)
    # Ours has the same convolution, each channel of it times a factor.
    convolutions = network.get_submodule(layer)[0].weight, state[f"{convolution}.weight"].double()
    factors = (convolutions[0] / convolutions[1]).flatten(1)
    torch.testing.assert_close(factors, factors[:, :1].expand_as(factors))
    torch.testing.assert_close(factors[:, 0], (variance + 1e-5).rsqrt())
    with torch.no_grad():
        found = network.get_submodule(layer)[1](x * factors[:, 0].view(1, -1, 1, 1))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


def test_text_counts_parameters_by_kind_of_layer(files: dict[str, Path]) -> None:
    network, transfer = load("a_mobilenet", files)
    heading, loaded, fresh, left = transfer.text().splitlines()
    assert "timm/mobilenetv1_100.ra4_e3600_r224_in1k" in heading and "a_mobilenet" in heading
    gates = sum(p.numel() for key, p in network.named_parameters() if ".attention." in key)
    pointwise = sum(p.numel() for key, p in network.named_parameters() if ".pointwise." in key)
    assert "162 tensors" in loaded and f"features 1-13 pointwise ({pointwise:,})" in loaded
    assert "there are none" in fresh and f"features 4, 6, 11, 13 attention ({gates:,})" in fresh
    assert "classifier 1 (8,200)" in fresh
    assert "1,025,000 parameters in 2 tensors: classifier (1,025,000)" in left


def _cut(state: dict[str, Tensor]) -> None:
    del state["blocks.3.0.bn2.running_var"]


def _add(state: dict[str, Tensor]) -> None:
    state["blocks.3.0.bn4.weight"] = torch.ones(3)


def _reshape(state: dict[str, Tensor]) -> None:
    state["classifier.weight"] = torch.zeros(11221, 1280)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_cut, "'blocks.3.0.bn2.running_var' is missing"),
        (_add, "'blocks.3.0.bn4.weight' is not among theirs"),
        (_reshape, r"'classifier.weight' has the shape \(11221, 1280\) instead of \(1000, 1280\)"),
    ],
)
def test_unexpected_keys_are_refused_and_nothing_is_changed(change, says: str, tmp_path: Path) -> None:
    state = dict(weights("efficientnet_b0"))
    change(state)
    save_file(state, tmp_path / "changed.safetensors")
    network = create_network("efficientnet_b0_attention")
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    with pytest.raises(ValueError, match=f"changed.safetensors does not hold .*efficientnet_b0.ra_in1k: {says}"):
        load_imagenet(network, "efficientnet_b0_attention", tmp_path / "changed.safetensors")
    assert all(torch.equal(tensor, before[key]) for key, tensor in network.state_dict().items())


def test_another_models_file_is_refused(files: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match=r"does not hold the weights timm/mobilenetv3_large_100\.ra_in1k"):
        load_imagenet(create_network("mobilenetv3_cpsca"), "mobilenetv3_cpsca", files["efficientnet_b0"])


def test_counters_of_batches_may_be_missing(tmp_path: Path) -> None:
    state = {key: t for key, t in weights("mobilenetv1_100").items() if not key.endswith("num_batches_tracked")}
    save_file(state, tmp_path / "old.safetensors")
    transfer = load_imagenet(create_network("mobilenetv1"), "mobilenetv1", tmp_path / "old.safetensors")
    assert {key.rpartition(".")[2] for key in transfer.no_counterpart} == {"weight", "bias", "num_batches_tracked"}


@pytest.mark.parametrize("content", [None, b"", b"not safetensors at all"])
def test_a_file_that_is_none_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ValueError, match=r"weights\.safetensors cannot be read as safetensors"):
        load_imagenet(create_network("mobilenetv1"), "mobilenetv1", file)


def test_networks_without_weights_are_told_which_have_some() -> None:
    assert set(list_networks()) - set(LAYOUTS) == WITHOUT_WEIGHTS and set(LAYOUTS) == {*PUBLISHED[IMAGENET].networks}
    for name in (*WITHOUT_WEIGHTS, "mobilenet"):
        with pytest.raises(ValueError, match=f"'{name}', only for a_mobilenet, efficientnet_b0, .*mobilenetv3_simam"):
            check_start(IMAGENET, name, None)
