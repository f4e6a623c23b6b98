"""Where the data sets of the papers' tables are."""

from collections.abc import Sequence
from pathlib import Path

from fer_models.data import DataError, data_set_of


def find_data(label_rule: str, folders: Sequence[Path]) -> Path:
    """The first of ``folders`` that holds the data set which ``label_rule`` labels.

    Raises DataError: none does; the message says why the first does not, and where to get the data set.
    """
    data_set, reason = data_set_of(label_rule), ""
    for folder in folders:
        try:
            data_set.check(folder)
            return folder
        except DataError as error:
            reason = reason or f" ({str(error).rstrip('.')})"
    raise DataError(f"{data_set.title} is not at hand{reason}: {data_set.how_to_get} Name the folder by `data`.")


def has_data(label_rule: str, folders: Sequence[Path]) -> bool:
    try:
        find_data(label_rule, folders)
    except DataError:
        return False
    return True
