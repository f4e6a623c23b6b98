"""The supervisor that a submission starts: ``python -m fer_models.jobs FOLDER``."""

import sys
from pathlib import Path

from fer_models.jobs.supervisor import IDLE_S, supervise

supervise(Path(sys.argv[1]), IDLE_S)
