"""A job while it waits, runs or rests: its state, curves, log, and what can be done with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fer_models import jobs
from fer_models.jobs.job import ACTIVE
from fer_models.text import share_text
from webapp import keys, state
from webapp.components.page_parts import announce
from webapp.components.words import folded_numbers, told
from webapp.figures import fine_tune
from webapp.views.fine_tune.gathering import take_kept_pictures
from webapp.views.fine_tune.recipe import name_of, take_values
from webapp.visitor import Visitor
from webapp.wording import plain

EVERY_S = 1
LOG_LINES = 30
EPOCH_HEADS = ["epoch", "loss, training", "loss, validation", "accuracy, training", "accuracy, validation"]
#: In the session: the job deleted last, its name, and when; what went wrong with a job.
_DELETED, _TROUBLE = "deleted_job", "trouble_with_job"


def show_progress(job: jobs.Job, visitor: Visitor, headline: DeltaGenerator, left: DeltaGenerator) -> None:
    """Draw it; while it is not over, anew every second by itself, in this and every other window that shows it."""
    if (trouble := st.session_state.pop(_TROUBLE, None)) is not None:
        left.error(plain(trouble))
    if job.state not in ACTIVE:
        with headline:
            _draw_headline(job)
        with left:
            show_course(job, visitor)
        return
    with headline:
        _live(job, visitor.owner, _draw_headline)
    with left:
        others = _choose_others(job, visitor)
        _live(job, visitor.owner, lambda found: _draw_course(found, others))


def show_course(job: jobs.Job, visitor: Visitor) -> None:
    """How a job that is over went: its curves beside those of others, and its log."""
    _draw_course(job, _choose_others(job, visitor))


def _live(job: jobs.Job, owner: str, draw: Callable[[jobs.Job], None]) -> None:
    """Draw again and again what a job is at; once its state is another one, the whole page."""

    @st.fragment(run_every=EVERY_S)
    def look() -> None:
        try:
            found = jobs.status(job.id, owner)
        except jobs.JobError:  # deleted in another window
            st.rerun()
        if found.state != job.state:
            st.rerun()
        draw(found)

    look()


def _draw_headline(job: jobs.Job) -> None:
    words, number = state_words(job, jobs.metrics(job.id))
    st.html(fine_tune.headline(job_name(job), words, number))
    announce(f"{job_name(job)}: {words}", "job")


def _draw_course(job: jobs.Job, others: list[jobs.Job]) -> None:
    """Curves, numbers, log."""
    records = jobs.metrics(job.id)
    if job.state in ACTIVE:
        st.progress(min(len(records) / max(job.spec["epochs"], 1), 1.0), _left_words(job, records))
    if job.reason:
        st.error(plain(job.reason))
    runs = [(job_name(job), records), *((job_name(each), jobs.metrics(each.id)) for each in others)]
    if any(records for _, records in runs):
        _show_curves(runs)
    else:
        st.caption("Curves begin with the first epoch.")
    with st.expander("The log", expanded=job.state == "failed"):
        lines = jobs.logs(job.id).splitlines()[-LOG_LINES:]
        st.code("\n".join(lines) or "Nothing yet.", language=None, wrap_lines=True)


def _show_curves(runs: list[tuple[str, list[dict[str, Any]]]]) -> None:
    from webapp.figures.charts import CONFIG
    from webapp.figures.learning import Run, accuracy_figure, loss_figure

    drawn = [Run(name, records) for name, records in runs]
    accuracy, loss = st.columns(2)
    accuracy.plotly_chart(accuracy_figure(drawn), key="accuracy_of_job", config=CONFIG)
    loss.plotly_chart(loss_figure(drawn), key="loss_of_job", config=CONFIG)
    _, records = runs[0]
    lines = [
        [
            str(record["epoch"]),
            f"{record['loss']:.3f}",
            "" if record.get("validation_loss") is None else f"{record['validation_loss']:.3f}",
            "" if record.get("training_accuracy") is None else share_text(record["training_accuracy"]),
            share_text(record["accuracy"]),
        ]
        for record in records
    ]
    folded_numbers(EPOCH_HEADS, lines, title="Every epoch")
    st.caption(
        "Training is counted as it goes, while the network changes, and unless the head alone learns on pictures that "
        "are moved and lit anew: it may lie below validation."
    )


def state_words(job: jobs.Job, records: list[dict[str, Any]]) -> tuple[str, str]:
    """What a job is at, and its number: 'Learning', '91.0 % after epoch 3 of 20'."""
    title = {
        "queued": "Waiting",
        "running": "Learning",
        "unreachable": "Out of reach",
        "done": "Done",
        "failed": "Failed",
        "cancelled": "Cancelled",
    }
    if job.state == "queued":
        before = jobs.waiting_before(job.id)
        return title[job.state], f"{before} before it" if before else "next in the queue"
    if not records:
        return title[job.state], "" if job.state != "running" else "begins"
    accuracy, epochs = share_text(records[-1]["accuracy"]), job.spec["epochs"]
    return title[job.state], f"{accuracy} after epoch {len(records)} of {epochs}"


def _left_words(job: jobs.Job, records: list[dict[str, Any]]) -> str:
    if job.state == "queued":
        return "It begins when the jobs before it are done."
    if job.state == "unreachable":
        return "What it is at is seen as soon as the other machine answers."
    if not records:
        return "The network and the pictures are read."
    left = records[-1]["seconds"] / len(records) * (job.spec["epochs"] - len(records))
    return f"{duration(left)} left".capitalize()


def duration(seconds: float) -> str:
    """'about 12 s', 'about 7 min'."""
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"


def job_name(job: jobs.Job) -> str:
    """What the network is called that a job makes."""
    return str(job.spec.get("name") or job.spec["checkpoint"])


def _choose_others(job: jobs.Job, visitor: Visitor) -> list[jobs.Job]:
    """The visitor's jobs whose curves are drawn beside this one's."""
    others = {each.id: each for each in jobs.list_jobs(visitor.owner) if each.id != job.id}
    if not others:
        return []
    options = {id: job_name(each) for id, each in reversed(others.items())}
    chosen = state.choose_several(keys.BESIDE, st.multiselect, "Curves of other jobs beside it", options, [])
    return [others[id] for id in chosen]


# -------------------------------------------------------------------------------------------------- what can be done


def show_actions(job: jobs.Job, visitor: Visitor) -> None:
    """Cancel, continue, change and launch again, delete: what its state allows."""
    if job.state in ACTIVE:
        st.button("Cancel", on_click=_do, args=(job, visitor.owner, ACTIVE, jobs.cancel))
    if job.state in ("cancelled", "failed") and visitor.may_launch:
        until = jobs.pictures_until(job)
        kept = f" Its crops are kept until {_clock(until)}." if until is not None else ""
        told_more = f"It goes on from its last save.{kept}"
        st.button(
            "Continue",
            on_click=_do,
            args=(job, visitor.owner, ("cancelled", "failed"), jobs.resume),
            type="primary",
            help=told_more,
        )
    st.button("Launch another with changes", on_click=_copy, args=(job,))
    if job.state not in ACTIVE:
        st.button("Delete", on_click=_delete, args=(job, visitor.owner))


def _do(job: jobs.Job, owner: str, states: tuple[str, ...], what: Callable[[str, str | None], None]) -> None:
    """Do it, unless it is done: Streamlit calls again where a page that refreshes itself came between."""
    try:
        if jobs.status(job.id, owner).state in states:
            what(job.id, owner)
    except ValueError as error:
        st.session_state[_TROUBLE] = told(error)


def _copy(job: jobs.Job) -> None:
    """The form, filled in as it was for this job, with its crops where they are kept."""
    state.take(keys.JOB, "")
    state.take(keys.NETWORK, name_of(job.spec["checkpoint"]))
    take_values(job.spec)
    take_kept_pictures(job)


def _delete(job: jobs.Job, owner: str) -> None:
    try:
        jobs.delete(job.id, owner)
    except ValueError as error:
        st.session_state[_TROUBLE] = told(error)
        return
    st.session_state[_DELETED] = (job.id, job_name(job), time.monotonic())
    state.take(keys.JOB, "")


def offer_undo(visitor: Visitor) -> None:
    """Have back what was deleted within the last minute."""
    id, name, since = st.session_state.get(_DELETED, ("", "", 0.0))
    if not id or time.monotonic() - since > jobs.UNDO_S:
        return

    def restore() -> None:
        with suppress(jobs.JobError):  # the minute is over
            jobs.restore(id, visitor.owner)
            state.take(keys.JOB, id)
        st.session_state.pop(_DELETED, None)

    with st.container(horizontal=True, vertical_alignment="center", key="undo"):
        st.markdown(plain(f"{name} is deleted."), width="content")
        st.button("Undo", on_click=restore)
        st.caption("For a minute it can be had back.", width="content")


def _clock(moment: float | None) -> str:
    return time.strftime("%d %B, %H:%M", time.localtime(moment))
