"""Make anew whatever is stored of the bundled checkpoints and is not of their weights.

    make derived

Predictions, averages, surgery, regions and faithfulness beside each checkpoint (all need FERSCOPE_DATA, and hours on
two cores where all of them are stale), then what the site's first paint shows. What is current is left alone: the
command may be interrupted and called again. ``--list`` only says what would be made.
"""

import shlex
import subprocess
import sys
from pathlib import Path

from fer_models.cli import app
from fer_models.evaluation.derived import derived

ROOT = Path(__file__).parents[1]


def main(only_list: bool) -> int:
    """Returns the exit code: 1 when anything could not be made."""
    failed = False
    for weights in sorted((ROOT / "checkpoints").glob("*.safetensors")):
        for result in derived(weights):
            if result.state == "current":
                continue
            print(f"{weights.stem}: {result.kind} {result.state}; {result.command}", flush=True)
            if not only_list:
                failed |= bool(app(shlex.split(result.command)[1:], standalone_mode=False))
    if not only_list:
        failed |= bool(subprocess.run([sys.executable, ROOT / "scripts" / "make_precomputed.py"]).returncode)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main("--list" in sys.argv[1:]))
