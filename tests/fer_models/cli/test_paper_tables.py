"""The papers' tables as they are printed."""

import math
import re

import pytest

from fer_models.cli.paper_tables import table_text
from fer_models.reproduction import Found, fill, filled_table, list_tables
from fer_models.reproduction.runs import runs
from tests.support.reproduction_results import made_up, store, study_of


def test_a_table_s_numbers_and_conditions_are_printed(tmp_path):
    (run,) = runs(study_of("002-T5", "mobilenetv3_ca"), "short")
    result, labels, answers = made_up(run)
    store(result, tmp_path)
    table = filled_table("002-T5", found=Found(stored=tmp_path))
    right, row = int((labels == answers).sum()), next(row for row in table.rows if row.label == "CA")
    text = table_text(table)
    low, high = (math.floor(1000 * end) / 10 for end in row.ours[0].interval)
    assert f"{right / len(labels):.1%}".replace("%", " %") in text and f"({low} to {high})" in text
    for said in ("1 seed", "22,000 training rows", "614 that repeat", "PublicTest, 400 faces", "ferplus-majority"):
        assert said in " ".join(text.split())
    for said in ("1 of 4 runs are there", "Short form", "64 px", "(2,000 faces)", "[4] The released code's"):
        assert said in " ".join(text.split())


def test_our_matrix_is_printed_where_there_is_one(tmp_path):
    (run,) = runs(study_of("001-T7", "mobilenetv3_simam"), "short")
    found = Found(stored=tmp_path)
    assert "Ours: not run." in table_text(filled_table("001-T7", found=found))
    store(made_up(run)[0], tmp_path)
    table = filled_table("001-T7", found=found)
    counts = table.confusions[0].ours[table.confusions[0].labels.index("anger")]
    printed = re.search(r"^ *anger (.*)$", table_text(table).split("Ours:\n")[1], re.MULTILINE)[1].split()
    assert printed == [f"{100 * count / counts.sum():.0f}" if count else "." for count in counts]


@pytest.mark.parametrize("table", list_tables(), ids=lambda table: table.id)
def test_every_table_prints_empty(table, tmp_path):
    empty = fill(table, found=Found(stored=tmp_path))
    text = table_text(empty)
    assert text.startswith(f"{table.id}  {table.title}") and f"[{len(table.footnotes)}] " in text
    assert all(len(line) <= 140 for line in text.splitlines())
    assert empty.has_ours == table.computed
