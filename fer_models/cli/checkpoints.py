"""`ferscope checkpoints`: what can be asked, and how good it is."""

from typing import Annotated

import typer

from fer_models.cli.common import NO_CHECKPOINT, warn


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
            warn(error)
            failed = True
            continue
        if as_json:
            typer.echo(card.model_dump_json())
            continue
        typer.echo(f"{name}: {card.network}, {card.preprocessing.input_side} px, {len(card.labels)} expressions")
        typer.echo("  " + (" ".join(found.sentence() for found in card.scores) or "Not scored."))
    if failed:
        raise typer.Exit(1)
