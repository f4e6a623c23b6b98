"""`ferscope networks`: what can be trained, and what it costs."""

import json
from typing import Annotated

import typer


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
