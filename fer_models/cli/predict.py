"""`ferscope predict`: faces in pictures and videos, and which expression each shows."""

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fer_models.checkpoints import DEFAULT_CHECKPOINT
from fer_models.cli.common import plain_errors, warn
from fer_models.cli.inputs import View, named, one_thread_each, views
from fer_models.cli.pictures import WholeOption, new_folder
from fer_models.text import probability_text

if TYPE_CHECKING:
    import numpy as np

    from fer_models.classifier import Classifier

Record = dict[str, Any]
_AT_ONCE = 8  # pictures whose faces wait for each other


def predict(
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURE...",
            help="Pictures, folders of them, patterns, videos, or - for standard input. Read are JPEG, PNG, WebP, "
            "AVIF, TIFF, BMP, GIF, PGM, PPM; HEIC with ferscope[heif]; videos as OpenCV reads them.",
        ),
    ],
    checkpoint: Annotated[
        str, typer.Option(help="Name ('ferscope checkpoints' lists them) or path of a .safetensors.")
    ] = DEFAULT_CHECKPOINT,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a face, and one with 'error' for what has none.")
    ] = False,
    table: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the same as a table.")] = None,
    maps: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write crop, Grad-CAM and gates in colour over the face, and all as numbers, to DIR."
        ),
    ] = None,
    every: Annotated[float, typer.Option(min=0.01, help="Seconds between the frames of a video that are read.")] = 0.5,
    whole: WholeOption = False,
) -> None:
    """Say which expression each face in each PICTURE shows.

    Every face found is read. Where none is found the picture counts as unusable, unless --whole is given. Pictures
    that can be read are answered even if others cannot; the exit code is then 1. In a video each face keeps a number,
    its track, from frame to frame.
    """
    from fer_models.classifier import load_classifier

    with plain_errors():
        classifier = load_classifier(checkpoint)
        files = named(pictures)
    if len(files) > 1:
        one_thread_each()
    failed = False
    with ExitStack() as stack:
        write = _table(stack, table, classifier.labels) if table else lambda record: None
        bar = None
        if len(files) > 1 and sys.stderr.isatty() and not sys.stdout.isatty():
            bar = stack.enter_context(typer.progressbar(length=len(files), label="Reading", file=sys.stderr))
        latest = ""
        for view, probabilities in _answered(classifier, views(files, whole=whole, every=every)):
            for record in _records(classifier, view, probabilities, maps):
                write(record)
                if as_json:
                    typer.echo(json.dumps(record))
                elif "error" not in record:
                    typer.echo(_sentence(record))
                if "error" in record:
                    warn(f"{view.name}: {record['error']}")
                    failed = True
            if bar and view.name != latest:
                bar.update(1)
            latest = view.name
    if failed:
        raise typer.Exit(1)


def _answered(classifier: "Classifier", given: Iterator[View]) -> Iterator[tuple[View, Sequence["np.ndarray"]]]:
    """Each view with the probabilities of its faces: those of several pictures pass the network at once, for speed."""
    from fer_models.classifier import BATCH

    while waiting := list(islice(given, _AT_ONCE)):
        crops = [face.crop for view in waiting for face in view.faces]
        batches = (classifier.predict(crops[start : start + BATCH]) for start in range(0, len(crops), BATCH))
        answers = (shares for batch in batches for shares in batch)
        for view in waiting:
            yield view, list(islice(answers, len(view.faces)))


def _records(
    classifier: "Classifier", view: View, probabilities: Sequence["np.ndarray"], maps: Path | None
) -> Iterator[Record]:
    """One answer for every face of a picture or frame, largest first, as plain JSON values; or why there is none."""
    from fer_models.explanation import explain
    from fer_models.export.maps import write_maps

    if view.error:
        yield {"picture": view.name, "error": view.error}
        return
    for number, (face, shares) in enumerate(zip(view.faces, probabilities, strict=True), 1):
        record: Record = {"picture": view.name, "face": number}
        if view.seconds is not None:
            record |= {"seconds": view.seconds, "track": view.tracks[number - 1]}
        record |= {
            "box": list(map(int, face.box)),
            "expression": classifier.labels[int(shares.argmax())],
            "probabilities": dict(zip(classifier.labels, map(float, shares), strict=True)),
            "checkpoint": classifier.card.name,
        }
        if maps is not None:
            moment = "" if view.seconds is None else f"-{view.seconds:.2f}s"
            stem = "stdin" if view.name == "-" else Path(view.name).stem
            folder = new_folder(maps, f"{stem}{moment}-face{number}-{classifier.card.name}")
            record["maps"] = str(write_maps(classifier, explain(classifier, face.crop), face.crop, folder))
        yield record


def _table(stack: ExitStack, file: Path, labels: Sequence[str]) -> Any:
    """A function that writes a record as a line of a CSV file."""
    with plain_errors():
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = csv.writer(stack.enter_context(file.open("w", newline="", encoding="utf-8")))
    columns = ("picture", "seconds", "face", "track")
    lines.writerow([*columns, "left", "top", "right", "bottom", "expression", *labels, "error"])

    def write(record: Record) -> None:
        shares = record.get("probabilities", {})
        lines.writerow(
            [record.get(name, "") for name in columns]
            + list(record.get("box", [""] * 4))
            + [record.get("expression", ""), *(shares.get(label, "") for label in labels), record.get("error", "")]
        )

    return write


def _sentence(record: Record) -> str:
    """One line for a person: the expression and the three likeliest probabilities."""
    ranked = sorted(record["probabilities"].items(), key=lambda item: -item[1])[:3]
    shares = ", ".join(f"{label} {probability_text(value)}" for label, value in ranked)
    box = ", ".join(map(str, record["box"]))
    written = f"; maps in {record['maps']}" if "maps" in record else ""
    at = f" at {record['seconds']:.2f} s, track {record['track']}" if "seconds" in record else ""
    return f"{record['picture']}{at}: face {record['face']} ({box}) shows {record['expression']}: {shares}{written}"
