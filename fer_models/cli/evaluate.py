"""`ferscope evaluate`: how good checkpoints are on a split."""

from pathlib import Path
from typing import Annotated

import typer

from fer_models.cli.common import AnyCountOption, LabelsOption, SkipBadOption, named_or_all, plain_errors

DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="Folder of the data set in its own layout, or pictures of your own: a folder or zip with a folder for "
        "each expression, or a CSV file with emotion and pixels [FERSCOPE_DATA].",
    ),
]


def evaluate(
    checkpoints: Annotated[list[str] | None, typer.Argument(help="Names or paths [all that are found].")] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="PublicTest, PrivateTest or Training; where pictures are files test, val, train, or all if they are "
            "not divided; tenth: the training rows held out to choose the epoch on; of another data set also all, or "
            "what its Usage says [PublicTest, test or all]."
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
        bool,
        typer.Option(
            "--store",
            help="Store the answers for the page Evaluation: beside the weights as NAME.SPLIT.npz, those to another "
            "data set in FERSCOPE_EVALUATIONS.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a checkpoint.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all figures to a JSON file.")] = None,
    align: Annotated[
        bool | None,
        typer.Option(
            "--align/--whole",
            help="Of another data set: find the face in each picture and take its crop, or take pictures whole "
            "[as the checkpoint was trained, else whole].",
        ),
    ] = None,
    called: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Of another data set: what it is called where its answers are stored [its folder]."
        ),
    ] = "",
    labels: LabelsOption = "",
    skip_bad: SkipBadOption = False,
    any_count: AnyCountOption = False,
) -> None:
    """Score checkpoints on a split: accuracy, macro-F1, calibration, precision, recall and F1 of every expression.

    Where --data is another data set than a checkpoint's own, such as pictures of yours, labels go by their names, and
    those that both have are compared: the network answers with these only, pictures of others are left out, and all of
    it is said. Such a score does not compare with those on cards.

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
        align=align,
        labels=labels,
        called=called,
    )
    with plain_errors():
        complete = run_evaluation(names, split, data, options)
    if not complete:
        raise typer.Exit(1)
