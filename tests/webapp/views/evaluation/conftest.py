"""Made-up checkpoints with known answers for the page "Evaluation"."""

from pathlib import Path

import pytest

from fer_models.reproduction import Found
from tests.support.evaluation_files import (
    A_MOBILENET,
    CPSCA,
    FIRST_TEST_ROWS,
    NOTE,
    SIMAM,
    open_page,
    write_checkpoint,
)
from webapp.views.evaluation import tables as evaluation_tables


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with three checkpoints that have answers, and one that has none."""
    folder = tmp_path_factory.mktemp("scored")
    write_checkpoint(folder, "mobilenetv3_simam", SIMAM, rows=FIRST_TEST_ROWS)
    write_checkpoint(folder, "mobilenetv3_cpsca", CPSCA, rows=FIRST_TEST_ROWS)
    write_checkpoint(folder, "a_mobilenet", A_MOBILENET, rows=FIRST_TEST_ROWS, note=NOTE)
    write_checkpoint(folder, "efficientnet_b0_attention", None)
    return folder


@pytest.fixture
def visit(scored, only_checkpoints, no_results, monkeypatch):
    """Call it with the choices of a link: a visitor's page, run once, where no data set is at hand."""
    only_checkpoints(scored)
    monkeypatch.delenv("FERSCOPE_DATA", raising=False)
    return open_page


@pytest.fixture
def no_results(tmp_path, monkeypatch) -> Path:
    """No run of a table is stored but what a test writes to this folder."""
    folder = tmp_path / "results"
    monkeypatch.setattr(evaluation_tables, "SHIPPED", Found(stored=folder))
    return folder
