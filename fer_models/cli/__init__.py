"""The command line: `ferscope app | predict | train | teach | evaluate | ...`, see `ferscope --help` for all.

One file a command. They import the library when they are called: `ferscope --help` loads no PyTorch.

Exit codes: 0 done; 1 an input could not be used (the message says which and why); 2 wrong usage; 130 interrupted.
"""

import typer

from fer_models.cli.averages import averages
from fer_models.cli.checkpoints import checkpoints
from fer_models.cli.evaluate import evaluate
from fer_models.cli.explain import explain
from fer_models.cli.export import export
from fer_models.cli.faithfulness import faithfulness
from fer_models.cli.networks import networks
from fer_models.cli.predict import predict
from fer_models.cli.regions import regions
from fer_models.cli.reproduce import reproduce
from fer_models.cli.site import open_site
from fer_models.cli.surgery import surgery
from fer_models.cli.teach import teach
from fer_models.cli.train import train

app = typer.Typer(
    name="ferscope",
    help="See what a facial-expression network looks at. Every command has its own --help.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
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
):
    app.command()(command)


def main() -> None:
    """Entry point of the console script."""
    app()
