"""`ferscope reproduce`: the papers' tables, their numbers beside ours."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fer_models.cli.common import CompileOption, DeviceOption, SkipBadOption, plain_errors, resumable, warn

if TYPE_CHECKING:
    from fer_models.reproduction.engine import Settings
    from fer_models.training.machine import Machine


def reproduce(
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="[TABLE]...", help="Ids such as 002-T5 (--list shows them).")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List every table with its state, one a line.")] = False,
    every: Annotated[bool, typer.Option("--all", help="All tables.")] = False,
    key: Annotated[str | None, typer.Option("--run", metavar="KEY", help="Do one run and print no table.")] = None,
    form: Annotated[
        str, typer.Option(help="short (64 px, 8 epochs, one seed) or full (the paper's recipe, three seeds).")
    ] = "short",
    split: Annotated[str, typer.Option(help="PublicTest or PrivateTest: what FER2013 is scored on.")] = "PublicTest",
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="DIR", help="Folder of a data set; may be repeated [FERSCOPE_DATA]."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the runs.")] = Path("runs/reproduce"),
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time, each in a process of its own.")] = 1,
    show: Annotated[bool, typer.Option("--show", help="Train nothing: print what there is.")] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="Train also what comes with FERScope as a result; finished runs in --out stay."),
    ] = False,
    store: Annotated[
        bool, typer.Option("--store", help="Put results among those that come with FERScope (in a source tree).")
    ] = False,
    skip_bad: SkipBadOption = False,
    device: DeviceOption = None,
    compiled: CompileOption = False,
    start_weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A copy of the ImageNet weights that runs of the full form start from. Only where all start from the "
            "same; without it each network's come from the Hub or, with HF_HUB_OFFLINE=1, from its cache.",
        ),
    ] = None,
) -> None:
    """Repeat a table of the four papers: train what is missing, then print the paper's numbers beside ours.

    A finished run is never repeated, an interrupted one goes on from its last save, and a run that several tables need
    is made once. Tables whose data sets need an agreement run when the files are there, and say what to get when not.
    """
    from fer_models.training.machine import Machine

    if sum((listed, every, key is not None, bool(tables))) != 1:
        raise typer.BadParameter("give TABLE..., --all, --list or --run KEY.", param_hint="[TABLE]...")
    if key is not None and (show or store):
        raise typer.BadParameter("--show and --store are for tables.", param_hint="--run")
    complete = True
    with plain_errors(), resumable():
        machine = Machine(device=device, compiled=compiled, skip_bad=skip_bad, start_weights=start_weights)
        settings = _settings(form, split, data, out=out, jobs=jobs, again=again, machine=machine)
        if listed:
            _print_list(settings)
        elif key is not None:
            _do_run(key, settings)
        else:
            complete = _do_tables(None if every else tables, settings, train=not show, store=store)
    if not complete:
        raise typer.Exit(1)


def _settings(form: str, split: str, data: Sequence[str] | None, *, machine: "Machine", **others: Any) -> "Settings":
    """Settings as given, checked; without ``data`` FERSCOPE_DATA is looked in, where it is set.

    Raises ValueError: no such form, split, folder, device or file of ImageNet weights.
    """
    from fer_models.data import data_folder
    from fer_models.reproduction.engine import Settings
    from fer_models.reproduction.result import OFFICIAL_SPLITS
    from fer_models.reproduction.runs import FORMS
    from fer_models.training.machine import check_device
    from fer_models.training.start.published import check_start_file

    if form not in FORMS:
        raise ValueError(f"A form is one of {', '.join(FORMS)}, not '{form}'.")
    if split not in OFFICIAL_SPLITS:
        raise ValueError(f"A split to score on is one of {', '.join(OFFICIAL_SPLITS)}, not '{split}'.")
    if machine.device is not None:
        check_device(machine.device)
    if machine.start_weights is not None:
        check_start_file(machine.start_weights)
    given = data or ([folder] if (folder := os.environ.get("FERSCOPE_DATA")) else [])
    return Settings(form=form, split=split, data=tuple(map(data_folder, given)), machine=machine, **others)


def _print_list(settings: "Settings") -> None:
    """One line a table: its id, which is also the argument, its title and its state."""
    from fer_models.reproduction import list_tables, table_state

    for table in list_tables():
        typer.echo(f"{table.id}  {table.title}  [{table_state(table, settings.found)}]")


def _do_run(key: str, settings: "Settings") -> None:
    from fer_models.reproduction.engine import reproduce_run
    from fer_models.training.events import Event, event_text, passes

    def show(event: Event) -> None:
        if not passes(event):
            typer.echo(f"{key}: {event_text(event)}")

    result = reproduce_run(key, settings, show)
    score = result.on(settings.split)
    if score is not None:
        scored = f"{score.count:,} faces of {result.split_name(settings.split)}"
        typer.echo(f"{key}: {scored}: accuracy {score.accuracy:.4f}, macro-F1 {score.macro_f1:.4f}")


def _do_tables(ids: Sequence[str] | None, settings: "Settings", *, train: bool, store: bool) -> bool:
    """Train what is missing, print the tables, and say what could not be done; ``ids`` None stands for all tables.

    Returns whether every table has something of ours in it and every run that was begun succeeded.
    """
    from fer_models.cli.paper_tables import table_text
    from fer_models.cli.progress import ProgressLine
    from fer_models.reproduction import fill, find_table, list_tables
    from fer_models.reproduction.engine import reproduce_tables, store_results

    show = ProgressLine()
    tables = list_tables() if ids is None else [find_table(table) for table in ids]
    failed, missing = reproduce_tables(tables, settings, show) if train else ({}, {})
    if store:
        store_results(tables, settings, show)
    complete = not failed
    for table in tables:
        filled = fill(table, settings.form, settings.split, settings.found)
        typer.echo(f"\n{table_text(filled)}")
        complete = complete and filled.has_ours
    for reason in missing.values():
        warn(reason)
    for run, message in failed.items():
        warn(f"{run} failed: {message}")
    return complete
