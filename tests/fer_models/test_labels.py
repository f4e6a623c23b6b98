"""The order in which people are shown expressions."""

import pytest

from fer_models.labels import FER2013, FERPLUS, RAF_DB, RAFD, display_order


@pytest.mark.parametrize("label_set", [FERPLUS, FER2013, RAF_DB, RAFD], ids=lambda one: one.name)
def test_expressions_stand_in_one_order_whichever_labels_were_learnt(label_set):
    labels = label_set.labels
    order = display_order(labels)
    assert sorted(order) == list(range(len(labels)))
    shown = [labels[index] for index in order]
    everywhere = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]
    assert shown == [label for label in everywhere if label in labels]


def test_labels_of_someone_elses_come_last_in_their_own_order():
    labels = ("tired", "fear", "bored", "neutral")
    assert [labels[index] for index in display_order(labels)] == ["neutral", "fear", "tired", "bored"]
    assert display_order(FER2013.labels)[0] == 6  # neutral is the last of FER2013's own order
