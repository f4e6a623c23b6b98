"""Every table of the four papers that can be repeated, by id."""

import difflib

from fer_models.reproduction import paper_001, paper_002, paper_003, paper_004
from fer_models.reproduction.runs import FORMS, Run, runs
from fer_models.reproduction.table import Table

_TABLES = {table.id: table for paper in (paper_001, paper_002, paper_003, paper_004) for table in paper.TABLES}


def list_tables() -> list[Table]:
    """All tables, in the order of the papers."""
    return list(_TABLES.values())


def find_table(table: str) -> Table:
    """A table by its id, in any case; ValueError, suggesting the nearest, when there is none such."""
    if (known := _TABLES.get(table.upper())) is not None:
        return known
    near = difflib.get_close_matches(table.upper(), _TABLES, n=1, cutoff=0.4)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise ValueError(f"There is no table '{table}'.{hint} 'ferscope reproduce --list' lists them.")


def find_run(key: str) -> Run:
    """A run of any table and form by its key; ValueError, suggesting the nearest, when there is none such."""
    known = {
        run.key: run
        for table in list_tables()
        for study in table.studies
        for form in FORMS
        for run in runs(study, form)
    }
    if key in known:
        return known[key]
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise ValueError(f"There is no run '{key}'.{hint}")
