"""Write what the site shows of the gallery before it has computed anything.

    make precomputed

webapp/precomputed.npz: what the default network sees in the composites. webapp/occlusions.npz: for every bundled
checkpoint, what covering each place of each face changes. To be run again when weights or the gallery have changed; a
test says so. What is current is left alone, so that an interrupted run goes on.
"""

import fer_models as fer
from fer_models.checkpoints import DEFAULT_CHECKPOINT
from webapp.precomputed import FILE, OCCLUSIONS, has_occlusions, store_answers, store_occlusions

if __name__ == "__main__":
    count = store_answers(DEFAULT_CHECKPOINT)
    print(f"{FILE.name}: {count} answers of {DEFAULT_CHECKPOINT}, {FILE.stat().st_size:,} bytes")
    for checkpoint in fer.list_checkpoints():
        if has_occlusions(checkpoint):
            continue
        count = store_occlusions(checkpoint)
        print(f"{OCCLUSIONS.name}: {count} faces covered for {checkpoint}, {OCCLUSIONS.stat().st_size:,} bytes")
