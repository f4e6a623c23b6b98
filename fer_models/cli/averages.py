"""`ferscope averages`: what checkpoints show for the average face."""

import functools
import sys
from typing import Annotated

import typer

from fer_models.cli.common import DataOption, each_checkpoint, named_or_all, plain_errors

#: Of the choice of faces.
SEED = 0


def averages(
    checkpoints: Annotated[list[str] | None, typer.Argument(help="Names or paths [all that are found].")] = None,
    data: DataOption = None,
    faces: Annotated[int, typer.Option(min=30, help="Training faces that each gate is averaged over.")] = 500,
) -> None:
    """Average gates and maps over training faces, and store them beside the weights as NAME.averages.npz.

    The site shows what is special about one face against them. The faces are drawn with one seed from those that the
    checkpoint may have learned from, without those that repeat a test picture.
    """
    import numpy as np

    from fer_models.checkpoints import find_checkpoint
    from fer_models.classifier import load_classifier
    from fer_models.data import data_folder, read_parts
    from fer_models.data.ferplus import STANDARD_RULE
    from fer_models.evaluation.split import made_by
    from fer_models.explanation.averages import make_averages, passes, save_averages

    names = named_or_all(checkpoints)
    with plain_errors():
        folder = data_folder(data)
        read = functools.cache(read_parts)

    def measure(name: str) -> None:
        classifier = load_classifier(name)
        rule, making = classifier.card.label_rule or STANDARD_RULE, made_by(classifier.card)
        parts = read(folder, rule, side=making.side, align=making.align)
        count = min(faces, len(parts.training))
        rows = np.random.default_rng(SEED).choice(len(parts.training), count, replace=False)
        about = f"faces of {parts.names[0]}, drawn with seed {SEED}"
        with typer.progressbar(length=passes(count), label=f"Averaging {name}", file=sys.stderr) as bar:
            found = make_averages(classifier, parts.training.images[rows], about, advance=bar.update)
        command = f"ferscope averages {name} --faces {faces}"
        file = save_averages(found, find_checkpoint(name), command)
        counts = f"{len(found.gates)} gates, {len(found.maps)} maps"
        typer.echo(f"{file.name}: {counts}, {found.about}; {file.stat().st_size:,} bytes")

    each_checkpoint(names, measure)
