"""`ferscope export`: a checkpoint for programs without PyTorch."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from fer_models.cli.common import plain_errors


def export(
    checkpoint: Annotated[str, typer.Argument(help="Name ('ferscope checkpoints' lists them) or path.")],
    to: Annotated[Literal["onnx"], typer.Option(help="The form to write.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="[CHECKPOINT.onnx in the current folder]")] = None,
    more: Annotated[
        Literal["evidence"] | None, typer.Option("--with", help="Also Grad-CAM of every label and every gate.")
    ] = None,
    int8: Annotated[bool, typer.Option("--int8", help="Keep weights int8 that are so in CHECKPOINT.")] = False,
) -> None:
    """Write CHECKPOINT as an ONNX file for programs without PyTorch, such as onnxruntime and OpenCV (extra 'onnx').

    It takes grey faces (N, 48, 48), uint8, and answers logits and probabilities, with --with evidence also 'cams' and
    every gate; labels, gates, card and licence are in its metadata. It is run by onnxruntime on 64 mean faces first,
    and not written if an answer differs from PyTorch's by more than 0.0001.
    """
    from fer_models.checkpoints import read_card
    from fer_models.export.onnx import FACES_IN_CHECK, export_onnx

    with plain_errors():
        file = out or Path(f"{read_card(checkpoint).name}.onnx")
        difference = export_onnx(checkpoint, file, evidence=more == "evidence", int8=int8)
    typer.echo(f"{file}: on {FACES_IN_CHECK} faces at most {difference:.2g} from PyTorch's answers")
