"""Which expression does each face of a picture show, and which of the network's gates varies most?

python examples/explain_a_face.py photo.jpg
python examples/explain_a_face.py photo.jpg mobilenetv3_simam.ferplus
"""

import sys

import fer_models as fer
from fer_models.text import probability_text


def spread(gate: fer.GateMap) -> float:
    """Standard deviation of a gate's values, as a share of the range that its kind can have."""
    low, high = gate.value_range
    return float(gate.values.std()) / (high - low)


def main(picture: str, checkpoint: str = "a_mobilenet.ferplus") -> None:
    classifier = fer.load_classifier(checkpoint)
    faces = fer.detect_faces(fer.open_image(picture))  # largest first
    if not faces:
        print("No face found.")
    for face in faces:
        seen = fer.explain(classifier, face.crop)
        answer = f"{classifier.labels[seen.target]} {probability_text(seen.probabilities[seen.target])}"
        print(f"Face at {face.box}: {answer}")

        row, column = divmod(int(seen.cam.argmax()), seen.cam.shape[1])
        print(f"  Grad-CAM at {seen.layer} {seen.cam.shape} is largest in row {row}, column {column}")

        gate = max(seen.gates, key=spread)
        low, high = gate.values.min(), gate.values.max()
        axes = " x ".join(gate.axes)
        print(f"  The gate that varies most: {gate.layer} ({gate.kind}), {low:.2f} to {high:.2f} over {axes}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except (fer.ImageError, fer.CheckpointError) as error:
        sys.exit(str(error))
