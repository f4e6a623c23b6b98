"""Networks that a visitor's own jobs ended with: they stand in every picker, for their owner alone."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from fer_models import checkpoints, jobs
from fer_models.jobs.job import RUN, jobs_folder
from webapp.visitor import visitor

_FOLDERS = "folders_of_own_networks"  # in the session


def look_for_own_networks() -> None:
    """Find the visitor's, for all that this run of the page does."""
    folder = jobs_folder()
    done = [job for job in jobs.list_jobs(visitor().owner) if job.state == "done"] if folder.is_dir() else []
    st.session_state[_FOLDERS] = tuple(folder / job.id / RUN for job in done)
    checkpoints.more_folders = _of_this_visitor


def address_of(checkpoint: str) -> str:
    """By what a job finds a checkpoint, whose process knows no visitor: its name, or the path of an own one."""
    weights = checkpoints.find_checkpoint(checkpoint)
    return str(weights) if weights.parent in _of_this_visitor() else checkpoint


def _of_this_visitor() -> Sequence[Path]:
    """Nothing outside of a visitor's run."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ()
    return st.session_state.get(_FOLDERS, ())
