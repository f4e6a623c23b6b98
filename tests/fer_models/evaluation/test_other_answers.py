"""Stored answers on other data sets: found again only as they were stored, and never outside their folder."""

import numpy as np
import pytest

from fer_models.checkpoints import CheckpointError
from fer_models.evaluation import OtherData, Predictions
from fer_models.evaluation.other_answers import evaluations_folder, list_other, load_other, other_file, save_other
from tests.conftest import make_checkpoint

ABOUT = OtherData(
    name="mine", part="all", source="names of folders", count=4, in_common=("happiness", "sadness"), aligned=False
)


@pytest.fixture
def weights(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_EVALUATIONS", str(tmp_path / "evaluations"))
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    return make_checkpoint("mobilenetv3_small", tmp_path / "checkpoints", "small.test")


@pytest.fixture
def stored(weights):
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]], np.float32)
    labels = np.array([0, 1, 1, 0])
    found = Predictions(
        "small.test", ABOUT.in_common, ABOUT.title, ABOUT.rule, np.arange(4), labels, probabilities, other=ABOUT
    )
    return save_other(found, weights)


def test_what_was_stored_comes_back(stored, weights):
    found = load_other("small.test", "mine", "all")
    assert found.other == ABOUT and found.names == ("happiness", "sadness")
    assert found.split == "another data set: mine" and found.labels.tolist() == [0, 1, 1, 0]
    np.testing.assert_allclose(found.probabilities[:, 0], [0.9, 0.2, 0.6, 0.3], atol=1e-3)
    assert load_other(weights, "mine", "all").checkpoint == "small.test"


@pytest.mark.parametrize("content", [b"", b"no archive", "cut", "other arrays"])
def test_a_damaged_file_is_one_sentence(stored, content):
    if content == "cut":
        content = stored.read_bytes()[:300]
    if content == "other arrays":
        np.savez(stored, rows=np.arange(3))
    else:
        stored.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged") as caught:
        load_other("small.test", "mine", "all")
    assert str(stored.parent) not in str(caught.value)
    (there,) = list_other("small.test")
    assert there.count is None


def test_answers_of_other_weights_are_not_believed(stored, weights):
    make_checkpoint("mobilenetv3_large", weights.parent, "small.test")
    with pytest.raises(CheckpointError, match="other weights"):
        load_other("small.test", "mine", "all")


@pytest.mark.parametrize(
    "name", ["../../secret", "..", "/etc/passwd", "", "mine\0", "a=b", ".hidden", "mine/../mine", "x" * 300, "\udcff"]
)
def test_a_name_leads_nowhere_else(stored, weights, name):
    with pytest.raises(CheckpointError, match=r"stored|damaged") as caught:
        load_other("small.test", name, "all")
    assert str(stored.parent.parent) not in str(caught.value)
    for file in (other_file(weights, name, "all"), other_file(weights, "mine", name)):
        assert file.resolve().parent == stored.parent


def test_the_users_folder_for_data(monkeypatch, tmp_path, weights):
    monkeypatch.delenv("FERSCOPE_EVALUATIONS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("sys.platform", "linux")
    assert evaluations_folder() == tmp_path / "data" / "ferscope" / "evaluations"
    monkeypatch.delenv("XDG_DATA_HOME")

    def no_home():
        raise RuntimeError("no home")

    monkeypatch.setattr("pathlib.Path.home", no_home)
    with pytest.raises(ValueError, match="FERSCOPE_EVALUATIONS"):
        evaluations_folder()
    assert list_other("small.test") == []
