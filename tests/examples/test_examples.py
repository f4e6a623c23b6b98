"""The examples run as they are printed, on a picture that every machine has."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fer_models as fer

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / "explain_a_face.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("checkpoint", ["a_mobilenet.ferplus", "mobilenetv3_simam.ferplus"])
def test_a_face_is_found_named_and_explained(checkpoint, astronaut, tmp_path):
    Image.fromarray(astronaut).save(tmp_path / "astronaut.png")
    done = run(tmp_path / "astronaut.png", checkpoint)
    assert done.returncode == 0, done.stderr
    answer, cam, gate = done.stdout.splitlines()

    found = re.search(r"(\(\d+, \d+, \d+, \d+\)): (\w+) ([<>]?[\d.]+ %)$", answer)
    assert found
    x0, y0, x1, y1 = ast.literal_eval(found[1])
    assert x0 < 225 < x1 and y0 < 115 < y1  # the astronaut's nose
    classifier = fer.load_classifier(checkpoint)
    (face,) = fer.detect_faces(astronaut)
    (probabilities,) = classifier.predict([face.crop])
    assert found[2] == classifier.labels[probabilities.argmax()] == "happiness"
    # Rounded to a tenth; never the certainty that a network does not state.
    stated = float(found[3].strip("<> %"))
    assert stated == pytest.approx(100 * probabilities.max(), abs=0.11) and found[3] not in ("0.0 %", "100.0 %")
    assert classifier.network.last_layer in cam

    with fer.read_gates() as gates:
        classifier.network(classifier.preprocess([face.crop]))
    named = {f"{gate.layer} ({gate.kind})": gate.values for gate in gates}
    layer, low, high = re.search(r"(\S+ \(\w+\)), ([\d.]+) to ([\d.]+)", gate).groups()
    np.testing.assert_allclose([named[layer].min(), named[layer].max()], [float(low), float(high)], atol=0.006)
    assert np.std(named[layer]) == max(map(np.std, named.values()))  # all kinds of one network have one range


def test_a_picture_without_a_face_and_one_that_is_not_there_are_said(tmp_path):
    Image.new("RGB", (200, 200), "grey").save(tmp_path / "wall.png")
    assert "No face" in run(tmp_path / "wall.png").stdout
    missing = run(tmp_path / "missing.png")
    assert missing.returncode == 1 and "Traceback" not in missing.stderr and missing.stderr
