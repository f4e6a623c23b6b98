"""`ferscope evaluate`: how good checkpoints are on a split."""

from pathlib import Path
from typing import Annotated

import typer

from fer_models.cli.common import AnyCountOption, DataOption, SkipBadOption, named_or_all, plain_errors


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
    any_count: AnyCountOption = False,
) -> None:
    """Score checkpoints on a split: accuracy, macro-F1, calibration, precision, recall and F1 of every expression.

    Accuracy, macro-F1 and recall come with 95 % bootstrap intervals; --robustness and, in JSON, 'interval' have
    Wilson's, as cards do. One view a picture, no test-time augmentation.
    """
    from fer_models.cli.evaluation_run import Options, run_evaluation

    if compare and len(checkpoints or []) != 2:
        raise typer.BadParameter("give exactly two checkpoints.", param_hint="--compare")
    names = named_or_all(checkpoints)
    options = Options(
        as_json=as_json,
        out=out,
        confusion=confusion,
        store=store,
        compare=compare,
        robustness=robustness,
        skip_bad=skip_bad,
        any_count=any_count,
    )
    with plain_errors():
        complete = run_evaluation(names, split, data, options)
    if not complete:
        raise typer.Exit(1)
