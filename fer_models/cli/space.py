"""`ferscope space`: FERScope as a Hugging Face Space."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from fer_models.cli.common import plain_errors, warn

space = typer.Typer(help="Build and upload a Hugging Face Space.", no_args_is_help=True)
Networks = Annotated[
    list[str] | None, typer.Option("--network", metavar="CHECKPOINT", help="[the four papers' own] Once for each.")
]
KindOption = Annotated[
    str,
    typer.Option(
        "--kind", metavar="static|gradio|docker", help="Live alone, the Gradio app (ZeroGPU), or the whole site."
    ),
]


@space.command()
def build(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder, or one built before.")],
    kind: KindOption = "static",
    network: Networks = None,
) -> None:
    """Write a Space to DIR. A static one runs in visitors' browsers and costs its owner nothing.

    It needs the extra 'live', and any file server can serve it too; 'python app.py' starts one of the kind gradio.
    """
    spaces = _spaces()
    with plain_errors():
        spaces.build_space(folder, kind, network)
    size = sum(file.stat().st_size for file in folder.rglob("*")) / 1e6
    typer.echo(f"{folder}: {size:.1f} MB; 'ferscope space push USER/NAME {folder}' uploads it")


@space.command()
def push(
    repository: Annotated[str, typer.Argument(metavar="USER/NAME", help="The Space; made where it is not there yet.")],
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="As built; built anew unless given.")] = None,
    kind: KindOption = "static",
    network: Networks = None,
) -> None:
    """Upload a Space to the Hub, with your own token ('hf auth login', or HF_TOKEN)."""
    spaces = _spaces()
    with plain_errors(), TemporaryDirectory() as place:
        if folder is None:
            folder = Path(place) / "space"
            spaces.build_space(folder, kind, network)
        typer.echo(spaces.push(repository, folder))


def _spaces() -> Any:
    """The site's own module, which the library does not know."""
    if find_spec("webapp") is None:
        warn("the package 'webapp' is not installed.")
        raise typer.Exit(1)
    return import_module("webapp.spaces")
