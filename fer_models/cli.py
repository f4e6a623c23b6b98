"""The command line: `ferscope app | predict | train | evaluate | networks | checkpoints`.

Exit codes: 0 done; 1 an input could not be used (the message says which and why); 2 wrong usage; 130 interrupted.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from fer_models.checkpoints import DEFAULT_CHECKPOINT

app = typer.Typer(
    name="ferscope",
    help="See what a facial-expression network looks at. Every command has its own --help.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
DataOption = Annotated[
    str | None, typer.Option("--data", help="Folder with fer2013.csv, fer2013new.csv and leaks.csv [FERSCOPE_DATA].")
]
NO_CHECKPOINT = "No checkpoint found. FERSCOPE_CHECKPOINTS adds folders; 'ferscope train' makes one."


def main() -> None:
    """Entry point of the console script."""
    app()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Our own errors are sentences for a person: print them without a traceback and exit with 1."""
    try:
        yield
    except (ValueError, OSError) as error:
        typer.echo(f"ferscope: {error}", err=True)
        raise typer.Exit(1) from error


@app.command("app")
def app_command(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the page.")] = 8501,
    address: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    headless: Annotated[bool, typer.Option("--headless/--browser", help="Do not open a browser.")] = True,
) -> None:
    """Open the site. Stop it with Ctrl+C."""
    spec = find_spec("webapp")
    if spec is None or spec.origin is None:
        typer.echo("ferscope: the package 'webapp' is not installed.", err=True)
        raise typer.Exit(1)
    # Streamlit looks for its config in the current folder, which may be anyone's: the settings go along.
    settings = {
        "server.port": port,
        "server.address": address,
        "server.headless": str(headless).lower(),
        "server.maxUploadSize": 10,
        "server.showEmailPrompt": "false",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.showErrorDetails": "none",
        "client.toolbarMode": "viewer",
    }
    flags = [f"--{key}={value}" for key, value in settings.items()]
    script = Path(spec.origin).with_name("app.py")
    # -P: a folder named webapp where the command is called must not be taken for ours.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(script), *flags]
    typer.echo(f"FERScope on http://{'localhost' if address == '127.0.0.1' else address}:{port} (Ctrl+C stops it)")
    if os.name == "posix":
        # Our process becomes the server, so whoever ends it ends the server too.
        sys.stdout.flush()
        os.execv(sys.executable, command)
    raise typer.Exit(subprocess.run(command, check=False).returncode)


@app.command()
def predict(
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE...", help="JPEG, PNG or WebP files.")],
    checkpoint: Annotated[
        str, typer.Option(help="Name ('ferscope checkpoints' lists them) or path of a .safetensors.")
    ] = DEFAULT_CHECKPOINT,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a face, one a line.")] = False,
    maps: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write crop, Grad-CAM and gate maps as pictures, and every gate as numbers, to DIR."
        ),
    ] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Take each whole picture as the face.")] = False,
) -> None:
    """Say which expression each face in each PICTURE shows.

    Every face found is read. Where none is found the picture counts as unusable, unless --whole is given. Pictures
    that can be read are answered even if others cannot; the exit code is then 1.
    """
    from fer_models.faces import DetectorError
    from fer_models.prediction import describe, predict_picture

    with _plain_errors():
        from fer_models.classifier import load_classifier

        classifier = load_classifier(checkpoint)
    failed = False
    for picture in pictures:
        try:
            for result in predict_picture(classifier, picture, whole=whole, maps=maps):
                typer.echo(json.dumps(result) if as_json else describe(result))
        except (ValueError, OSError, DetectorError) as error:
            typer.echo(f"ferscope: {picture}: {error}", err=True)
            failed = True
    if failed:
        raise typer.Exit(1)


