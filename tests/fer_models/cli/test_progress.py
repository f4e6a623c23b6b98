"""What a person at a terminal sees of a run."""

import io

from fer_models.cli.progress import ProgressLine
from fer_models.training.events import EpochDone, EpochRecord, Reading, StepDone, event_text

STEP = StepDone("a_mobilenet", 2, 5, 112, 3, 40, loss=0.98765, accuracy=0.71234, seconds_left=425.0)
FIRST = StepDone("a_mobilenet", 1, 5, 112, 1, 40, loss=None, accuracy=None, seconds_left=2 * 3600 + 5 * 60)
RECORD = EpochRecord(5, 112, 0.5, accuracy=0.81234, macro_f1=0.71, seconds=100.0, validation_loss=0.6)
LAST = EpochDone("a_mobilenet", 5, RECORD, 0.0)


READ = Reading(256, 30_000)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_step_is_rewritten_in_place_on_a_terminal_and_left_out_elsewhere(monkeypatch):
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        monkeypatch.setattr("sys.stdout", stream)
        for event in (READ, FIRST, STEP, LAST):
            ProgressLine()(event)
    lines = terminal.getvalue().split("\n")
    assert len(lines) == 2 and lines[1] == ""
    assert lines[0].split("\r\x1b[K") == ["", event_text(READ), event_text(FIRST), event_text(STEP), event_text(LAST)]
    assert file.getvalue() == event_text(LAST) + "\n"
