"""Readers of the data sets' official layouts, and augmentation."""

from fer_models.data.catalogue import DATA_SETS, LABEL_RULES, DataSet, data_set_of
from fer_models.data.class_names import NUMBERED, likely_label, read_labels
from fer_models.data.faces import DataError, Faces, data_folder
from fer_models.data.fer2013 import Fer2013, read_fer2013, select_faces
from fer_models.data.ferplus import majority
from fer_models.data.near_duplicates import near_duplicates
from fer_models.data.partition import hold_out_tenth, random_partition
from fer_models.data.parts import RANDOM, SAMPLE, TENTH, Parts, read_parts, reads_pictures, short_name, understood

__all__ = [
    "DATA_SETS",
    "LABEL_RULES",
    "NUMBERED",
    "RANDOM",
    "SAMPLE",
    "TENTH",
    "DataError",
    "DataSet",
    "Faces",
    "Fer2013",
    "Parts",
    "data_folder",
    "data_set_of",
    "hold_out_tenth",
    "likely_label",
    "majority",
    "near_duplicates",
    "random_partition",
    "read_fer2013",
    "read_labels",
    "read_parts",
    "reads_pictures",
    "select_faces",
    "short_name",
    "understood",
]
