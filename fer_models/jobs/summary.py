"""How the queue is, in numbers: what a site says of itself to those who look after it."""

from dataclasses import dataclass
from typing import get_args

from fer_models.jobs import supervisor
from fer_models.jobs.job import State, jobs_folder
from fer_models.jobs.store import Store


@dataclass(frozen=True)
class Summary:
    """``states``: how many jobs are in each. ``seconds`` and ``ended``: of those that are over, from start to end."""

    worker: bool
    states: dict[str, int]
    seconds: float
    ended: int


def summary() -> Summary:
    """As it is now; a folder of jobs that is not there yet is not made."""
    states = dict.fromkeys(get_args(State), 0)
    folder = jobs_folder()
    if not folder.exists():
        return Summary(False, states, 0.0, 0)
    store = Store(folder)
    seconds, ended = store.durations()
    return Summary(supervisor.works(folder), states | store.numbers(), seconds, ended)
