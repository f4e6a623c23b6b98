"""`ferscope teach`: teachers' answers, asked once for all pupils."""

from pathlib import Path
from typing import Annotated

import typer

from fer_models.cli.common import (
    AnyCountOption,
    Bf16Option,
    DataOption,
    DeviceOption,
    RecipeOption,
    SkipBadOption,
    plain_errors,
    resumable,
)


def teach(
    network: Annotated[str, typer.Argument(help="The network that is going to learn from the answers.")],
    recipe_name: RecipeOption = None,
    data: DataOption = None,
    out: Annotated[Path, typer.Option(help="File of the answers; one that holds some is gone on with.")] = Path(
        "answers.safetensors"
    ),
    skip_bad: SkipBadOption = False,
    any_count: AnyCountOption = False,
    device: DeviceOption = None,
    bf16: Bf16Option = False,
) -> None:
    """Ask the teachers of a recipe about each of its views of the training rows, and store what they say.

    'ferscope train NETWORK --recipe FILE --answers OUT' then learns from it, as do other networks whose recipes have
    the same teachers, data and augmentation. The file is saved after each view: the same command goes on after any
    interruption.
    """
    from fer_models.cli.progress import ProgressLine
    from fer_models.training.machine import Machine
    from fer_models.training.run import make_recipe, run_teaching

    with plain_errors(), resumable():
        machine = Machine(device, skip_bad=skip_bad, bf16=bf16, any_count=any_count)
        run_teaching(make_recipe(network, recipe_name), data, out, machine, ProgressLine())
    typer.echo(f"Answers: {out}")
