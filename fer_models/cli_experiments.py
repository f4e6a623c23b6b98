"""The commands that need a data set: train, evaluate, reproduce."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[
    str | None, typer.Option("--data", help="Folder of the data set, in its own layout [FERSCOPE_DATA].")
]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out pictures that cannot be read instead of stopping.")
]
DeviceOption = Annotated[str | None, typer.Option(help="cuda or cpu [cuda if there is one].")]
CompileOption = Annotated[
    bool, typer.Option("--compile", help="Compile the network first (torch.compile); pays off in long runs.")
]
NO_CHECKPOINT = "No checkpoint found. FERSCOPE_CHECKPOINTS adds folders; 'ferscope train' makes one."


@contextmanager
def plain_errors() -> Iterator[None]:
    """Our own errors are sentences for a person: print them without a traceback and exit with 1."""
    try:
        yield
    except (ValueError, OSError) as error:
        typer.echo(f"ferscope: {error}", err=True)
        raise typer.Exit(1) from error


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
    recipe_name: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            metavar="paper|tuned|CHECKPOINT|FILE",
            help="The paper's, our tuned one, a checkpoint's, or TOML or JSON; what a file leaves out has defaults.",
        ),
    ] = None,
    stage: Annotated[
        list[str] | None, typer.Option(metavar="SIDE:EPOCHS", help="Repeat for growing sides, e.g. 64:16 then 112:3.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of weights, order, augmentation and dropout [the recipe's, 0].")
    ] = None,
    label_rule: Annotated[
        str | None,
        typer.Option(help="ferplus-majority and FERPlus's four other rules, fer2013, raf-db, rafd, or folder."),
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
    skip_bad: SkipBadOption = False,
    device: DeviceOption = None,
    compiled: CompileOption = False,
    start_weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Published weights that the recipe starts from [timm's: from the Hub]."),
    ] = None,
    project: Annotated[
        str | None, typer.Option("--track", metavar="PROJECT", help="Log each epoch to Trackio too (extra 'track').")
    ] = None,
    int8: Annotated[
        bool,
        typer.Option("--int8", help="Store weights as int8, one scale per output channel: about half of fp16's size."),
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
    from fer_models.training.machine import Machine
    from fer_models.training.run import Changes, make_recipe, run_training
    from fer_models.training.tracking import tracked

    with plain_errors():
        recipe = make_recipe(network, recipe_name, Changes(tuple(stage or ()), seed, label_rule, keep_leaks, align))
        if show_recipe:
            typer.echo(recipe.model_dump_json(indent=1))
            return
        run = out.name if out else network
        try:
            with tracked(project, run, recipe) if project else nullcontext() as track:
                machine = Machine(device, compiled, track, skip_bad, start_weights)
                weights = run_training(recipe, data, out, machine, name, "int8" if int8 else "fp16")
        except KeyboardInterrupt:
            typer.echo("\nStopped. The same command goes on from the last save.", err=True)
            raise typer.Exit(130) from None
    typer.echo(f"Checkpoint: {weights}")


def evaluate(
    checkpoints: Annotated[list[str] | None, typer.Argument(help="Names or paths [all that are found].")] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="PublicTest, PrivateTest or Training; where pictures are files test, val, train, or all if they are "
            "not divided; tenth: the training rows held out to choose the epoch on [PublicTest, test or all]."
        ),
    ] = None,
    data: DataOption = None,
    confusion: Annotated[bool, typer.Option("--confusion", help="Print the confusion matrix as well.")] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Compare exactly two checkpoints by McNemar's test.")
    ] = False,
    robustness: Annotated[
        bool,
        typer.Option(
            "--robustness", help="Score occluded, blurred, noisy, coarse and turned faces too; about 20 times longer."
        ),
    ] = False,
    store: Annotated[
        bool, typer.Option("--store", help="Store the predictions beside the weights, as NAME.SPLIT.npz.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a checkpoint.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all figures to a JSON file.")] = None,
    skip_bad: SkipBadOption = False,
) -> None:
    """Score checkpoints on a split: accuracy, macro-F1, calibration, precision, recall and F1 of every expression.

    Accuracy, macro-F1 and recall come with 95 % bootstrap intervals; --robustness and, in JSON, 'interval' have
    Wilson's, as cards do. One view a picture, no test-time augmentation.
    """
    from fer_models.checkpoints import list_checkpoints
    from fer_models.evaluation.command import Options, run_evaluation

    if compare and len(checkpoints or []) != 2:
        raise typer.BadParameter("give exactly two checkpoints.", param_hint="--compare")
    names = checkpoints or list_checkpoints()
    if not names:
        typer.echo(f"ferscope: {NO_CHECKPOINT}", err=True)
        raise typer.Exit(1)
    options = Options(
        as_json=as_json,
        out=out,
        confusion=confusion,
        store=store,
        compare=compare,
        robustness=robustness,
        skip_bad=skip_bad,
    )
    with plain_errors():
        complete = run_evaluation(names, split, data, options)
    if not complete:
        raise typer.Exit(1)


def reproduce(
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="[TABLE]...", help="Ids such as 002-T5 (--list shows them).")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List every table with its state, one a line.")] = False,
    every: Annotated[bool, typer.Option("--all", help="All tables.")] = False,
    key: Annotated[str | None, typer.Option("--run", metavar="KEY", help="Do one run and print no table.")] = None,
    form: Annotated[
        str, typer.Option(help="short (64 px, 8 epochs, one seed) or full (the paper's recipe, three seeds).")
    ] = "short",
    split: Annotated[str, typer.Option(help="PublicTest or PrivateTest: what FER2013 is scored on.")] = "PublicTest",
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="DIR", help="Folder of a data set; may be repeated [FERSCOPE_DATA]."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the runs.")] = Path("runs/reproduce"),
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time, each in a process of its own.")] = 1,
    show: Annotated[bool, typer.Option("--show", help="Train nothing: print what there is.")] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="Train also what comes with FERScope as a result; finished runs in --out stay."),
    ] = False,
    store: Annotated[
        bool, typer.Option("--store", help="Put results among those that come with FERScope (in a source tree).")
    ] = False,
    skip_bad: SkipBadOption = False,
    device: DeviceOption = None,
    compiled: CompileOption = False,
    start_weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A copy of the ImageNet weights that runs of the full form start from. Only where all start from the "
            "same; without it each network's come from the Hub or, with HF_HUB_OFFLINE=1, from its cache.",
        ),
    ] = None,
) -> None:
    """Repeat a table of the four papers: train what is missing, then print the paper's numbers beside ours.

    A finished run is never repeated, an interrupted one goes on from its last save, and a run that several tables need
    is made once. Tables whose data sets need an agreement run when the files are there, and say what to get when not.
    """
    from fer_models.reproduction import command
    from fer_models.training.machine import Machine

    def warn(line: str) -> None:
        typer.echo(f"ferscope: {line}", err=True)

    if sum((listed, every, key is not None, bool(tables))) != 1:
        raise typer.BadParameter("give TABLE..., --all, --list or --run KEY.", param_hint="[TABLE]...")
    if key is not None and (show or store):
        raise typer.BadParameter("--show and --store are for tables.", param_hint="--run")
    complete = True
    with plain_errors():
        settings = command.make_settings(
            form=form,
            part=split,
            data=data,
            out=out,
            jobs=jobs,
            again=again,
            train=not show,
            store=store,
            machine=Machine(device=device, compiled=compiled, skip_bad=skip_bad, start_weights=start_weights),
        )
        try:
            if listed:
                typer.echo(command.list_text(settings))
            elif key is not None:
                command.do_run(key, settings, typer.echo)
            else:
                ids = command.list_ids() if every else tables or []
                complete = command.reproduce(ids, settings, typer.echo, warn)
        except KeyboardInterrupt:
            typer.echo("\nStopped. The same command goes on from the last save.", err=True)
            raise typer.Exit(130) from None
    if not complete:
        raise typer.Exit(1)
