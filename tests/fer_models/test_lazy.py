"""What is loaded when: PyTorch with the first network, never with a list, a card or a figure."""

import subprocess
import sys

import pytest

import fer_models as fer
from fer_models import networks

#: Packages that take long to import and that reading names and cards does not need.
HEAVY = ("torch", "kornia", "scipy", "sklearn", "captum", "plotly", "pandas")
#: `ferscope app` up to where its process becomes the server.
STARTED = """
import contextlib, os
from fer_models.cli import app
def execv(*arguments):
    raise SystemExit
os.execv = execv
with contextlib.suppress(SystemExit):
    app(['app'], standalone_mode=False)
"""
WITHOUT_NETWORKS = (
    "import fer_models",
    "import fer_models as fer; fer.list_checkpoints(); fer.list_networks()",
    "from fer_models.checkpoints import read_card; read_card('a_mobilenet.ferplus')",
    "import fer_models as fer; fer.CheckpointError, fer.UnknownNetworkError, fer.Explanation, fer.GateMap",
    "import numpy as np; from fer_models.preprocessing import to_source; to_source(np.zeros((9, 9), np.uint8), 48)",
    "from webapp.figures import evidence, gate_groups",
    "from webapp import wording",
    "from fer_models.reproduction import list_tables; list_tables()",
    "from fer_models.evaluation import load_predictions; load_predictions('a_mobilenet.ferplus')",
    "from fer_models.cli import app; app(['--help'], standalone_mode=False)",
    "from fer_models.cli import app; app(['checkpoints'], standalone_mode=False)",
    STARTED,
)


@pytest.mark.parametrize("code", WITHOUT_NETWORKS)
def test_what_needs_no_network_loads_nothing_heavy(code):
    check = f"import sys; print([name for name in {HEAVY} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", f"{code}\n{check}"], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("package", [fer, networks])
def test_every_public_name_is_found_and_listed(package):
    assert {name for name in package.__all__ if not hasattr(package, name)} == set()
    assert set(package.__all__) <= set(dir(package))


@pytest.mark.parametrize("package", [fer, networks])
def test_another_name_is_said_to_be_missing(package):
    with pytest.raises(AttributeError, match=f"'{package.__name__}' has no attribute 'nothing'"):
        getattr(package, "nothing")  # noqa: B009
