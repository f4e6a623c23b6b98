"""A made-up file of the kind that dlib's face recogniser comes in: names, forms, four dimensions, float32."""

from pathlib import Path

import numpy as np

#: Inputs and outputs of the 29 convolutions; the first is 7 x 7, the others 3 x 3.
WIDTHS = [(3, 32), *[(32, 32)] * 6, (32, 64), *[(64, 64)] * 7, (64, 128), *[(128, 128)] * 5, (128, 256)]
WIDTHS += [(256, 256)] * (29 - len(WIDTHS))


def made_up() -> list[np.ndarray]:
    """All parameters of each layer in the file's order: weights and biases, scales and shifts. Signals stay alive."""
    draw, layers = np.random.default_rng(2), []
    for number, (into, out) in enumerate(WIDTHS):
        side = 3 if number else 7
        weights = draw.standard_normal(out * into * side**2) * 0.2 * (2 / (into * side**2)) ** 0.5
        layers.append(np.concatenate([weights, draw.standard_normal(out) * 0.02]))
        layers.append(np.concatenate([draw.uniform(2, 6, out), draw.standard_normal(out) * 0.1]))
    return [layer.astype("<f4") for layer in layers]


def write(folder: Path, layers: list[np.ndarray]) -> Path:
    file = folder / "dlib.dat"
    parts = [b"\x01\x01\x01\x15input_rgb_image_sized\x03b\x90\xf5\x81\x11"]
    for number, values in enumerate(layers):
        name = b"affine_" if number % 2 else b"con_4"
        parts += [b"\x01", bytes([len(name)]), name, b"\x01\x02", *map(_whole_number, (len(values), 1, 1, 1))]
        parts += [values.tobytes(), b"\x01\x01\x08relu_110\x01\x02\x01\x00\x01\x00\x01\x00\x01\x00"]
    file.write_bytes(b"".join(parts))
    return file


def _whole_number(value: int) -> bytes:
    """How many bytes, then these, the lowest first."""
    length = (value.bit_length() + 7) // 8
    return bytes([length]) + value.to_bytes(length, "little")
