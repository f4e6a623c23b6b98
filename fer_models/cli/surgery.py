"""`ferscope surgery`: does a network need its gates?"""

import functools
import sys
from typing import Annotated

import typer

from fer_models.cli.common import DataOption, SkipBadOption, each_checkpoint, named_or_all, plain_errors

COMMAND = "ferscope surgery"
SEED = 0


def surgery(
    checkpoints: Annotated[list[str] | None, typer.Argument(help="Names or paths [all that are found].")] = None,
    split: Annotated[str | None, typer.Option(help="As for 'ferscope evaluate' [PublicTest, test or all].")] = None,
    data: DataOption = None,
    faces: Annotated[int | None, typer.Option(min=4, help="Score so many faces of the split, drawn [all].")] = None,
    skip_bad: SkipBadOption = False,
) -> None:
    """Score checkpoints with every gate, every kind of gate and all gates replaced; store it as NAME.surgery.json.

    A gate is replaced by ones, by the average face's gate, by another face's and by one number, its own mean; where a
    kind or all gates are replaced also by itself with left and right exchanged or with its places shuffled. The average
    face's gates are those that 'ferscope averages' stored.
    """
    import numpy as np

    from fer_models.checkpoints import find_checkpoint
    from fer_models.classifier import load_classifier
    from fer_models.cli.evaluation_tables import surgery_table
    from fer_models.data import data_folder
    from fer_models.data.ferplus import STANDARD_RULE
    from fer_models.evaluation.split import made_by, read_split
    from fer_models.evaluation.stored import save_measured
    from fer_models.evaluation.surgery import KIND, measure_surgery
    from fer_models.explanation.averages import read_averages

    names = named_or_all(checkpoints)
    with plain_errors():
        read = functools.cache(functools.partial(read_split, data_folder(data), skip_bad=skip_bad))

    def measure(name: str) -> None:
        classifier = load_classifier(name)
        rule = classifier.card.label_rule or STANDARD_RULE
        part = read(rule, split, made_by(classifier.card))
        count = min(faces or len(part.faces), len(part.faces))
        drawn = np.sort(np.random.default_rng(SEED).permutation(len(part.faces))[:count])
        averages = read_averages(classifier)
        if averages is None:
            raise ValueError(f"the average face's gates are missing; 'ferscope averages {name}' makes them.")
        with typer.progressbar(length=count, label=f"Operating on {name}", file=sys.stderr) as bar:
            found = measure_surgery(
                classifier,
                part.faces.take(drawn),
                averages,
                split=part.name,
                label_rule=rule,
                command=f"{COMMAND} {name} --split {part.name} --faces {count}",
                seed=SEED,
                advance=bar.update,
            )
        save_measured(found, find_checkpoint(name), KIND)
        typer.echo(surgery_table(found) + "\n")

    each_checkpoint(names, measure)
