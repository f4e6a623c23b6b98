"""The page "Fine-tune": teach a network your pictures."""

from __future__ import annotations

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from fer_models import jobs
from fer_models.checkpoints import CheckpointError
from fer_models.jobs.job import jobs_folder
from webapp import keys, state, wording
from webapp.components.page_parts import announce, page_heading
from webapp.components.words import told
from webapp.figures import answer, compare, fine_tune, scores, strips
from webapp.views.fine_tune.form import show_form
from webapp.views.fine_tune.progress import job_name, offer_undo, show_actions, show_progress
from webapp.views.fine_tune.recipe import TRAINED, name_of
from webapp.views.fine_tune.result import show_files, show_result
from webapp.visitor import Visitor, remember_visitor, visitor
from webapp.wording import plain

QUESTION = "Teach a network your pictures"
STATES = {
    "queued": "waits",
    "running": "learns",
    "unreachable": "out of reach",
    "done": "done",
    "failed": "failed",
    "cancelled": "cancelled",
}
MOST_LISTED = 8


def page(recognise: StreamlitPage | None = None) -> None:
    """Draw the page: the job in the address, or a new one; below it all of the visitor's jobs.

    ``recognise``: the page on which a new network is looked at.
    """
    st.html(strips.stylesheet() + scores.stylesheet() + compare.stylesheet() + fine_tune.stylesheet())
    page_heading(QUESTION)
    who = visitor()
    networks, headline = st.container(key="networks", gap="small"), st.container(key="answer")
    offer_undo(who)
    try:
        job = _job_of_the_address(who)
        if job is None:
            show_form(who, networks, headline)
        else:
            _show_job(job, who, headline, recognise)
    except (jobs.JobError, CheckpointError) as error:
        _say(headline, "This cannot be shown", told(error))
    _list_jobs(who, job=state.chosen_text(keys.JOB, JOB_FORM))
    remember_visitor()


JOB_FORM = "[0-9a-f]{32}"


def _job_of_the_address(who: Visitor) -> jobs.Job | None:
    id = state.chosen_text(keys.JOB, JOB_FORM)
    if not id:
        return None
    if not jobs_folder().is_dir():
        raise jobs.JobError("There is no such job here, or it is not yours.")
    try:
        return jobs.status(id, who.owner)
    except jobs.JobError as error:
        raise jobs.JobError("There is no such job here, or it is not yours.") from error


def _say(headline: DeltaGenerator, title: str, text: str) -> None:
    headline.html(answer.message(title, text))
    with headline:
        st.button("Start a new one", on_click=state.take, args=(keys.JOB, ""))
    announce(f"{title}. {text}")


def _show_job(job: jobs.Job, who: Visitor, headline: DeltaGenerator, recognise: StreamlitPage | None) -> None:
    done = job.state == "done"
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        if done:
            show_files(job, who, recognise)
        show_actions(job, who)
    spec = job.spec
    learns = TRAINED[spec["train"]].partition(":")[0].lower()
    start = wording.network_name(name_of(spec["checkpoint"]))
    st.caption(plain(f"From {start}; what learns: {learns}; {spec['epochs']} epochs, seed {spec['seed']}."))
    if done:
        show_result(job, who, headline)
    else:
        show_progress(job, who, headline, st.container())


def _list_jobs(who: Visitor, job: str) -> None:
    """The visitor's jobs, the newest first, each a button that opens it."""
    found = jobs.list_jobs(who.owner)[::-1] if jobs_folder().is_dir() else []
    if not found:
        return
    with st.container(key="jobs"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader("Your jobs", anchor=False, width="content")
            if job:
                st.button("New job", on_click=state.take, args=(keys.JOB, ""))
        _job_buttons(found[:MOST_LISTED], job)
        if found[MOST_LISTED:]:
            with st.expander(f"{len(found) - MOST_LISTED:,} older ones"):
                _job_buttons(found[MOST_LISTED:][:100], job)


def _job_buttons(found: list[jobs.Job], chosen: str) -> None:
    for job in found:
        with st.container(horizontal=True, vertical_alignment="center", key=f"job_{job.id}"):
            name = plain(job_name(job))
            if job.id == chosen:
                st.markdown(f"**{name}**", width="content")
            else:
                st.button(name, key=f"open_{job.id}", on_click=state.take, args=(keys.JOB, job.id), type="tertiary")
            st.caption(plain(f"{STATES[job.state]} · {_ago(job.created)}"), width="content")


def _ago(moment: float) -> str:
    minutes = max(time.time() - moment, 0) / 60
    for most, size, unit in ((1, 1, ""), (60, 1, "min"), (48 * 60, 60, "h")):
        if minutes < most:
            return f"{minutes / size:.0f} {unit} ago" if unit else "just now"
    return f"{minutes / 1440:.0f} days ago"
