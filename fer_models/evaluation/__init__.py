"""Evaluation: scores with intervals, calibration, comparison, robustness, and predictions stored with a checkpoint."""

from fer_models.evaluation.calibration import Bin, Calibration, measure_calibration
from fer_models.evaluation.comparison import Comparison, compare
from fer_models.evaluation.confusion import Confusion
from fer_models.evaluation.distortions import DISTORTIONS, Distortion
from fer_models.evaluation.other_answers import list_other, load_other, predict_other, save_other
from fer_models.evaluation.other_data import OtherData, OtherFaces, read_other
from fer_models.evaluation.predictions import (
    Predictions,
    list_predictions,
    load_predictions,
    predict_split,
    save_predictions,
)
from fer_models.evaluation.report import ClassScores, Report, make_report
from fer_models.evaluation.robustness import RobustnessScore, measure_robustness
from fer_models.evaluation.scores import evaluate, predict_faces, score

__all__ = [
    "DISTORTIONS",
    "Bin",
    "Calibration",
    "ClassScores",
    "Comparison",
    "Confusion",
    "Distortion",
    "OtherData",
    "OtherFaces",
    "Predictions",
    "Report",
    "RobustnessScore",
    "compare",
    "evaluate",
    "list_other",
    "list_predictions",
    "load_other",
    "load_predictions",
    "make_report",
    "measure_calibration",
    "measure_robustness",
    "predict_faces",
    "predict_other",
    "predict_split",
    "read_other",
    "save_other",
    "save_predictions",
    "score",
]
