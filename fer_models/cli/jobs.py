"""`ferscope jobs` and `ferscope worker`: fine-tuning in the background."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from fer_models.cli.common import LabelsOption, plain_errors, warn

jobs = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Fine-tune checkpoints in the background.")

JobArgument = Annotated[str, typer.Argument(help="A job's id, as submit printed it.")]


@jobs.command()
def submit(
    checkpoint: Annotated[str, typer.Argument(help="The checkpoint to start from ('ferscope checkpoints').")] = "",
    data: Annotated[
        Path | None,
        typer.Option(help="Folder or zip with one folder of pictures for each expression."),
    ] = None,
    label_rule: Annotated[
        str, typer.Option(metavar="RULE", help="For a data set in its own layout, as in 'train' [folder].")
    ] = "",
    preset: Annotated[
        str, typer.Option(metavar="quick|thorough", help="The head alone in seconds, or everything with early stop.")
    ] = "",
    train: Annotated[str | None, typer.Option(metavar="head|last|all", help="What learns [head].")] = None,
    epochs: Annotated[int | None, typer.Option(help="How often each picture is learnt from [20].")] = None,
    early_stop: Annotated[int | None, typer.Option(help="Epochs without a better one that end it [none].")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of AdamW [by what is trained].")] = None,
    keep_labels: Annotated[
        bool | None, typer.Option("--keep-labels", help="The labels stay the checkpoint's; folders are among them.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the new checkpoint [NETWORK.own].")] = None,
    seed: Annotated[int | None, typer.Option(help="Of order, augmentation and dropout [0].")] = None,
    minutes: Annotated[float | None, typer.Option(help="After which the job is stopped [the limit].")] = None,
    labels: LabelsOption = "",
    backend: Annotated[
        str, typer.Option(metavar="local|ray|hf", help="Where it is done [ray where FERSCOPE_RAY_ADDRESS is set].")
    ] = "",
    gpus: Annotated[int | None, typer.Option(help="That a cluster gives each worker [0].")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes on a Ray cluster that train together [1].")] = None,
    spec: Annotated[
        Path | None, typer.Option(help="JSON as 'show --spec' prints it; other options go before it.")
    ] = None,
) -> None:
    """Put a job into the queue and print its id. A worker is started where none runs."""
    with plain_errors():
        from fer_models.data import read_labels
        from fer_models.jobs import PRESETS, read_spec
        from fer_models.jobs import submit as submit_job
        from fer_models.jobs.job import Backend
        from fer_models.jobs.spec import read_spec_file

        if backend and backend not in get_args(Backend):
            raise ValueError(f"A backend is {' or '.join(get_args(Backend))}, not '{backend}'.")
        if preset and preset not in PRESETS:
            raise ValueError(f"A preset is {' or '.join(PRESETS)}, not '{preset}'.")
        values = (read_spec_file(spec) if spec else {}) | PRESETS.get(preset, {})
        told = {
            "checkpoint": checkpoint or None,
            "data": data,
            "label_rule": label_rule or None,
            "train": train,
            "epochs": epochs,
            "early_stop": early_stop,
            "learning_rate": learning_rate,
            "keep_labels": keep_labels,
            "name": name,
            "seed": seed,
            "minutes": minutes,
            "gpus": gpus,
            "workers": workers,
            "labels": read_labels(labels) if labels else None,
        }
        values |= {key: value for key, value in told.items() if value is not None}
        typer.echo(submit_job(read_spec(values), backend=cast(Backend, backend) or None))


@jobs.command("list")
def list_all() -> None:
    """Every job with its state, in the order in which they came."""
    with plain_errors():
        from fer_models.jobs import list_jobs

        for job in list_jobs():
            typer.echo(f"{job.id}  {job.state:11}  {job.spec['checkpoint']}  {job.reason}".rstrip())


@jobs.command()
def show(
    job: JobArgument,
    as_json: Annotated[bool, typer.Option("--json", help="All that is known.")] = False,
    as_spec: Annotated[bool, typer.Option("--spec", help="What was asked for, as submit --spec takes it.")] = False,
) -> None:
    """One job: its state, and its epochs so far."""
    with plain_errors():
        from fer_models.jobs import metrics, result, status

        found, records = status(job), metrics(job)
        if as_spec:
            typer.echo(json.dumps(found.spec, indent=1))
            return
        weights = str(result(job)) if found.state == "done" else None
        if as_json:
            typer.echo(json.dumps({**asdict(found), "metrics": records, "result": weights}, indent=1))
            return
        typer.echo(f"{found.state}  {found.reason}".rstrip())
        for record in records:
            typer.echo(f"epoch {record['epoch']}  loss {record['loss']:.3f}  accuracy {record['accuracy']:.4f}")
        if weights:
            typer.echo(f"Checkpoint: {weights}")


@jobs.command()
def logs(job: JobArgument) -> None:
    """What a job has written."""
    with plain_errors():
        from fer_models.jobs import logs as logs_of

        typer.echo(logs_of(job), nl=False)


@jobs.command()
def cancel(job: JobArgument) -> None:
    """End a job; its last save stays."""
    with plain_errors():
        from fer_models.jobs import cancel as cancel_job

        cancel_job(job)


@jobs.command()
def resume(job: JobArgument) -> None:
    """Let a cancelled or failed job go on from its last save."""
    with plain_errors():
        from fer_models.jobs import resume as resume_job

        resume_job(job)


@jobs.command()
def delete(job: JobArgument) -> None:
    """Remove a job that is over, and its checkpoint; for a minute 'restore' has it back."""
    with plain_errors():
        from fer_models.jobs import delete as delete_job

        delete_job(job)


@jobs.command()
def restore(job: JobArgument) -> None:
    """Have a job back that was deleted less than a minute ago."""
    with plain_errors():
        from fer_models.jobs import restore as restore_job

        restore_job(job)


@jobs.command()
def push(
    job: JobArgument,
    repository: Annotated[str, typer.Argument(metavar="USER/NAME", help="A model; made where it is not there yet.")],
) -> None:
    """Upload a finished job's checkpoint to the Hub with a model card, with your own token ('hf auth login')."""
    with plain_errors():
        from fer_models.hub import push_checkpoint
        from fer_models.jobs import result

        typer.echo(push_checkpoint(result(job), repository))


def worker() -> None:
    """Do queued jobs, one at a time or one a GPU, until interrupted. Jobs that run go on when it ends."""
    with plain_errors():
        from fer_models.jobs.job import jobs_folder
        from fer_models.jobs.supervisor import supervise

        if not supervise(jobs_folder()):
            warn("a worker runs already.")
            raise typer.Exit(1)
