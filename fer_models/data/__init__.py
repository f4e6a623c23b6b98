"""Readers of the data sets' official layouts, and augmentation."""

from fer_models.data.faces import DataError, Faces, data_folder
from fer_models.data.fer2013 import Fer2013, majority, read_fer2013, select_faces

__all__ = ["DataError", "Faces", "Fer2013", "data_folder", "majority", "read_fer2013", "select_faces"]
