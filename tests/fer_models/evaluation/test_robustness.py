"""Distortions against SciPy's filters and plain arithmetic; robustness against scoring the distorted faces alone."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch.nn import functional as F

from fer_models.classifier import Classifier
from fer_models.data import Faces
from fer_models.evaluation import DISTORTIONS, Distortion, evaluate, measure_robustness, predict_faces
from fer_models.evaluation.distortions import blur, cover, low_resolution, noise, rotation
from fer_models.labels import FER2013, FERPLUS
from tests.conftest import make_network


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    """(20, 48, 48) uint8: smooth blotches of all greys."""
    grey = ndimage.gaussian_filter(np.random.default_rng(6).normal(size=(20, 48, 48)), (0, 3, 3), mode="nearest")
    return np.clip(128 + 500 * grey, 0, 255).astype(np.uint8)


def test_every_condition_is_there_once_and_is_deterministic(faces):
    conditions = [(part.name, part.parameter) for part in DISTORTIONS]
    assert len(set(conditions)) == len(conditions) == 21
    before = faces.copy()
    for part in DISTORTIONS:
        changed = part(faces)
        assert changed.shape == faces.shape and changed.dtype == np.uint8
        assert (changed != faces).any((1, 2)).all(), part
        assert np.array_equal(changed, part(faces)) and np.array_equal(changed[:5], part(faces[:5]))
    assert np.array_equal(faces, before)


@pytest.mark.parametrize(
    ("region", "covered", "seen"),
    [
        # (row, column) as shares of the side: eyes at 0.38, mouth corners at 0.76.
        ("eyes", [(0.38, 0.30), (0.38, 0.69), (0.30, 0.05)], [(0.76, 0.5), (0.58, 0.5), (0.1, 0.5)]),
        ("mouth", [(0.76, 0.33), (0.76, 0.66), (0.84, 0.5)], [(0.38, 0.30), (0.55, 0.5), (0.76, 0.05)]),
        ("left half", [(0.38, 0.30), (0.99, 0.0)], [(0.38, 0.69), (0.99, 0.51)]),
        ("right half", [(0.38, 0.69), (0.0, 0.99)], [(0.38, 0.30), (0.0, 0.49)]),
        ("upper half", [(0.38, 0.30), (0.49, 0.99)], [(0.76, 0.5), (0.51, 0.0)]),
        ("lower half", [(0.76, 0.5), (0.99, 0.99)], [(0.38, 0.69), (0.49, 0.0)]),
    ],
)
@pytest.mark.parametrize("side", [48, 100])
def test_occlusion_covers_its_region_with_the_faces_mean_and_nothing_else(region, covered, seen, side):
    face = np.random.default_rng(1).integers(0, 256, (side, side), dtype=np.uint8)
    (changed,) = cover(region)(face[None])
    at = lambda places: tuple((np.array(places) * side).astype(int).T)  # noqa: E731
    assert (changed[at(covered)] == round(face.astype(float).mean())).all()
    assert (changed[at(seen)] == face[at(seen)]).all()
    if "half" in region:
        assert (changed == changed[at(covered)][0]).sum() >= side * side / 2
        assert (changed == face).sum() >= side * side / 2


@pytest.mark.parametrize("sigma", [1, 2, 3])
def test_blur_is_scipys_gaussian(faces, sigma):
    expected = ndimage.gaussian_filter(faces.astype(float), (0, sigma, sigma), mode="nearest")
    np.testing.assert_allclose(blur(sigma)(faces), expected, atol=2)


def test_strength_grows_with_the_side(faces):
    large = faces.repeat(2, 1).repeat(2, 2)
    expected = ndimage.gaussian_filter(large.astype(float), (0, 2, 2), mode="nearest")
    np.testing.assert_allclose(blur(1)(large), expected, atol=2)
    np.testing.assert_allclose(low_resolution(24)(large), enlarge(block_mean(large, 2), 96), atol=2)


def block_mean(images: np.ndarray, block: int) -> np.ndarray:
    count, side = len(images), images.shape[1] // block
    return images.reshape(count, side, block, side, block).mean((2, 4))


def enlarge(images: np.ndarray, side: int) -> np.ndarray:
    grey = torch.from_numpy(images)[:, None]
    return F.interpolate(grey, size=(side, side), mode="bilinear", align_corners=False)[:, 0].numpy()


@pytest.mark.parametrize("pixels", [24, 16, 12])
def test_low_resolution_is_means_of_blocks_enlarged(faces, pixels):
    expected = enlarge(block_mean(faces.astype(float), 48 // pixels), 48)
    np.testing.assert_allclose(low_resolution(pixels)(faces), expected, atol=2)


@pytest.mark.parametrize("degrees", [-30, 10, 20])
def test_rotation_is_scipys_and_anticlockwise(faces, degrees):
    expected = ndimage.rotate(faces.astype(float), degrees, axes=(1, 2), reshape=False, order=1, mode="nearest")
    np.testing.assert_allclose(rotation(degrees)(faces), expected, atol=5)
    mark = np.zeros((1, 48, 48), np.uint8)
    mark[0, 22:26, 38:42] = 255  # right of the centre: anticlockwise moves it up
    up = ndimage.center_of_mass(rotation(degrees)(mark)[0])[0] < 23.5
    assert up == (degrees > 0)


@pytest.mark.parametrize("sigma", [10, 20, 40])
def test_noise_has_the_stated_strength_and_differs_between_faces_and_seeds(sigma):
    grey = np.full((30, 48, 48), 128, np.uint8)
    changed = noise(sigma)(grey, seed=3)
    difference = changed.astype(float) - 128
    assert difference.std() == pytest.approx(sigma, rel=0.02) and abs(difference.mean()) < 0.5
    assert (changed[0] != changed[1]).mean() > 0.9 and (changed != noise(sigma)(grey, seed=4)).mean() > 0.9


@pytest.fixture(scope="module")
def small(faces) -> tuple[Classifier, Faces]:
    """A network of random weights, and faces labelled by its own answers but for four."""
    classifier = Classifier(*make_network("mobilenetv3_small"))
    labels = predict_faces(classifier, faces).argmax(1)
    labels[:4] = (labels[:4] + 1) % 8
    return classifier, Faces(faces, labels, np.eye(8, dtype=np.float32)[labels], np.arange(20), FERPLUS)


def test_robustness_is_the_score_of_the_distorted_faces(small):
    classifier, faces = small
    invert = Distortion("inverted", "all greys", lambda face, _: 255 - face)
    same = Distortion("none", "as they are", lambda face, _: face)
    done: list[int] = []
    found = measure_robustness(
        classifier, faces, split="x", label_rule="r", distortions=[invert, same, *DISTORTIONS], advance=done.append
    )
    assert sum(done) == 20 * (3 + 21) and len(found) == 23
    clean = evaluate(classifier, faces, split="x", label_rule="r")
    assert clean.accuracy == 0.8
    for part, distortion in zip(found, [invert, same, *DISTORTIONS], strict=True):
        changed = Faces(distortion(faces.images), faces.labels, faces.targets, faces.rows, FERPLUS)
        note = f"{part.name}, {part.parameter}"
        assert part.score == evaluate(classifier, changed, split="x", label_rule="r", note=note)
        assert part.drop == pytest.approx(clean.accuracy - part.score.accuracy)
        assert part.drop_interval[0] <= part.drop <= part.drop_interval[1]
    assert found[1].drop == 0 and found[0].drop > 0


def test_known_clean_answers_are_used(small):
    classifier, faces = small
    all_right = np.eye(8, dtype=np.float32)[faces.labels]
    done: list[int] = []
    (found,) = measure_robustness(
        classifier, faces, split="x", label_rule="r", distortions=[cover("eyes")], clean=all_right, advance=done.append
    )
    assert sum(done) == 20 and found.drop == pytest.approx(1 - found.score.accuracy)


def test_other_labels_are_refused(small):
    classifier, faces = small
    other = Faces(faces.images, faces.labels % 7, faces.targets[:, :7], faces.rows, FER2013)
    with pytest.raises(ValueError, match="these faces are labelled"):
        measure_robustness(classifier, other, split="x", label_rule="fer2013")