@app.command()
def train(
    network: Annotated[str, typer.Argument(help="Name of a network ('ferscope networks' lists them).")],
    data: DataOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the run and its checkpoint [runs/NETWORK]; an interrupted run goes on."),
    ] = None,
    recipe_file: Annotated[
        Path | None, typer.Option("--recipe", help="JSON with a recipe; what it leaves out has the defaults.")
    ] = None,
    stage: Annotated[
        list[str] | None, typer.Option(metavar="SIDE:EPOCHS", help="Repeat for growing sides, e.g. 64:16 then 112:3.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of weights, order, augmentation and dropout [the recipe's, 0].")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cuda or cpu [cuda if there is one].")] = None,
) -> None:
    """Train NETWORK on FERPlus (majority rule), leaked rows left out, the epoch chosen on PublicTest.

    The run is saved every minute: the same command goes on after any interruption. It ends with a checkpoint
    (fp16 weights and card) in the folder of the run.
    """
    from fer_models.training.command import run_training

    with _plain_errors():
        try:
            weights = run_training(network, data, out, recipe_file, stage or [], seed, device)
        except KeyboardInterrupt:
            typer.echo("\nStopped. The same command goes on from the last save.", err=True)
            raise typer.Exit(130) from None
    typer.echo(f"Checkpoint: {weights}")


@app.command()
def evaluate(
    checkpoints: Annotated[list[str] | None, typer.Argument(help="Names or paths [all that are found].")] = None,
    split: Annotated[str, typer.Option(help="PublicTest, PrivateTest or Training.")] = "PublicTest",
    data: DataOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a checkpoint.")] = False,
) -> None:
    """Score checkpoints on a split: accuracy with its 95 % interval, macro-F1, recall of every expression.

    One view a picture, no test-time augmentation.
    """
    from fer_models.card import share_text
    from fer_models.checkpoints import list_checkpoints
    from fer_models.classifier import load_classifier
    from fer_models.data import data_folder, read_fer2013, select_faces
    from fer_models.evaluation import evaluate as score_classifier

    names = checkpoints or list_checkpoints()
    if not names:
        typer.echo(f"ferscope: {NO_CHECKPOINT}", err=True)
        raise typer.Exit(1)
    with _plain_errors():
        files = read_fer2013(data_folder(data))
    failed = False
    for name in names:
        try:
            classifier = load_classifier(name)
            rule = classifier.card.data.label_rule if classifier.card.data else "ferplus-majority"
            found = score_classifier(classifier, select_faces(files, split, rule), split=split, label_rule=rule)
        except ValueError as error:
            typer.echo(f"ferscope: {name}: {error}", err=True)
            failed = True
            continue
        if as_json:
            typer.echo(json.dumps({"checkpoint": classifier.card.name} | found.model_dump()))
            continue
        typer.echo(f"{classifier.card.name}: {found.sentence()}")
        typer.echo("  recall  " + "  ".join(f"{label} {share_text(value)}" for label, value in found.recall.items()))
    if failed:
        raise typer.Exit(1)


@app.command()
def networks(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    classes: Annotated[int, typer.Option(min=2, help="Number of expressions.")] = 8,
) -> None:
    """List every network with its trainable parameters and its multiply-adds at 224 x 224."""
    from fer_models.networks import list_networks, network_cost

    costs = {name: network_cost(name, classes) for name in list_networks()}
    if as_json:
        typer.echo(json.dumps({name: vars(cost) for name, cost in costs.items()}))
        return
    typer.echo(f"{'network':<42}{'parameters':>12}{'MACs':>10}")
    for name, cost in costs.items():
        typer.echo(f"{name:<42}{cost.parameters:>12,}{cost.macs / 1e6:>8,.0f} M")


@app.command()
def checkpoints(
    as_json: Annotated[bool, typer.Option("--json", help="Print each card as JSON, one a line.")] = False,
) -> None:
    """List the checkpoints found, with their networks, sides and scores."""
    from fer_models.checkpoints import list_checkpoints, read_card

    names = list_checkpoints()
    if not names and not as_json:
        typer.echo(NO_CHECKPOINT)
    failed = False
    for name in names:
        try:
            card = read_card(name)
        except ValueError as error:
            typer.echo(f"ferscope: {error}", err=True)
            failed = True
            continue
        if as_json:
            typer.echo(card.model_dump_json())
            continue
        typer.echo(f"{name}: {card.network}, {card.preprocessing.input_side} px, {len(card.labels)} expressions")
        typer.echo("  " + (" ".join(found.sentence() for found in card.scores) or "Not scored."))
    if failed:
        raise typer.Exit(1)
