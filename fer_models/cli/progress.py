"""What a person at a terminal sees of a run while it goes: one line, with the time left."""

import sys

from fer_models.training.progress import EpochDone, Event, Note, StepDone


class ProgressLine:
    """One line of progress, rewritten in place on a terminal; what closes an epoch, or is said once, stays."""

    def __call__(self, event: Event) -> None:
        stays = not isinstance(event, StepDone)
        if sys.stdout.isatty():
            print(f"\r\x1b[K{event_text(event)}", end="\n" if stays else "", flush=True)
        elif stays:
            print(event_text(event), flush=True)


def event_text(event: Event) -> str:
    """'NETWORK  epoch 2/5  112 px  ...  7 min left', or what a note says."""
    if isinstance(event, Note):
        return event.text
    if isinstance(event, EpochDone):
        record = event.record
        epoch, side = record.epoch, record.side
        said = [f"loss {record.loss:.3f}", _accuracy(record.accuracy), f"macro-F1 {record.macro_f1:.4f}"]
    else:
        epoch, side = event.epoch, event.side
        said = [f"step {event.step}/{event.steps}"]
        said += [] if event.loss is None else [f"loss {event.loss:.3f}"]
        said += [] if event.accuracy is None else [_accuracy(event.accuracy)]
    left = f"{_duration(event.seconds_left)} left" if event.seconds_left else "done"
    return "  ".join([event.network, f"epoch {epoch}/{event.epochs}", f"{side} px", *said, left])


def _accuracy(share: float) -> str:
    return f"validation accuracy {share:.4f}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{max(minutes, 1)} min"
