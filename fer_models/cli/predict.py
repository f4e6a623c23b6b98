"""`ferscope predict`: faces in pictures, and which expression each shows."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fer_models.checkpoints import DEFAULT_CHECKPOINT
from fer_models.cli.common import plain_errors, warn
from fer_models.cli.pictures import WholeOption, faces_in, new_folder
from fer_models.text import probability_text

if TYPE_CHECKING:
    from fer_models.classifier import Classifier


def predict(
    pictures: Annotated[
        list[Path],
        typer.Argument(metavar="PICTURE...", help="JPEG, PNG, WebP, AVIF, TIFF, BMP, GIF, PGM; HEIC with its extra."),
    ],
    checkpoint: Annotated[
        str, typer.Option(help="Name ('ferscope checkpoints' lists them) or path of a .safetensors.")
    ] = DEFAULT_CHECKPOINT,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a face, one a line.")] = False,
    maps: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write crop, Grad-CAM and gate maps as pictures, and every gate as numbers, to DIR."
        ),
    ] = None,
    whole: WholeOption = False,
) -> None:
    """Say which expression each face in each PICTURE shows.

    Every face found is read. Where none is found the picture counts as unusable, unless --whole is given. Pictures
    that can be read are answered even if others cannot; the exit code is then 1.
    """
    from fer_models.classifier import load_classifier
    from fer_models.faces import DetectorError

    with plain_errors():
        classifier = load_classifier(checkpoint)
    failed = False
    for picture in pictures:
        try:
            for answer in _answers(classifier, picture, whole=whole, maps=maps):
                typer.echo(json.dumps(answer) if as_json else _sentence(answer))
        except BrokenPipeError:
            raise  # nobody reads on; that is not this picture's fault
        except (ValueError, OSError, DetectorError) as error:
            warn(f"{picture}: {error}")
            failed = True
    if failed:
        raise typer.Exit(1)


def _answers(classifier: "Classifier", picture: Path, *, whole: bool, maps: Path | None) -> Iterator[dict]:
    """One answer for every face in ``picture``, largest first, as plain JSON values.

    Raises ImageError when the file is no picture, or no face is found and ``whole`` is False.
    """
    from fer_models.explanation import explain
    from fer_models.export.maps import write_maps

    for number, face in enumerate(faces_in(picture, whole=whole), 1):
        seen = explain(classifier, face.crop)
        answer = {
            "picture": str(picture),
            "face": number,
            "box": list(map(int, face.box)),
            "expression": seen.labels[seen.target],
            "probabilities": dict(zip(seen.labels, map(float, seen.probabilities), strict=True)),
            "checkpoint": classifier.card.name,
        }
        if maps is not None:
            folder = new_folder(maps, f"{picture.stem}-face{number}-{classifier.card.name}")
            answer["maps"] = str(write_maps(seen, face.crop, folder))
        yield answer


def _sentence(answer: dict) -> str:
    """One line for a person: the expression and the three likeliest probabilities."""
    ranked = sorted(answer["probabilities"].items(), key=lambda item: -item[1])[:3]
    shares = ", ".join(f"{label} {probability_text(value)}" for label, value in ranked)
    box = ", ".join(map(str, answer["box"]))
    written = f"; maps in {answer['maps']}" if "maps" in answer else ""
    return f"{answer['picture']}: face {answer['face']} ({box}) shows {answer['expression']}: {shares}{written}"
