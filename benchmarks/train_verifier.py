"""Train the small network that has to agree to every face: fer_models/face_verifier.safetensors.

    python benchmarks/train_verifier.py --data FOLDER

FOLDER holds fer2013.csv. Faces are FER2013's Training, moved, turned, lit and covered anew each time they are shown.
What is no face: drawn pictures of other seeds than benchmarks/faces.py's, photographs that come with packages (none of
those that benchmarks/faces.py counts false alarms on), pieces of faces, turned ones, and whatever of it OpenCV's
cascade takes for a face half-way. A minute or two on an idle core.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import torch
from faces import WORDS, backdrop
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from fer_models.data import read_fer2013
from fer_models.face_detections import Detection
from fer_models.face_frame import frame_of_haar
from fer_models.face_verifier import LAYERS, VIEW, WEIGHTS, framed

PHOTOS = (
    ("skimage", "data/chelsea.png data/motorcycle_left.png data/retina.jpg data/cell.png data/color.png"),
    ("sklearn", "datasets/images/china.jpg datasets/images/flower.jpg"),
    ("gradio", "media_assets/images/tower.jpg"),
)
SEED = 77
PICTURES = 300  # without a face
STEPS, BATCH = 1500, 256


def photos() -> list[np.ndarray]:
    taken = []
    for package, names in PHOTOS:
        folder = resources.files(package)
        for name in names.split():
            coded = np.frombuffer((folder / name).read_bytes(), np.uint8)
            taken.append(np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)))
    return taken


def scene(random: np.random.Generator, taken: list[np.ndarray]) -> np.ndarray:
    """A grey picture without a face: 480 x 640 or a photograph, turned, mirrored and sized at random."""
    kind = int(random.integers(6))
    if kind < 2:
        photo = taken[int(random.integers(len(taken)))]
        scale = float(random.uniform(300, 900)) / max(photo.shape)
        photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        photo = np.rot90(photo, int(random.integers(4)))
        photo = photo[:, ::-1] if random.random() < 0.5 else photo
        return np.ascontiguousarray(255 - photo if random.random() < 0.15 else photo)
    if kind == 2:  # noise, as coarse as one likes
        cells = random.integers(0, 256, (int(random.integers(6, 160)), int(random.integers(6, 160))), np.uint8)
        return cv2.resize(cells, (640, 480), interpolation=int(random.integers(4)))
    if kind == 3:  # noise of all sizes, as clouds and foliage have
        waves = np.fft.rfft2(random.normal(size=(480, 640)))
        frequency = np.hypot(np.fft.fftfreq(480)[:, None], np.fft.rfftfreq(640)[None]) + 1 / 640
        clouds = np.fft.irfft2(waves / frequency ** random.uniform(0.7, 1.8), (480, 640))
        return cv2.normalize(clouds, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    picture = cv2.cvtColor(backdrop(random, 480, 640), cv2.COLOR_RGB2GRAY)
    for y in range(20, 480, int(random.integers(25, 60))) if kind == 4 else ():
        start, font, size = int(random.integers(-60, 20)), int(random.integers(8)), float(random.uniform(0.5, 1.6))
        cv2.putText(picture, WORDS, (start, y), font, size, int(random.integers(256)), int(random.integers(1, 4)))
    if random.random() < 0.5:
        picture = (picture + random.normal(0, random.uniform(1, 8), picture.shape)).clip(0, 255).astype(np.uint8)
    return picture


class Faces:
    """Draws batches of faces, and of pieces of them, out of FER2013's (N, 48, 48)."""

    def __init__(self, faces: np.ndarray, side: int, random: torch.Generator) -> None:
        self.side, self.random = side, random
        self.faces = torch.from_numpy(faces).float()[:, None] / 255

    def uniform(self, low: float, high: float, count: int) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, generator=self.random)

    def draw(self, spans: Tensor, shifts: Tensor, degrees: Tensor, behind: Tensor) -> Tensor:
        """(N, 1, side, side) windows `spans` times a face's side, beside it by `shifts` sides, over the `behind`."""
        count, angle = len(spans), torch.deg2rad(degrees)
        cos, sin = (spans * angle.cos()).squeeze(1), (spans * angle.sin()).squeeze(1)
        x, y = (2 * shifts).T
        matrix = torch.stack([torch.stack([cos, sin, x], 1), torch.stack([-sin, cos, y], 1)], 1)
        grid = F.affine_grid(matrix, [count, 1, self.side, self.side], align_corners=False)
        chosen = self.faces[torch.randint(len(self.faces), (count,), generator=self.random)]
        seen = F.grid_sample(chosen, grid, padding_mode="border", align_corners=False)
        u, v = grid[..., 0], grid[..., 1]
        seen = self._covered(seen, u, v)
        oval = ((1.05 - torch.hypot(u / 0.96, (v - 0.04) / 1.08)) / 0.15).clamp(0, 1)[:, None]
        square = ((u.abs() <= 1) & (v.abs() <= 1)).float()[:, None]
        pasted = self.uniform(0, 1, count)[:, :, None, None]
        mask = torch.where(pasted < 0.45, oval, torch.where(pasted < 0.6, square, torch.ones_like(oval)))
        return seen * mask + behind * (1 - mask)

    def _covered(self, seen: Tensor, u: Tensor, v: Tensor) -> Tensor:
        """Some behind a mask, sunglasses or something dark or bright."""
        count = len(seen)
        chance, shade = self.uniform(0, 1, count)[:, :, None], self.uniform(0, 1, count)[:, :, None]
        below = (v > self.uniform(0.0, 0.25, count)[:, :, None]) & (u.abs() < 0.85)
        glasses = torch.hypot((u.abs() - 0.39) / 0.33, (v + 0.21) / 0.25) < 1
        x, y = (self.uniform(-1, 1, count)[:, :, None] for _ in range(2))
        hand = ((u - x).abs() < 0.35) & ((v - y).abs() < 0.35)
        cover = ((chance < 0.1) & below) | ((chance > 0.9) & glasses) | ((chance > 0.5) & (chance < 0.56) & hand)
        shade = torch.where(chance > 0.9, 0.25 * shade, shade)
        return torch.where(cover[:, None], shade[:, None], seen)

    def lit(self, windows: Tensor) -> Tensor:
        """Brightness, contrast, a light from one side and noise, drawn for each."""
        count = len(windows)
        mean = windows.mean((2, 3), keepdim=True)
        contrast = self.uniform(math.log(0.3), math.log(1.4), count).exp()[:, :, None, None]
        level = mean * self.uniform(0.5, 1.3, count)[:, :, None, None]
        ramp = torch.linspace(-0.5, 0.5, self.side)
        slopes = [0.35 * torch.randn(count, 1, 1, 1, generator=self.random) for _ in range(2)]
        light = 1 + slopes[0] * ramp[None, None, :, None] + slopes[1] * ramp[None, None, None]
        noise = self.uniform(0, 0.03, count)[:, :, None, None] * torch.randn(windows.shape, generator=self.random)
        return (((windows - mean) * contrast + level) * light + noise).clamp(0, 1)

    def pieces(self, behind: Tensor) -> Tensor:
        """Windows that hold a part of a face only, or a face much smaller than the window."""
        count = len(behind)
        kind = self.uniform(0, 1, count)
        spans = torch.where(kind < 0.4, self.uniform(0.2, 0.55, count), self.uniform(0.7, 1.4, count))
        spans = torch.where(kind > 0.8, self.uniform(1.9, 3.5, count), spans)
        way = self.uniform(0, 2 * math.pi, count)
        far = torch.where(kind < 0.4, self.uniform(0.1, 0.4, count), self.uniform(0.5, 0.9, count) * spans.clamp(1, 2))
        return self.draw(spans, torch.cat([way.cos(), way.sin()], 1) * far, self.uniform(-180, 180, count), behind)


