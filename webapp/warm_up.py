"""What a server does behind its first visitors: PyTorch, the networks and the slow pages come into memory in a thread.

While it runs, nothing that a visitor waits for may import PyTorch: the import lock would hold the visitor's page until
it is done. Pages ask :func:`pending` and show what is stored, or say that a network is being loaded.

Streamlit collects garbage in full after every run of a script. What is warm lives as long as the process: frozen, it is
not walked through each time. What visitors add, their sessions' pages above all, is frozen every half minute, once its
garbage is out: fifty of them would make each collection a third of the server's time.
"""

import asyncio
import gc
import logging
import threading
from importlib import import_module

logger = logging.getLogger(__name__)

#: Modules that a page imports when it is first opened, and that take long.
PAGES = (
    "webapp.views.recognise.page",
    "webapp.views.compare.page",
    "webapp.views.evaluation.page",
    "webapp.figures.charts",
    "captum.attr",
)

FREEZE_EVERY_S = 30.0

_lock = threading.Lock()
_thread: threading.Thread | None = None
_done = threading.Event()
_failed = threading.Event()


def begin() -> None:
    """Start warming up, once a process."""
    global _thread
    with _lock:
        if _thread is None:
            _thread = threading.Thread(target=_warm_up, name="warm-up", daemon=True)
            _thread.start()


def pending() -> bool:
    """Whether this process is still warming up. False where nobody began it: then pages load what they need."""
    return _thread is not None and not _done.is_set()


def wait() -> None:
    """Until this process has warmed up, where it does; not for what a visitor's page waits for."""
    if pending():
        _done.wait()


def failed() -> bool:
    """Whether something that every visitor needs could not be loaded; the log says what."""
    return _failed.is_set()


def _warm_up() -> None:
    try:
        for step in (load_networks, load_pages, count_costs):
            try:
                step()
            except Exception:
                logger.exception("Warming up failed; pages load what they need.")
                _failed.set()
    finally:
        freeze_anew()  # what was frozen on the way held garbage too
        _done.set()


async def keep_frozen() -> None:
    """For as long as the server lives, from the end of the warm-up on."""
    while True:
        await asyncio.sleep(FREEZE_EVERY_S)
        if not pending():
            freeze_anew()


def freeze_anew() -> None:
    """Collect what is garbage by now, of what was frozen too, and freeze all that lives."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def load_networks() -> None:
    """Bring as many networks into memory as are kept there, the papers' own first."""
    import cv2
    import numpy as np
    import torch

    import fer_models as fer
    from webapp.networks import MOST, load_classifier
    from webapp.wording import in_papers_order

    gc.freeze()
    # With more, visitors at the same time take each other's cores: OpenCV's threads wait for one another by spinning.
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    face = np.full((48, 48, 3), 128, np.uint8)
    for checkpoint in in_papers_order(fer.list_checkpoints())[:MOST]:
        try:
            # The first face takes longer than any later one.
            fer.explain(load_classifier(checkpoint), face)
            gc.freeze()
        except Exception:  # one that cannot be used is told to whoever chooses it; the others come all the same
            logger.exception("%s is not loaded.", checkpoint)


def load_pages() -> None:
    """Import what pages import when they are first opened."""
    for page in PAGES:
        import_module(page)


def count_costs() -> None:
    """Count what networks cost, as Evaluation shows it."""
    from webapp.views.evaluation import costs

    costs.count()
