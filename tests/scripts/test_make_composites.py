"""The gallery's composite faces: what the manifest says is true, and nobody's picture is among them."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

import fer_models as fer
from fer_models.data import Fer2013, majority, read_fer2013
from fer_models.labels import FERPLUS

ROOT = Path(__file__).resolve().parents[2]
GALLERY = ROOT / "webapp" / "gallery"
MANIFEST: list[dict[str, Any]] = json.loads((GALLERY / "manifest.json").read_text(encoding="utf-8"))
COMPOSITES = [entry for entry in MANIFEST if entry["kind"] == "composite"]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_composites", ROOT / "scripts" / "make_composites.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclass looks its module up there
    spec.loader.exec_module(module)
    return module


def test_files_and_manifest_agree(script: ModuleType) -> None:
    assert {entry["file"] for entry in MANIFEST} == {file.name for file in GALLERY.glob("*.webp")}
    assert len({entry["id"] for entry in MANIFEST}) == len(MANIFEST)
    assert [entry["id"] for entry in MANIFEST if entry["kind"] == "photo"] == ["astronaut"]
    for entry in MANIFEST:
        height, width, _ = fer.open_image(GALLERY / entry["file"]).shape
        assert height == width
        assert entry["kind"] == "photo" or height == script.SIDE


def test_every_expression_has_composites_of_thirty_different_faces() -> None:
    assert {entry["label"] for entry in COMPOSITES} == set(FERPLUS.labels)
    for entry in COMPOSITES:
        assert entry["count"] == len(set(entry["rows"])) == len(entry["rows"]) == 30
        assert entry["id"].startswith(f"{entry['label']}-")
    rows = [row for entry in COMPOSITES for row in entry["rows"]]
    assert len(set(rows)) == len(rows)


def test_similarity_undoes_a_known_transform(script: ModuleType) -> None:
    points = np.random.default_rng(5).uniform(-1, 1, (5, 2))
    angle, scale, shift = 0.7, 2.5, np.array([3.0, -4.0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix, residual = script.fit_similarity(points, scale * points @ turn.T + shift)
    np.testing.assert_allclose(matrix, np.column_stack([scale * turn, shift]), atol=1e-12)
    assert residual < 1e-12


def test_similarity_does_not_mirror_and_is_the_least_squares_one(script: ModuleType) -> None:
    source, target = np.random.default_rng(6).uniform(-1, 1, (2, 5, 2))
    # The same as a linear system in (a, b, shift x, shift y): x' = a x - b y + sx, y' = b x + a y + sy.
    x, y, one, zero = source[:, 0], source[:, 1], np.ones(5), np.zeros(5)
    system = np.concatenate([np.column_stack([x, -y, one, zero]), np.column_stack([y, x, zero, one])])
    (a, b, shift_x, shift_y), squares, *_ = np.linalg.lstsq(system, target.T.ravel())
    matrix, residual = script.fit_similarity(source, target)
    np.testing.assert_allclose(matrix, [[a, -b, shift_x], [b, a, shift_y]], atol=1e-12)
    spread = ((target - target.mean(0)) ** 2).sum()
    assert residual == pytest.approx(float(np.sqrt(squares[0] / spread)), abs=1e-12)
    mirrored, left = script.fit_similarity(source, source * (-1, 1))
    assert np.linalg.det(mirrored[:, :2]) > 0 and left > 0.1


def test_aligned_face_has_its_landmarks_on_the_template(script: ModuleType) -> None:
    template = np.array([(0.30, 0.38), (0.69, 0.38), (0.50, 0.60), (0.35, 0.78), (0.65, 0.78)])
    landmarks = template * 0.8 + (0.15, 0.05)
    rows, columns = np.mgrid[:48, :48] + 0.5
    for index in (0, 3):
        x, y = landmarks[index] * 48
        dot = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8)
        aligned = script.align(script.Found(0, dot.astype(np.uint8), landmarks), template)
        peak = np.unravel_index(aligned.argmax(), aligned.shape)
        assert np.abs(np.array(peak[::-1]) + 0.5 - template[index] * script.SIDE).max() < 1.5


def test_equal_and_almost_equal_faces_count_once(script: ModuleType) -> None:
    generator = np.random.default_rng(7)
    template = np.array([(0.30, 0.38), (0.69, 0.38), (0.50, 0.60), (0.35, 0.78), (0.65, 0.78)])
    pictures = [cv2.resize(generator.integers(0, 256, (12, 12), np.uint8), (48, 48)) for _ in range(31)]
    changed = np.clip(pictures[0].astype(int) + generator.integers(-9, 10, (48, 48)), 0, 255).astype(np.uint8)
    found = [script.Found(row, picture, template) for row, picture in enumerate([*pictures, pictures[0], changed])]
    assert [face.row for face in script.choose(found, template)] == list(range(30))
    assert script.choose(found[:29], template) == []


@pytest.fixture(scope="module")
def fer2013(fer2013_dir: Path) -> Fer2013:
    return read_fer2013(fer2013_dir)


@pytest.mark.fer2013
def test_rows_are_leak_free_training_rows_of_their_label(fer2013: Fer2013) -> None:
    assert fer2013.votes is not None and fer2013.leaks is not None
    labels, _ = majority(fer2013.votes)
    for entry in COMPOSITES:
        rows = np.array(entry["rows"])
        assert (fer2013.usage[rows] == "Training").all() and not fer2013.leaks.intersection(entry["rows"])
        assert (labels[rows] == FERPLUS.index(entry["label"])).all()
        assert len({fer2013.faces[row].tobytes() for row in rows}) == len(rows)


@pytest.mark.fer2013
def test_composites_are_like_their_faces_together_and_like_no_single_one(fer2013: Fer2013) -> None:
    pictures = [fer.open_image(GALLERY / entry["file"])[..., 0] for entry in COMPOSITES]
    small = np.stack([cv2.resize(picture, (48, 48), interpolation=cv2.INTER_AREA) for picture in pictures])
    training = np.flatnonzero(fer2013.usage == "Training")
    faces = _normalised(fer2013.faces[training])
    assert (faces @ _normalised(small).T).max() < 0.95
    inner = np.s_[8:42, 8:40]  # backgrounds differ, and the pictures here are not aligned
    for entry, composite in zip(COMPOSITES, small, strict=True):
        own = fer2013.faces[entry["rows"]]
        single = [cv2.matchTemplate(face, composite[inner], cv2.TM_CCOEFF_NORMED).max() for face in own]
        assert max(single) < 0.95, entry["id"]
        together = _normalised(own).mean(0).reshape(48, 48)
        both = _normalised(np.stack([together[inner], composite[inner]]))
        assert both[0] @ both[1] > 0.75, entry["id"]


@pytest.mark.yunet
def test_composites_are_framed_as_fer2013(yunet_path: Path, script: ModuleType) -> None:
    detector = cv2.FaceDetectorYN.create(str(yunet_path), "", (320, 320), script.YUNET_SCORE)
    for entry in COMPOSITES:
        picture = fer.open_image(GALLERY / entry["file"])[..., 0]
        points = script.find_landmarks(detector, cv2.resize(picture, (48, 48), interpolation=cv2.INTER_AREA))
        np.testing.assert_allclose(points[:2], script.EYES, atol=0.02, err_msg=entry["id"])
        np.testing.assert_allclose(points[3:, 1], 0.77, atol=0.05, err_msg=entry["id"])


def _normalised(pictures: np.ndarray) -> np.ndarray:
    """Pictures (N, s, s) as rows of mean 0 and length 1 (zeros where a picture is constant)."""
    rows = pictures.reshape(len(pictures), -1).astype(np.float32)
    rows -= rows.mean(1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
