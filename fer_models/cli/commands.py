"""All commands, one file each. They import the library when they are called: `ferscope --help` loads no PyTorch."""

import warnings
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from fer_models.cli.averages import averages
from fer_models.cli.checkpoints import checkpoints
from fer_models.cli.common import warn
from fer_models.cli.evaluate import evaluate
from fer_models.cli.explain import explain
from fer_models.cli.export import export
from fer_models.cli.faithfulness import faithfulness
from fer_models.cli.jobs import jobs, worker
from fer_models.cli.networks import networks
from fer_models.cli.predict import predict
from fer_models.cli.regions import regions
from fer_models.cli.reproduce import reproduce
from fer_models.cli.site import open_site
from fer_models.cli.space import space
from fer_models.cli.surgery import surgery
from fer_models.cli.teach import teach
from fer_models.cli.train import train
from fer_models.version import __version__


class _Commands(TyperGroup):
    """Says that it was interrupted, and ends with 130: Click alone says "Aborted!" and ends with 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            warn("interrupted.")
            raise typer.Exit(130) from None


app = typer.Typer(
    name="ferscope",
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ferscope {__version__}")
        raise typer.Exit


app.command("app")(open_site)
for command in (
    predict,
    explain,
    train,
    teach,
    evaluate,
    averages,
    surgery,
    regions,
    faithfulness,
    reproduce,
    export,
    networks,
    checkpoints,
    worker,
):
    app.command()(command)
app.add_typer(jobs, name="jobs")
app.add_typer(space, name="space")


@app.callback()
def ferscope(
    version: Annotated[bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Say it.")] = False,
) -> None:
    """See what a facial-expression network looks at. Every command has its own --help."""
    warnings.showwarning = lambda message, *_: warn(message)  # one line, as an error is
