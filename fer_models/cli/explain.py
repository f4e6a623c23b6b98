"""`ferscope explain`: what networks look at in the faces of pictures, as a report, figures and numbers."""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fer_models.checkpoints import DEFAULT_CHECKPOINT
from fer_models.cli.common import plain_errors, warn
from fer_models.cli.pictures import WholeOption, faces_in, new_folder, picture_files

if TYPE_CHECKING:
    from fer_models.classifier import Classifier
    from fer_models.export.sheet import Sheet

METHODS = ("occlusion", "grad-cam")


def explain(
    pictures: Annotated[
        list[Path], typer.Argument(metavar="PICTURE...", help="JPEG, PNG or WebP files, or folders of them.")
    ],
    checkpoint: Annotated[
        list[str] | None, typer.Option(help=f"Name or path; several are compared [{DEFAULT_CHECKPOINT}].")
    ] = None,
    method: Annotated[
        list[str] | None, typer.Option(help=f"How the map is made; several stand side by side [{', '.join(METHODS)}].")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Where a CAM is taken, as in features.7 [the last map].")] = None,
    target: Annotated[str | None, typer.Option(help="The expression to explain [the predicted one].")] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all faces into one HTML file that opens offline.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write figure.png, figure.pdf, values.csv and values.npz a face.")
    ] = None,
    whole: WholeOption = False,
) -> None:
    """Show which places of each face in each PICTURE raise an expression's score, and which lower it.

    Every file says network, checkpoint, layer, method, target, size and version. Pictures that can be read are
    explained even if others cannot; the exit code is then 1.
    """
    from fer_models.classifier import load_classifier
    from fer_models.export.report import write_report

    if report is None and out is None:
        raise typer.BadParameter("Give --report FILE, --out DIR, or both.")
    failures: list[Path] = []
    with plain_errors():
        files = picture_files(pictures)
        classifiers = [load_classifier(name) for name in checkpoint or [DEFAULT_CHECKPOINT]]
        methods = method or METHODS
        _check(classifiers, methods, layer, target)
        known = partial(_sheets_of, classifiers=classifiers, methods=methods, target=target, layer=layer, whole=whole)
        with typer.progressbar(length=len(files), label="Explaining", file=sys.stderr) as bar:
            sheets = _sheets(files, known, out, failures, bar.update)
            first = next(sheets, None)
            if first is None:
                warn("Nothing was written: no picture could be used.")
                raise typer.Exit(1)
            if report is not None:
                report.parent.mkdir(parents=True, exist_ok=True)
                write_report(chain([first], sheets), "What the networks look at", report)
            else:
                for _ in sheets:  # each is written as it comes
                    pass
    typer.echo(f"Written: {', '.join(str(path) for path in (report, out) if path is not None)}")
    if failures:
        raise typer.Exit(1)


def _check(classifiers: "Sequence[Classifier]", methods: Sequence[str], layer: str | None, target: str | None) -> None:
    """ValueError for a name that a network or the library does not know, before any picture is looked at."""
    from fer_models.explanation.attribution import uses_layer

    on_layers = [method for method in methods if uses_layer(method)]
    if layer is not None and not on_layers:
        raise ValueError(f"`layer` is for maps that are taken at one; {', '.join(methods)} works on pixels.")
    for classifier in classifiers:
        classifier.layer(layer)
        if target is not None:
            classifier.target_index(target)


def _sheets(
    files: Sequence[Path],
    sheets_of: "Callable[[Path], Iterator[Sheet]]",
    out: Path | None,
    failures: list[Path],
    advance: Callable[[int], None],
) -> "Iterator[Sheet]":
    """A sheet for every face, written to ``out`` as it comes; what cannot be read is said, and kept in ``failures``."""
    from fer_models.faces import DetectorError

    for picture in files:
        try:
            for number, sheet in enumerate(sheets_of(picture), 1):
                if out is not None:
                    _write(sheet, new_folder(out, f"{picture.stem}-face{number}"))
                yield sheet
        except (ValueError, OSError, DetectorError) as error:
            warn(f"{picture}: {error}")
            failures.append(picture)
        advance(1)


def _sheets_of(
    picture: Path,
    classifiers: "Sequence[Classifier]",
    methods: Sequence[str],
    target: str | None,
    layer: str | None,
    whole: bool,
) -> "Iterator[Sheet]":
    from fer_models.export.sheet import explained

    for number, face in enumerate(faces_in(picture, whole=whole), 1):
        yield explained(classifiers, face.crop, f"{picture.name}, face {number}", methods, target, layer)


def _write(sheet: "Sheet", folder: Path) -> None:
    from fer_models.export.arrays import csv_text, npz
    from fer_models.export.figure import figure

    folder.mkdir(parents=True)
    (folder / "figure.png").write_bytes(figure(sheet))
    (folder / "figure.pdf").write_bytes(figure(sheet, "pdf"))
    (folder / "values.csv").write_text(csv_text(sheet), encoding="utf-8")
    (folder / "values.npz").write_bytes(npz(sheet))
