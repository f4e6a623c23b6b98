"""What several commands share: options, and how failures are said."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

DataOption = Annotated[
    str | None, typer.Option("--data", help="Folder of the data set, in its own layout [FERSCOPE_DATA].")
]
AnyCountOption = Annotated[
    bool,
    typer.Option("--any-count", help="Go on with copies that have other numbers of faces than the official ones."),
]
LabelsOption = Annotated[
    str,
    typer.Option(
        "--labels",
        metavar="FOLDER=LABEL,...",
        help="What class folders mean, such as suprise=surprise; raf-db, fer2013, affectnet: numbers as there.",
    ),
]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out pictures that cannot be read instead of stopping.")
]
DeviceOption = Annotated[str | None, typer.Option(help="cuda or cpu [cuda if there is one].")]
CompileOption = Annotated[
    bool, typer.Option("--compile", help="Compile the network first (torch.compile); pays off in long runs.")
]
Bf16Option = Annotated[
    bool,
    typer.Option("--bf16", help="Compute in bfloat16 on the CPU too; faster where the processor has AMX, as on CUDA."),
]
RecipeOption = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        metavar="paper|tuned|CHECKPOINT|FILE",
        help="The paper's, our tuned one, a checkpoint's, or TOML or JSON; what a file leaves out has defaults.",
    ),
]
NO_CHECKPOINT = "No checkpoint found. FERSCOPE_CHECKPOINTS adds folders; 'ferscope train' makes one."


def warn(message: object) -> None:
    """One line on standard error, which says whose it is."""
    typer.echo(f"ferscope: {with_options(str(message))}", err=True)


def with_options(text: str) -> str:
    """The library names its parameters, as in `start_weights`; here they are options, as in --start-weights."""
    return re.sub(r"`([a-z_]+)`", lambda name: "--" + name[1].replace("_", "-"), text)


def named_or_all(checkpoints: list[str] | None) -> list[str]:
    """The checkpoints that were named, or all that are found; where there are none that is said, exit code 1."""
    from fer_models.checkpoints import list_checkpoints

    names = checkpoints or list_checkpoints()
    if not names:
        warn(NO_CHECKPOINT)
        raise typer.Exit(1)
    return names


def each_checkpoint(names: list[str], work: Callable[[str], None]) -> None:
    """Do ``work`` for one checkpoint after another. One that cannot be done is named, and the others go on.

    The exit code is then 1.
    """
    failed = False
    for name in names:
        try:
            work(name)
        except (ValueError, OSError) as error:
            warn(f"{name}: {error}")
            failed = True
    if failed:
        raise typer.Exit(1)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Our own errors are sentences for a person: print them without a traceback and exit with 1."""
    try:
        yield
    except (ValueError, OSError) as error:
        warn(error)
        raise typer.Exit(1) from error


@contextmanager
def resumable() -> Iterator[None]:
    """Ctrl+C ends what can be gone on with later: say so, and exit with 130."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("\nStopped. The same command goes on from the last save.", err=True)
        raise typer.Exit(130) from None
