"""The command line: `ferscope app | predict | train | evaluate | reproduce | export | networks | checkpoints`.

Exit codes: 0 done; 1 an input could not be used (the message says which and why); 2 wrong usage; 130 interrupted.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import typer

from fer_models.checkpoints import DEFAULT_CHECKPOINT
from fer_models.cli_experiments import NO_CHECKPOINT, evaluate, plain_errors, reproduce, train

app = typer.Typer(
    name="ferscope",
    help="See what a facial-expression network looks at. Every command has its own --help.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Entry point of the console script."""
    app()


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

    with plain_errors():
        from fer_models.classifier import load_classifier

        classifier = load_classifier(checkpoint)
    failed = False
    for picture in pictures:
        try:
            for result in predict_picture(classifier, picture, whole=whole, maps=maps):
                typer.echo(json.dumps(result) if as_json else describe(result))
        except BrokenPipeError:
            raise  # nobody reads on; that is not this picture's fault
        except (ValueError, OSError, DetectorError) as error:
            typer.echo(f"ferscope: {picture}: {error}", err=True)
            failed = True
    if failed:
        raise typer.Exit(1)


app.command()(train)
app.command()(evaluate)
app.command()(reproduce)


@app.command()
def export(
    checkpoint: Annotated[str, typer.Argument(help="Name ('ferscope checkpoints' lists them) or path.")],
    to: Annotated[Literal["onnx"], typer.Option(help="The form to write.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="[CHECKPOINT.onnx in the current folder]")] = None,
) -> None:
    """Write CHECKPOINT as an ONNX file for programs without PyTorch (extra 'onnx').

    It takes grey faces (N, 48, 48), uint8, and answers logits and probabilities; labels, card and licence are in its
    metadata. It is run by onnxruntime on 64 mean faces first, and not written if an answer differs from PyTorch's by
    more than 0.0001.
    """
    from fer_models.checkpoints import read_card
    from fer_models.export.onnx import FACES_IN_CHECK, export_onnx

    with plain_errors():
        file = out or Path(f"{read_card(checkpoint).name}.onnx")
        difference = export_onnx(checkpoint, file)
    typer.echo(f"{file}: on {FACES_IN_CHECK} faces at most {difference:.2g} from PyTorch's answers")


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
