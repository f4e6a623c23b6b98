"""Faces: found where they were pasted, and cut out so that known points land where FER2013 has them.

The one face here is scikit-image's `astronaut` (NASA, public domain), moved by transforms the tests choose themselves.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from skimage import data
from skimage.data import astronaut

from fer_models.faces import MAX_CROP, DetectorError, crop_box, detect_faces, whole_picture
from fer_models.images import ImageError

# Read off the picture by eye, at twelve-fold enlargement; good to about a pixel.
EYES = np.array([[203.6, 101.1], [247.3, 103.7]])
MOUTH = np.array([[203.8, 140.4], [243.8, 141.2]])  # corners
FACE_WIDTH = 97  # of the cascade's box

# In parts of the crop's side.
FRAME_EYES = np.array([[0.30, 0.38], [0.69, 0.38]])


@pytest.fixture(autouse=True)
def no_configured_detector(monkeypatch, request):
    if "yunet" not in request.keywords:
        monkeypatch.delenv("FERSCOPE_YUNET", raising=False)


@pytest.fixture(scope="module")
def portrait():
    return astronaut()


def similarity(scale, degrees, target):
    """2 x 3 map of continuous coordinates that turns and scales the face and brings its middle to `target`."""
    angle = np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([turn, np.asarray(target) - turn @ (225.0, 115.0)])


def apply(matrix, points):
    return points @ matrix[:, :2].T + matrix[:, 2]


def draw(portrait, canvas, matrix):
    """The head of `portrait` under `matrix`, laid over `canvas` within a soft ellipse."""
    scale = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    blurred = cv2.GaussianBlur(portrait, (0, 0), 0.5 / scale) if scale < 1 else portrait
    indices = matrix.copy()
    indices[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5  # cv2 counts from pixel centres
    y, x = np.mgrid[: portrait.shape[0], : portrait.shape[1]]
    mask = np.clip((1.2 - np.hypot((x - 225) / 75, (y - 110) / 90)) / 0.2, 0, 1).astype(np.float32)
    size = canvas.shape[1::-1]
    mask = cv2.warpAffine(mask, indices, size)[:, :, None]
    face = cv2.warpAffine(blurred, indices, size, borderMode=cv2.BORDER_REPLICATE)
    return (canvas * (1 - mask) + face * mask).round().astype(np.uint8)


def backdrop(height, width):
    """A smooth, faceless picture."""
    y, x = np.mgrid[:height, :width]
    return np.stack([120 + 40 * np.sin(x / 97), 130 + 30 * np.cos(y / 83), 140 + 0 * x], axis=2).astype(np.uint8)


def positions_in_crop(face, points):
    """Where picture points fall in the crop, in parts of its side, from the eyes the face reports."""
    left, right = (complex(*eye) for eye in face.eyes)
    z = (points[:, 0] + 1j * points[:, 1] - left) / (right - left) * 0.39 + (0.30 + 0.38j)
    return np.column_stack([z.real, z.imag])


def test_astronaut_has_one_face(portrait):
    (face,) = detect_faces(portrait)
    assert np.abs(np.array(face.eyes) - EYES).max() < 3
    x0, y0, x1, y1 = face.box
    assert all(isinstance(value, int) for value in face.box)
    assert x0 < EYES[0, 0] < EYES[1, 0] < x1 and y0 < EYES[0, 1] < MOUTH[0, 1] < y1
    side = np.linalg.norm(EYES[1] - EYES[0]) / 0.39
    assert face.crop.dtype == np.uint8 and face.crop.shape[0] == face.crop.shape[1]
    assert abs(face.crop.shape[0] - side) < 6
    mouth = positions_in_crop(face, MOUTH)
    assert np.abs(mouth[:, 1] - 0.76).max() < 0.05


def test_crop_holds_the_pixels_the_frame_says(portrait):
    """Every crop pixel against bilinear interpolation written out, from the eyes the face reports."""
    (face,) = detect_faces(portrait)
    size = face.crop.shape[0]
    expected = np.zeros_like(face.crop, float)
    left, right = (complex(*eye) for eye in face.eyes)
    edge = (right - left) / 0.39
    for row in range(size):
        for column in range(size):
            z = left + edge * ((column + 0.5) / size - 0.30 + 1j * ((row + 0.5) / size - 0.38))
            x, y = z.real - 0.5, z.imag - 0.5
            i, j, u, v = int(y), int(x), y % 1, x % 1
            corners = portrait[i : i + 2, j : j + 2].astype(float)
            expected[row, column] = np.tensordot(np.outer([1 - u, u], [1 - v, v]), corners, 2)
    assert np.abs(face.crop - expected).mean() < 1.0  # sampled in fours, hence not to the last bit


@pytest.mark.parametrize("degrees", [-20, -10, 10, 20])
def test_a_leaning_head_comes_out_level(portrait, degrees):
    matrix = similarity(1.5, degrees, (300, 260))
    (face,) = detect_faces(draw(portrait, backdrop(520, 600), matrix))
    eyes = positions_in_crop(face, apply(matrix, EYES))
    assert np.abs(eyes - FRAME_EYES).max() < 0.06
    assert np.abs(positions_in_crop(face, apply(matrix, MOUTH))[:, 1] - 0.76).max() < 0.08


@pytest.mark.parametrize("degrees", [-35, 35])
def test_a_head_too_far_over_for_the_cascade_is_found_on_a_turned_copy(portrait, degrees):
    matrix = similarity(1.5, degrees, (300, 260))
    (face,) = detect_faces(draw(portrait, backdrop(520, 600), matrix))
    assert np.abs(positions_in_crop(face, apply(matrix, EYES)) - FRAME_EYES).max() < 0.06


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_picture_turned_by_quarters_gives_the_upright_crop(portrait, degrees):
    upright = detect_faces(portrait)[0].crop
    turned = np.ascontiguousarray(np.rot90(portrait, degrees // 90))
    (face,) = detect_faces(turned)
    eyes = np.array([(np.array(eye) - 256) @ np.array([[0, -1], [1, 0]]) for eye in EYES])  # by 90 degrees
    for _ in range(degrees // 90 - 1):
        eyes = eyes @ np.array([[0, -1], [1, 0]])
    assert np.abs(np.array(face.eyes) - (eyes + 256)).max() < 4
    x0, y0, x1, y1 = face.box
    assert 0 <= x0 < x1 <= 512 and 0 <= y0 < y1 <= 512
    same = cv2.resize(face.crop, upright.shape[:2]).astype(float)
    assert np.corrcoef(same.ravel(), upright.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("spoil", [lambda image: image * 0.12, lambda image: 110 + image * 0.12])
def test_a_dark_or_dull_picture_shows_the_same_face(portrait, spoil):
    expected = detect_faces(portrait)[0]
    (face,) = detect_faces(spoil(portrait).astype(np.uint8))
    assert np.abs(np.array(face.box) - expected.box).max() < 12


@pytest.mark.parametrize(("width", "size"), [(100, (1000, 6400)), (48, (2000, 3000))])
def test_a_face_too_small_for_the_shrunk_copy_is_found_in_a_large_picture(portrait, width, size):
    matrix = similarity(width / FACE_WIDTH, 0, (size[1] * 0.7, size[0] * 0.4))
    (face,) = detect_faces(draw(portrait, backdrop(*size), matrix))
    eyes = apply(matrix, EYES)
    assert np.abs(np.array(face.eyes) - eyes).max() < 0.08 * width


def test_a_portrait_of_another_size_and_quality_gains_no_second_face(portrait):
    large = cv2.resize(portrait, (700, 700), interpolation=cv2.INTER_CUBIC)
    (face,) = detect_faces(cv2.imdecode(cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, 95])[1], 1))
    assert face.box[0] < 278 < face.box[2] and face.box[1] < 140 < face.box[3]


@pytest.mark.parametrize("name", ["brick", "text", "coins", "rocket", "moon", "clock"])
def test_textures_text_and_things_have_no_face(name):
    picture = getattr(data, name)()
    assert detect_faces(picture if picture.ndim == 3 else np.dstack([picture] * 3)) == []


@pytest.mark.parametrize("width", [40, 60, 150, 400])
@pytest.mark.parametrize("size", [(480, 640), (1200, 1600)])
def test_faces_of_many_sizes(portrait, width, size):
    matrix = similarity(width / FACE_WIDTH, 0, (size[1] * 0.4, size[0] * 0.5))
    (face,) = detect_faces(draw(portrait, backdrop(*size), matrix))
    x0, _, x1, _ = face.box
    middle = apply(matrix, EYES).mean(axis=0)
    assert abs((x0 + x1) / 2 - middle[0]) < 0.12 * width
    assert 0.75 * width < x1 - x0 < 1.3 * width
    assert face.crop.shape[0] <= min(MAX_CROP, 1.35 * width)


def test_two_faces_largest_first(portrait):
    canvas = draw(portrait, backdrop(480, 800), similarity(0.8, 0, (160, 200)))
    canvas = draw(portrait, canvas, similarity(1.7, 0, (560, 250)))
    large, small = detect_faces(canvas)
    assert large.box[0] > 400 > small.box[2]
    assert large.box[2] - large.box[0] > small.box[2] - small.box[0]


def test_a_face_a_third_as_wide_is_found_beside_a_sure_one(portrait):
    canvas = draw(portrait, backdrop(700, 1100), similarity(110 / FACE_WIDTH, 0, (160, 200)))
    canvas = draw(portrait, canvas, similarity(330 / FACE_WIDTH, 0, (700, 330)))
    large, small = detect_faces(canvas)
    assert large.box[0] > 400 > small.box[2]


def test_a_face_at_the_border_repeats_edge_pixels(portrait):
    cut = np.ascontiguousarray(portrait[58:, 170:300])
    (face,) = detect_faces(cut)
    assert face.box[0] >= 0 and face.box[1] >= 0
    assert face.crop.min() < 80 and (face.crop[0].std(axis=0) > 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (48, 48), (300, 400), (20, 40000)])
def test_no_face(shape):
    assert detect_faces(backdrop(*shape)) == []
    crop = whole_picture(backdrop(*shape)).crop
    assert crop.shape == (min(max(shape), MAX_CROP),) * 2 + (3,)


def test_noise_has_no_face():
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), np.uint8)
    assert detect_faces(noise) == []


def test_input_is_left_alone_and_may_be_a_view(portrait):
    turned = portrait[:, ::-1]
    before = turned.copy()
    (face,) = detect_faces(turned)
    assert np.array_equal(turned, before)
    assert abs(face.eyes[0][0] - (512 - EYES[1, 0])) < 3


def test_eight_threads_see_the_same(portrait):
    expected = detect_faces(portrait)[0]
    with ThreadPoolExecutor(8) as pool:
        for (face,) in pool.map(lambda _: detect_faces(portrait), range(24)):
            assert face.box == expected.box and face.eyes == expected.eyes
            assert np.array_equal(face.crop, expected.crop)


def test_whole_picture_of_a_cut_out_face_is_that_face():
    tile = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    face = whole_picture(tile)
    assert face.box == (0, 0, 48, 48) and face.eyes is None
    assert np.array_equal(face.crop, tile)


def test_crop_box_takes_exactly_the_box():
    picture = np.random.default_rng(0).integers(0, 256, (100, 120, 3), np.uint8)
    face = crop_box(picture, (70, 50, 30, 10))  # drawn from the lower right
    assert face.box == (30, 10, 70, 50)
    assert np.array_equal(face.crop, picture[10:50, 30:70])
    tall = crop_box(picture, (50, 20, 60, 60))
    assert np.array_equal(tall.crop, picture[20:60, 35:75])


def test_crop_box_repeats_edges_outside_the_picture():
    picture = np.random.default_rng(0).integers(0, 256, (60, 100, 3), np.uint8)
    crop = crop_box(picture, (0, 0, 10, 60)).crop  # the square reaches 25 pixels beyond the left edge
    assert np.array_equal(crop[:, 25:], picture[:, :35])
    assert np.array_equal(crop[:, :25], np.repeat(picture[:, :1], 25, axis=1))


def test_shrinking_averages_and_does_not_alias():
    """Single-pixel stripes must come out grey; sampling points would give black, white or moiré."""
    stripes = np.zeros((2240, 2240, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = whole_picture(stripes).crop
    assert crop.shape == (224, 224, 3)
    assert np.abs(crop[2:-2, 2:-2].astype(int) - 128).max() <= 2


@pytest.mark.parametrize(
    "box",
    [
        (5, 5, 5, 20),
        (200, 200, 300, 300),
        (-9, -9, 0, 0),
        (0, 0, 10),
        (0, 0, float("nan"), 5),
        (0, 0, float("inf"), 5),
        "abcd",
        None,
    ],
)
def test_bad_boxes(box):
    with pytest.raises(ImageError, match="box"):
        crop_box(backdrop(100, 100), box)


@pytest.mark.parametrize("use", [detect_faces, whole_picture, lambda image: crop_box(image, (0, 0, 5, 5))])
@pytest.mark.parametrize(
    "image",
    [
        np.full((20, 20, 3), np.nan),
        np.zeros((20, 20, 3)),
        np.zeros((20, 20), np.uint8),
        np.zeros((20, 20, 4), np.uint8),
        np.zeros((0, 20, 3), np.uint8),
        np.zeros((1, 20, 20, 3), np.uint8),
        None,
        [[[0, 0, 0]]],
    ],
)
def test_what_is_no_picture_is_an_image_error(use, image):
    with pytest.raises(ImageError, match="uint8"):
        use(image)


def test_yunet_file_must_be_the_known_one(portrait, tmp_path, monkeypatch):
    wrong = tmp_path / "face_detection_yunet_2023mar.onnx"
    wrong.write_bytes(b"not a model")
    with pytest.raises(DetectorError, match="SHA-256"):
        detect_faces(portrait, yunet=wrong)
    monkeypatch.setenv("FERSCOPE_YUNET", str(wrong))
    with pytest.raises(DetectorError, match="SHA-256"):
        detect_faces(portrait)
    with pytest.raises(DetectorError, match="cannot be read"):
        detect_faces(portrait, yunet=tmp_path / "absent.onnx")
    monkeypatch.setenv("FERSCOPE_YUNET", "")
    assert len(detect_faces(portrait)) == 1


@pytest.mark.yunet
def test_yunet_sees_the_same_face(portrait):
    assert os.environ["FERSCOPE_YUNET"]
    (face,) = detect_faces(portrait)
    assert 0.7 <= face.score <= 1
    assert np.abs(np.array(face.eyes) - EYES).max() < 3
    matrix = similarity(40 / FACE_WIDTH, 10, (900, 400))
    (small,) = detect_faces(draw(portrait, backdrop(1200, 1600), matrix))
    assert np.abs(positions_in_crop(small, apply(matrix, EYES)) - FRAME_EYES).max() < 0.1


@pytest.mark.yunet
def test_yunet_in_eight_threads(portrait):
    expected = detect_faces(portrait)[0]
    with ThreadPoolExecutor(8) as pool:
        for (face,) in pool.map(lambda _: detect_faces(portrait), range(24)):
            assert face.eyes == expected.eyes and np.array_equal(face.crop, expected.crop)


@pytest.mark.yunet
@pytest.mark.parametrize("shape", [(1, 5000), (20, 40000)])
def test_yunet_answers_black_strips_with_no_face(shape):
    assert detect_faces(np.zeros((*shape, 3), np.uint8)) == []
