"""Every table of the four papers that can be repeated, by id."""

from fer_models.reproduction.papers import paper_001, paper_002, paper_003, paper_004
from fer_models.reproduction.runs import FORMS, Run, runs
from fer_models.reproduction.table import Table
from fer_models.text import nearest

_TABLES = {table.id: table for paper in (paper_001, paper_002, paper_003, paper_004) for table in paper.TABLES}


def list_tables() -> list[Table]:
    """All tables, in the order of the papers."""
    return list(_TABLES.values())


def find_table(table: str) -> Table:
    """A table by its id, in any case; ValueError, suggesting the nearest, when there is none such."""
    if (known := _TABLES.get(table.upper())) is not None:
        return known
    hint = nearest(table.upper(), _TABLES)
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
    raise ValueError(f"There is no run '{key}'.{nearest(key, known)}")
