"""The tables of the four papers beside our own: what they print, the runs that repeat them, and the comparison.

For a page: ``list_tables()``, ``table_state(table)`` and ``filled_table(id)``, none of which trains or prints.
"""

from fer_models.reproduction.catalogue import find_table, list_tables
from fer_models.reproduction.filled import (
    SHIPPED,
    FilledConfusion,
    FilledRow,
    FilledTable,
    Found,
    fill,
    table_state,
)
from fer_models.reproduction.result import Result
from fer_models.reproduction.runs import Form
from fer_models.reproduction.table import Cell, Table


def filled_table(table: str, form: Form = "short", split: str = "PublicTest", found: Found = SHIPPED) -> FilledTable:
    """The table with the id ``table``, filled with the results that are there (see ``fill``).

    Raises ValueError: no such table; a stored result is damaged.
    """
    return fill(find_table(table), form, split, found)


__all__ = [
    "SHIPPED",
    "Cell",
    "FilledConfusion",
    "FilledRow",
    "FilledTable",
    "Form",
    "Found",
    "Result",
    "Table",
    "filled_table",
    "find_table",
    "list_tables",
    "table_state",
]