def windows_of(picture: np.ndarray, side: int, count: int, random: np.random.Generator) -> np.ndarray:
    """(count, side, side) uint8: places of a picture at random sizes."""
    longest = min(picture.shape)
    cut = []
    for reach in np.exp(random.uniform(math.log(side), math.log(0.9 * longest), count)).astype(int):
        y, x = (int(random.integers(0, size - reach + 1)) for size in picture.shape)
        cut.append(cv2.resize(picture[y : y + reach, x : x + reach], (side, side), interpolation=cv2.INTER_AREA))
    return np.stack(cut)


def cascade_alarms(cascade: cv2.CascadeClassifier, picture: np.ndarray) -> Iterator[np.ndarray]:
    """(VIEW, VIEW) uint8 frames of what the cascade takes for faces in a picture without any."""
    boxes = np.asarray(cascade.detectMultiScale(picture, 1.1, 0, minSize=(24, 24))).tolist()
    for x, y, side, _ in boxes[:: 1 + len(boxes) // 60]:
        yield framed(picture, *frame_of_haar(Detection((x, y, x + side, y + side), 0.0, None)))


def background(pool: Tensor, count: int, random: torch.Generator) -> Tensor:
    """(count, 1, side, side) in 0..1 out of a pool (N, side, side) of uint8."""
    return pool[torch.randint(len(pool), (count,), generator=random)][:, None].float() / 255


def verifier() -> nn.Sequential:
    """Grey 0..1 (N, 1, VIEW, VIEW) -> (N, 1), the logit that an upright face fills the frame."""
    channels = (1, 16, 32, 48, 64)
    layers: list[nn.Module] = []
    for (_, stride, edge), before, after in zip(LAYERS, channels[:-1], channels[1:], strict=True):
        layers += [nn.Conv2d(before, after, 3, stride, edge), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 1))


