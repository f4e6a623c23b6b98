"""Every expression by itself: recall, precision and F1."""

from webapp.figures import scores
from webapp.views.evaluation.data import Evaluated
from webapp.views.evaluation.section import section


def show(found: Evaluated) -> None:
    """A table of bars."""
    _, content = section("Each expression by itself", "Accuracy is mostly that of the frequent expressions.")
    intervals = "The line through a bar is the 95 % interval of recall: the fewer the faces, the wider."
    content.html(scores.class_table(found.report.classes, intervals))
