"""`ferscope train`: from a data set to a checkpoint."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fer_models.cli.common import (
    AnyCountOption,
    Bf16Option,
    CompileOption,
    DataOption,
    DeviceOption,
    LabelsOption,
    RecipeOption,
    SkipBadOption,
    plain_errors,
    resumable,
    with_options,
)

if TYPE_CHECKING:
    from fer_models.training.recipe import Stage


def train(
    network: Annotated[str, typer.Argument(help="Name of a network ('ferscope networks' lists them).")],
    data: DataOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the run and its checkpoint [runs/NETWORK]; an interrupted run goes on."),
    ] = None,
    name: Annotated[
        str, typer.Option(help="Name of the checkpoint [NETWORK.ferplus, or after another data set; NETWORK.own].")
    ] = "",
    recipe_name: RecipeOption = None,
    stage: Annotated[
        list[str] | None, typer.Option(metavar="SIDE:EPOCHS", help="Repeat for growing sides, e.g. 64:16 then 112:3.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of weights, order, augmentation and dropout [the recipe's, 0].")
    ] = None,
    label_rule: Annotated[
        str | None,
        typer.Option(help="How faces are labelled, such as fer2013; another word lists all rules [the recipe's]."),
    ] = None,
    keep_leaks: Annotated[
        bool, typer.Option("--keep-leaks", help="Keep training rows that repeat a test picture, as the papers did.")
    ] = False,
    align: Annotated[
        bool,
        typer.Option(
            "--align", help="Find the face in each picture file and learn from its crop [for RaFD only; else whole]."
        ),
    ] = False,
    labels: LabelsOption = "",
    group: Annotated[
        str,
        typer.Option(
            metavar="REGEX",
            help="Finds the person or sequence in a picture's path, kept on one side where rows are divided "
            "[folders and names as data sets have them].",
        ),
    ] = "",
    skip_bad: SkipBadOption = False,
    any_count: AnyCountOption = False,
    device: DeviceOption = None,
    compiled: CompileOption = False,
    bf16: Bf16Option = False,
    start_weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Published weights that the recipe starts from [timm's: from the Hub]."),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Teachers' answers that 'ferscope teach' stored.")
    ] = None,
    project: Annotated[
        str | None, typer.Option("--track", metavar="PROJECT", help="Log each epoch to Trackio too (extra 'track').")
    ] = None,
    int8: Annotated[
        bool,
        typer.Option("--int8", help="Store weights as int8, one scale per output channel: about half of fp16's size."),
    ] = False,
    explain_data: Annotated[
        bool, typer.Option("--explain-data", help="Say what the folder or zip is understood to hold, and stop.")
    ] = False,
    show_recipe: Annotated[
        bool, typer.Option("--show-recipe", help="Print the recipe as JSON and stop; a file to start one's own from.")
    ] = False,
) -> None:
    """Train NETWORK and score it: on FERPlus (majority rule) unless the recipe or --label-rule says otherwise.

    Training rows that repeat a test picture are left out. The run is saved every minute: the same command goes on after
    any interruption. It ends with a checkpoint (weights and card) in the folder of the run, scored in the
    form that is stored.
    """
    from fer_models.cli.progress import ProgressLine
    from fer_models.data import data_folder, understood
    from fer_models.training.events import Event, ignore
    from fer_models.training.machine import Machine
    from fer_models.training.run import Changes, make_recipe, run_training
    from fer_models.training.tracking import tracked

    with plain_errors():
        stages = tuple(map(_stage, stage or ()))
        recipe = make_recipe(network, recipe_name, Changes(stages, seed, label_rule, keep_leaks, align, labels, group))
        if show_recipe:
            typer.echo(recipe.model_dump_json(indent=1))
            return
        if explain_data:
            typer.echo(with_options(understood(recipe.label_rule, data_folder(data), recipe.labels, recipe.group)))
            return
        run = out.name if out else network
        show = ProgressLine()
        with resumable(), tracked(project, run, recipe) if project else nullcontext(ignore) as track:

            def watch(event: Event) -> None:
                track(event)
                show(event)

            machine = Machine(device, compiled, skip_bad, start_weights, bf16, answers, any_count)
            weights = run_training(recipe, data, out, machine, name, "int8" if int8 else "fp16", watch)
    typer.echo(f"Checkpoint: {weights}")


def _stage(text: str) -> "Stage":
    from fer_models.training.recipe import Stage

    try:
        side, epochs = text.split(":")
        if int(epochs) < 1:  # a recipe may have none: its start, unchanged
            raise ValueError("no epoch")
        return Stage(side=int(side), epochs=int(epochs))
    except ValueError as error:
        raise ValueError(
            f"A stage is SIDE:EPOCHS, for example 112:3, with a side of 48 to 512; not '{text}'."
        ) from error
