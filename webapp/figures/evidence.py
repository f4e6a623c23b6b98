"""From an Explanation to the page's strips: which reduction is drawn as which picture, under which words."""

import numpy as np

from fer_models.explanation import Explanation
from fer_models.preprocessing import Preprocessing, to_source
from webapp.figures import answer, strips
from webapp.figures.colours import BLUE_CLEAR_RED, signed_scale
from webapp.figures.pictures import data_uri, face_webp, input_png
from webapp.figures.strips import Frame

RUNNERS_UP = 2  # expressions whose Grad-CAM stands beside the explained one's


def face_uri(crop: np.ndarray) -> str:
    """The aligned crop as a data URI."""
    return data_uri(face_webp(crop), "image/webp")


def overview(seen: Explanation, crop: str, face: str, face_title: str, opacity: float) -> str:
    """The crop, Grad-CAM laid over the grey face, and the probability of every expression."""
    label = seen.labels[seen.target]
    scale = signed_scale([seen.cam], BLUE_CLEAR_RED)
    frames = [
        Frame(f'<div class="fs-face">{strips.image(crop, face_title)}</div>', face_title),
        Frame(
            strips.map_picture(seen.cam, scale, f"Grad-CAM for {label}"),
            f"Grad-CAM for {label}",
            "red raises its score, blue lowers it",
        ),
    ]
    table = answer.probability_table(seen.labels, seen.probabilities, seen.target)
    return f'<div class="fs-overview">{strips.strip(frames, face, opacity)}{table}</div>'


def cam_section(seen: Explanation, crop: np.ndarray, face: str, preprocessing: Preprocessing, opacity: float) -> str:
    """What the network was given, and Grad-CAM of the explained expression and of those most probable beside it."""
    grey = to_source(crop, preprocessing.source_side)
    picture = strips.image(data_uri(input_png(grey), "image/png"), "The face in grey, as coarse as the network sees it")
    frames = [
        Frame(
            f'<div class="fs-face fs-pixels">{picture}</div>',
            "The network's input",
            f"grey, {strips.size_text(grey.shape)} pixels",
        )
    ]
    shown = _shown_labels(seen)
    scale = signed_scale(seen.cams[shown], BLUE_CLEAR_RED)
    for index in shown:
        label, cam = seen.labels[index], seen.cams[index]
        frames.append(
            Frame(
                strips.map_picture(cam, scale, f"Grad-CAM for {label}"),
                f"{label.capitalize()}, {answer.percent(float(seen.probabilities[index]))}",
                strips.values_text(cam.shape),
                seen.layer if index == seen.target else "",
                strips.map_table(cam, scale),
            )
        )
    text = (
        "Grad-CAM asks which places of the last feature map raise an expression's score (red) and which lower it "
        "(blue). It is computed from gradients, after the fact. A CAM can light up places the network does not use. "
        "The maps are coarse, with as many values as stand below them, and drawn smooth."
    )
    unit = (
        "Activation weighted by the score's gradient, in the score's own unit (logit); the places need not add up to "
        "the score. A CAM has no fixed range: the scale ends at these maps' largest value."
    )
    bar = strips.colour_bar(scale, unit, [seen.cams[index] for index in shown])
    return strips.section("Grad-CAM", text, bar, strips.strip(frames, face, opacity), level=2)


def _shown_labels(seen: Explanation) -> list[int]:
    """The explained expression, then those most probable beside it."""
    others = [int(index) for index in np.argsort(-seen.probabilities) if index != seen.target]
    return [seen.target, *others[:RUNNERS_UP]]
