"""`ferscope faithfulness`: which maps of a checkpoint are true?"""

import functools
import sys
from typing import Annotated

import typer

from fer_models.cli.common import DataOption, SkipBadOption, each_checkpoint, named_or_all, plain_errors

SEED = 0
#: Training faces that the network's own mean map, a control, is the mean of.
OTHERS = 100


def faithfulness(
    checkpoints: Annotated[list[str] | None, typer.Argument(help="Names or paths [all that are found].")] = None,
    split: Annotated[str | None, typer.Option(help="As for 'ferscope evaluate' [PublicTest, test or all].")] = None,
    data: DataOption = None,
    faces: Annotated[int, typer.Option(min=10, help="Measure so many faces of the split, drawn.")] = 500,
    skip_bad: SkipBadOption = False,
) -> None:
    """Measure which maps mark what matters to a checkpoint, and store it as NAME.faithfulness.json.

    Places of a face are covered in the order of each map, most relevant first and least relevant first; the area
    between the two curves is its symmetric relevance gain. Maps that know nothing of the network are measured beside.
    500 faces take about a quarter of an hour of one core.
    """
    import numpy as np

    from fer_models.checkpoints import find_checkpoint
    from fer_models.classifier import load_classifier
    from fer_models.cli.evaluation_tables import faithfulness_table
    from fer_models.data import data_folder, read_parts
    from fer_models.data.ferplus import STANDARD_RULE
    from fer_models.evaluation.faithfulness import KIND, measure_faithfulness
    from fer_models.evaluation.split import made_by, read_split
    from fer_models.evaluation.stored import save_measured

    names = named_or_all(checkpoints)
    with plain_errors():
        folder = data_folder(data)
    read = functools.cache(functools.partial(read_split, folder, skip_bad=skip_bad))
    read_all = functools.cache(functools.partial(read_parts, folder, skip_bad=skip_bad))

    def measure(name: str) -> None:
        classifier = load_classifier(name)
        rule, making = classifier.card.label_rule or STANDARD_RULE, made_by(classifier.card)
        part = read(rule, split, making)
        training = read_all(rule, side=making.side, align=making.align).training
        drawn, others = (
            np.random.default_rng(SEED).permutation(len(some))[:count]
            for some, count in ((part.faces, faces), (training, OTHERS))
        )
        with typer.progressbar(length=len(drawn), label=f"Measuring {name}", file=sys.stderr) as bar:
            found = measure_faithfulness(
                classifier,
                part.faces.images[drawn],
                training.images[others],
                split=part.name,
                command=f"ferscope faithfulness {name} --split {part.name} --faces {len(drawn)}",
                seed=SEED,
                advance=bar.update,
            )
        save_measured(found, find_checkpoint(name), KIND)
        typer.echo(faithfulness_table(found) + "\n")

    each_checkpoint(names, measure)
