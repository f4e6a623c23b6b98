"""`ferscope regions`: from which part of the face checkpoints read each expression."""

import functools
import sys
from typing import Annotated

import typer

from fer_models.cli.common import DataOption, SkipBadOption, each_checkpoint, named_or_all, plain_errors


def regions(
    checkpoints: Annotated[list[str] | None, typer.Argument(help="Names or paths [all that are found].")] = None,
    split: Annotated[str | None, typer.Option(help="As for 'ferscope evaluate' [PublicTest, test or all].")] = None,
    data: DataOption = None,
    faces: Annotated[int, typer.Option(min=2, help="Recognised faces of each expression, at most.")] = 60,
    skip_bad: SkipBadOption = False,
) -> None:
    """Cover brows, eyes, nose, mouth and cheeks of recognised faces, and store what that costs as NAME.regions.json.

    Printed for each expression: how its score (the logit) changes when a region is covered, and the share of Grad-CAM
    in it.
    """
    from fer_models.checkpoints import find_checkpoint
    from fer_models.classifier import load_classifier
    from fer_models.cli.evaluation_tables import regions_table
    from fer_models.data import data_folder
    from fer_models.data.ferplus import STANDARD_RULE
    from fer_models.evaluation.regions import KIND, measure_regions
    from fer_models.evaluation.split import made_by, read_split
    from fer_models.evaluation.stored import save_measured

    names = named_or_all(checkpoints)
    with plain_errors():
        read = functools.cache(functools.partial(read_split, data_folder(data), skip_bad=skip_bad))

    def measure(name: str) -> None:
        classifier = load_classifier(name)
        rule = classifier.card.label_rule or STANDARD_RULE
        part = read(rule, split, made_by(classifier.card))
        labels = len(classifier.labels)
        with typer.progressbar(length=labels, label=f"Covering parts of faces: {name}", file=sys.stderr) as bar:
            found = measure_regions(
                classifier,
                part.faces,
                split=part.name,
                label_rule=rule,
                command=f"ferscope regions {name} --split {part.name} --faces {faces}",
                count=faces,
                advance=bar.update,
            )
        save_measured(found, find_checkpoint(name), KIND)
        typer.echo(regions_table(found) + "\n")

    each_checkpoint(names, measure)
