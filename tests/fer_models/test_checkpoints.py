"""Checkpoints and classifiers: what is saved comes back, and every damage is one clear error."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import fer_models as fer
from fer_models.card import Card
from fer_models.checkpoints import checkpoint_folders, load_checkpoint, read_card, save_checkpoint, weights_key
from fer_models.networks import create_network
from fer_models.preprocessing import Preprocessing

LABELS = ("neutral", "happiness", "anger")


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """A small checkpoint in a folder that FERSCOPE_CHECKPOINTS names."""
    torch.manual_seed(0)
    network = create_network("mobilenetv3_small", 3, dropout=0.1).eval()
    card = Card(
        name="small.test",
        network="mobilenetv3_small",
        options={"dropout": 0.1},
        labels=LABELS,
        preprocessing=Preprocessing(input_side=64),
        licence="none",
    )
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path))
    return save_checkpoint(network, card, tmp_path), network


def test_round_trip(saved, crop):
    file, network = saved
    assert "small.test" in fer.list_checkpoints()
    assert file.stat().st_mode == file.with_suffix(".json").stat().st_mode  # readable by whom the umask allows
    assert {tensor.dtype for tensor in load_file(file).values()} == {torch.float16, torch.int64}
    by_name, by_path = fer.load_classifier("small.test"), fer.load_classifier(file)
    assert by_name.labels == LABELS and by_name.card.options == {"dropout": 0.1}
    assert not by_name.network.training
    probabilities = by_name.predict([crop, crop[:50]])
    assert probabilities.shape == (2, 3) and probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-6)
    assert np.array_equal(probabilities, by_path.predict([crop, crop[:50]]))
    with torch.no_grad():
        expected = network.half().float()(by_name.preprocess([crop])).softmax(1)
    np.testing.assert_allclose(probabilities[:1], expected, atol=1e-5)


def small_card(**fields):
    named = {"name": "x", "network": "mobilenetv3_small", "labels": LABELS}
    return Card(**named, preprocessing=Preprocessing(), licence="none", **fields)


def test_large_statistics_survive_half_precision(tmp_path):
    network = create_network("mobilenetv3_small", 3).eval()
    next(m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)).running_var.fill_(1e6)
    card = small_card()
    again, _ = load_checkpoint(save_checkpoint(network, card, tmp_path))
    assert all(torch.isfinite(t).all() for t in again.state_dict().values())


def test_int8_is_off_by_half_a_scale_at_most(tmp_path, crop):
    torch.manual_seed(1)
    network = create_network("mobilenetv3_small", 3).eval()
    convolution = network.get_submodule(network.last_layer).get_parameter("0.weight")
    convolution.data[0] = 0  # a channel of zeros has no largest value to be scaled by
    convolution.data[1] *= 1e-6
    card = small_card(weights="int8")
    file = save_checkpoint(network, card, tmp_path)
    assert fer.load_classifier(file).card.weights == "int8"
    again, _ = load_checkpoint(file)
    for name, stored in again.state_dict().items():
        exact = network.state_dict()[name]
        assert stored.dtype == exact.dtype
        if exact.ndim < 2 or exact[0].numel() <= 9:
            assert torch.equal(stored, exact.half().float() if exact.is_floating_point() else exact)
            continue
        for channel, values in zip(stored.double(), exact.double(), strict=True):
            bound = values.abs().max() / 127 / 2
            assert (channel - values).abs().max() <= bound * (1 + 1e-5)
    kinds = {name: tensor.dtype for name, tensor in load_file(file).items()}
    depthwise = {name for name, tensor in network.state_dict().items() if tensor.shape[1:] == (1, 3, 3)}
    assert depthwise and {kinds[name] for name in depthwise} == {torch.float16}
    assert torch.int8 in kinds.values()
    save_checkpoint(network, card.model_copy(update={"name": "y", "weights": "fp16"}), tmp_path)
    assert file.stat().st_size < 0.56 * (tmp_path / "y.safetensors").stat().st_size


def test_int8_without_its_scales_is_refused(tmp_path):
    network = create_network("mobilenetv3_small", 3)
    card = small_card(weights="int8")
    file = save_checkpoint(network, card, tmp_path)
    tensors = load_file(file)
    name = next(name for name, tensor in tensors.items() if tensor.dtype == torch.int8)
    for broken in ({name + ".scale": tensors[name + ".scale"][:-1]}, {name + ".scale": None}):
        changed = {key: tensor for key, tensor in (tensors | broken).items() if tensor is not None}
        save_file(changed, file)
        with pytest.raises(fer.CheckpointError, match="int8, but has no scale"):
            load_checkpoint(file)


def test_unknown_name_suggests_the_nearest(saved):
    with pytest.raises(fer.CheckpointError, match=r"Did you mean 'small\.test'"):
        fer.load_classifier("smal.test")
    with pytest.raises(fer.CheckpointError, match="no file"):
        fer.load_classifier("nowhere/x.safetensors")
    with pytest.raises(fer.CheckpointError):
        fer.load_classifier("../small.test")


def test_missing_card(saved):
    file, _ = saved
    file.with_suffix(".json").unlink()
    assert "small.test" not in fer.list_checkpoints()
    with pytest.raises(fer.CheckpointError, match=r"small\.test\.json is missing"):
        fer.load_classifier(file)


def change_card(file, **changes):
    card = file.with_suffix(".json")
    card.write_text(json.dumps(json.loads(card.read_text()) | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ["neutral", "happiness"]}, "names 2 labels.*head for 3"),
        ({"labels": ["neutral", "neutral", "anger"]}, "repeat"),
        ({"labels": ["neutral"]}, "labels"),
        ({"labels": ["neutral", "happiness", "../../anger"]}, r"labels\.2: '\.\./\.\./anger' cannot stand in a file"),
        ({"labels": ["neutral", "..", "anger"]}, r"labels\.1: '\.\.' cannot stand in a file"),
        ({"name": "../../escaped"}, r"name: '\.\./\.\./escaped' cannot stand in a file's name"),
        ({"name": "C:\\escaped"}, "cannot stand in a file's name"),
        ({"name": "a\0b"}, "cannot stand in a file's name"),
        ({"name": "."}, "cannot stand in a file's name"),
        ({"labels": ["neutral", "happy\x1b[31m", "anger"]}, r"labels\.1: .* cannot stand in a file"),
        ({"labels": ["neutral", "W" * 61, "anger"]}, r"labels\.1: .* at most 60"),
        ({"surprise": 1}, "surprise"),
        ({"preprocessing": {"input_side": 4}}, r"preprocessing\.input_side"),
        ({"network": "mobilenetv2"}, "shape|lack"),
        ({"recipe": {"teacher_recipes": [{"seed": "x"}]}}, r"recipe: teacher_recipes\.0\.seed: .* valid integer"),
        ({"options": {"num_classes": 3}}, "card small.test is not right"),
        ({"options": {"dropuot": 1}}, "card small.test is not right.*cannot be built"),
    ],
)
def test_wrong_cards(saved, changes, message):
    file, _ = saved
    change_card(file, **changes)
    with pytest.raises(fer.CheckpointError, match=message):
        fer.load_classifier(file)


def test_unknown_network_on_a_card(saved):
    file, _ = saved
    change_card(file, network="mobilenetv3_smal")
    with pytest.raises(fer.UnknownNetworkError, match="Did you mean 'mobilenetv3_small'"):
        fer.load_classifier(file)


def test_a_card_in_older_words_is_read(saved):
    """A recipe's partition was once called split, in those of a card's start and teachers too."""
    file, _ = saved

    def whole(word: str) -> dict:
        random, official = {word: "random-8:2"}, {word: "official"}
        return {**official, "start_recipe": random, "teacher_recipes": [{**official, "start_recipe": random}]}

    change_card(file, recipe=whole("split"))
    assert read_card(file).recipe == whole("partition")


def test_a_card_that_is_no_json(saved):
    file, _ = saved
    file.with_suffix(".json").write_bytes(b"\xff\xfe{")
    with pytest.raises(fer.CheckpointError, match="card small"):
        read_card(file)


@pytest.mark.parametrize("kept", [0, 7, 100, -1])
def test_weights_cut_short(saved, kept):
    file, _ = saved
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(fer.CheckpointError, match="cut short or damaged"):
        fer.load_classifier(file)


def test_missing_and_surplus_tensors(saved):
    file, _ = saved
    tensors = load_file(file)
    save_file(tensors | {"extra": torch.zeros(1)}, file)
    with pytest.raises(fer.CheckpointError, match="hold 'extra'"):
        fer.load_classifier(file)
    del tensors["classifier.1.bias"]
    save_file(tensors, file)
    with pytest.raises(fer.CheckpointError, match=r"lack 'classifier\.1\.bias'"):
        fer.load_classifier(file)


def test_weights_without_a_card_do_not_hide_whole_ones(saved, tmp_path_factory, monkeypatch):
    file, _ = saved
    earlier = tmp_path_factory.mktemp("earlier") / file.name
    earlier.write_bytes(b"")
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", f"{earlier.parent}:{file.parent}")
    assert "small.test" in fer.list_checkpoints()
    assert fer.load_classifier("small.test").labels == LABELS
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(earlier.parent))
    with pytest.raises(fer.CheckpointError, match=r"small\.test\.json is missing beside the weights") as caught:
        fer.load_classifier("small.test")
    assert str(earlier.parent) in str(caught.value.__cause__)  # the sentence itself may be read by a site's visitors


def test_added_folders_come_first(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    assert checkpoint_folders()[:2] == [tmp_path / "a", tmp_path / "b"]


def test_a_failed_save_leaves_the_old_checkpoint(saved, monkeypatch):
    file, network = saved
    before = file.read_bytes(), file.with_suffix(".json").read_bytes()
    monkeypatch.setattr("fer_models.atomic.os.replace", lambda *a: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        save_checkpoint(network.float(), read_card(file), file.parent)
    assert (file.read_bytes(), file.with_suffix(".json").read_bytes()) == before
    assert {f.name for f in file.parent.iterdir()} == {"small.test.safetensors", "small.test.json"}


def test_the_key_follows_the_weights_and_their_use_and_no_score(saved):
    file, _ = saved
    key = weights_key("small.test")
    assert key == weights_key(file)

    def changed(**fields) -> str:
        card = json.loads(file.with_suffix(".json").read_text()) | fields
        file.with_suffix(".json").write_text(json.dumps(card))
        return weights_key(file)

    assert changed(initialisation="told otherwise") == key
    assert changed(labels=LABELS[::-1]) != key
    assert changed(labels=LABELS) == key
    weights = bytearray(file.read_bytes())
    weights[-1] ^= 1
    file.write_bytes(weights)
    assert weights_key(file) != key