def learn(network: nn.Module, batch: Callable[[], tuple[Tensor, Tensor]], steps: int, rate: float) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    running = 0.0
    for step in range(1, steps + 1):
        windows, wanted = batch()
        loss = F.binary_cross_entropy_with_logits(network((windows * 255).round() / 255)[:, 0], wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        running += (loss.item() - running) / min(step, 200)
        if step % 500 == 0:
            print(f"  step {step}: loss {running:.4f}", flush=True)


def train(faces: np.ndarray, pictures: list[np.ndarray]) -> nn.Module:
    """Upright faces as they are cut out, against whatever else the cascade would have cut out."""
    random, torch_random = np.random.default_rng(SEED + 1), torch.Generator().manual_seed(SEED + 1)
    drawn = Faces(faces, VIEW, torch_random)
    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"))
    pool = torch.from_numpy(np.concatenate([windows_of(p, VIEW, 60, random) for p in pictures]))
    hard = torch.from_numpy(np.stack([view for picture in pictures for view in cascade_alarms(cascade, picture)]))
    print(f"{len(hard)} alarms of the cascade", flush=True)
    torch.manual_seed(SEED)
    network = verifier()

    def batch() -> tuple[Tensor, Tensor]:
        count = BATCH // 2
        spans = drawn.uniform(math.log(0.86), math.log(1.16), count).exp()
        shifts = drawn.uniform(-0.08, 0.08, 2 * count).reshape(count, 2) * spans
        seen = drawn.draw(spans, shifts, drawn.uniform(-20, 20, count), background(pool, count, torch_random))
        part = count // 4
        pieces = drawn.pieces(background(pool, part, torch_random))
        turned = drawn.draw(
            drawn.uniform(0.85, 1.2, part),
            torch.zeros(part, 2),
            drawn.uniform(70, 290, part),
            background(pool, part, torch_random),
        )
        rest = [background(pool, part, torch_random), background(hard, part, torch_random), pieces, turned]
        windows = drawn.lit(torch.cat([seen, *rest]))
        coarse = F.interpolate(F.avg_pool2d(windows, 2), scale_factor=2, mode="bilinear")
        windows = torch.where(drawn.uniform(0, 1, len(windows))[:, :, None, None] < 0.3, coarse, windows)
        return windows, torch.cat([torch.ones(count), torch.zeros(4 * part)])

    learn(network, batch, STEPS, 2e-3)
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    data = read_fer2013(options.data)
    faces = data.faces[data.usage == "Training"]
    random, taken = np.random.default_rng(SEED), photos()
    pictures = [scene(random, taken) for _ in range(PICTURES)]
    network = train(faces, pictures)
    save_file({name: value.half() for name, value in network.state_dict().items()}, options.out)


if __name__ == "__main__":
    main()
