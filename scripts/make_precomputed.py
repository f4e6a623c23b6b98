"""Write webapp/precomputed.npz: what the default network sees in the gallery's composites.

    make precomputed

To be run again when that network's weights or the gallery have changed; a test says so.
"""

from fer_models.checkpoints import DEFAULT_CHECKPOINT
from webapp.precomputed import FILE, store_answers

if __name__ == "__main__":
    count = store_answers(DEFAULT_CHECKPOINT)
    print(f"{FILE.name}: {count} answers of {DEFAULT_CHECKPOINT}, {FILE.stat().st_size:,} bytes")
