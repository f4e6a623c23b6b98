"""A made-up file of the kind that VGGFace2's weights come in: a TensorFlow.js graph model, ``.json`` and ``.bin``."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np

WIDTHS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)


def made_up() -> dict[str, np.ndarray]:
    """Names and shapes of the published file, layout height, width, in, out; values that keep signals alive."""
    draw = np.random.default_rng(1).standard_normal
    weights = {"age_pred/kernel": draw((256, 100)), "age_pred/bias": draw(100), "feats/kernel": draw((1024, 256))}
    weights["conv1/convolution/merged_input"] = draw((3, 3, 3, 32)) * 0.01
    weights["conv1_bn/batchnorm_1/sub"] = draw(32) * 0.3
    for number, (before, width) in enumerate(pairwise(WIDTHS), 1):
        weights[f"conv_dw_{number}/depthwise_kernel"] = draw((3, 3, before, 1)) * 0.6
        weights[f"conv_dw_{number}_bn/batchnorm_1/mul"] = 0.8 + 0.2 * np.random.default_rng(number).random(before)
        weights[f"conv_dw_{number}_bn/batchnorm_1/sub"] = draw(before) * 0.1
        weights[f"conv_pw_{number}/convolution/merged_input"] = draw((1, 1, before, width)) * (2 / before) ** 0.5
        weights[f"conv_pw_{number}_bn/batchnorm_1/sub"] = draw(width) * 0.1
    return {name: values.astype(np.float32) for name, values in weights.items()}


def write(folder: Path, weights: dict[str, np.ndarray], **changes: dict) -> Path:
    entries = [
        {"name": name, "shape": list(values.shape), "dtype": "float32"} | changes.get(name, {})
        for name, values in weights.items()
    ]
    entries.insert(2, {"name": "axes", "shape": [2], "dtype": "int32"})
    data = [values.tobytes() for values in weights.values()]
    data.insert(2, np.array([1, 2], np.int32).tobytes())
    (folder / "faceres.bin").write_bytes(b"".join(data))
    manifest = [{"paths": ["faceres.bin"], "weights": entries}]
    (folder / "faceres.json").write_text(json.dumps({"format": "graph-model", "weightsManifest": manifest}))
    return folder / "faceres.json"
