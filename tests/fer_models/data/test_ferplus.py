"""FERPlus's label rules: by hand, against a slow reading of their words, and the official counts (in test_data.py)."""

import numpy as np
import pytest

from fer_models.data.ferplus import RULES, VOTE_COLUMNS
from fer_models.labels import FERPLUS


def votes(**counts):
    return [counts.get(name, 0) for name in VOTE_COLUMNS]


def by_rule(rule, **counts):
    """The label's name or None, and the target as a dictionary of its parts above zero."""
    labels, targets = RULES[rule].label(np.array([votes(**counts)]))
    assert labels.shape == (1,) and labels.dtype == np.int64
    assert targets.shape == (1, 8) and targets.dtype == np.float32
    shares = {
        name: pytest.approx(float(share)) for name, share in zip(FERPLUS.labels, targets[0], strict=True) if share
    }
    return (None if labels[0] < 0 else FERPLUS.labels[labels[0]]), shares


@pytest.mark.parametrize(
    ("counts", "label", "target"),
    [
        ({"anger": 6, "fear": 4}, "anger", {"anger": 0.6, "fear": 0.4}),  # 0.6 < 0.75: the second is taken too
        ({"anger": 8, "fear": 2}, "anger", {"anger": 1}),  # 0.8 is enough
        ({"anger": 3, "fear": 1}, "anger", {"anger": 1}),  # the single vote is dropped: 3 of 3
        ({"anger": 5, "fear": 5}, "anger", {"anger": 0.5, "fear": 0.5}),  # ties together, the first column is the label
        ({"anger": 4, "fear": 2, "sadness": 2, "neutral": 2}, None, None),  # the tie makes four labels
        ({"anger": 3, "fear": 3, "sadness": 2, "neutral": 2}, None, None),  # 6 of 10, then the tie makes four
        ({"anger": 4, "fear": 3, "sadness": 3}, "anger", {"anger": 0.4, "fear": 0.3, "sadness": 0.3}),
        ({"unknown": 6, "neutral": 4}, None, None),
        ({"neutral": 6, "unknown": 4}, "neutral", {"neutral": 1}),  # unknown ends it and is dropped; 6 of 10
        ({"neutral": 5, "unknown": 3, "fear": 2}, None, None),  # the same with 5 of 10, which is not more than half
        ({"neutral": 5, "unknown": 5}, None, None),
        ({"neutral": 3, "fear": 3, "NF": 3}, "neutral", {"neutral": 0.5, "fear": 0.5}),  # a tie with NF: 6 of 9
        ({"NF": 10}, None, None),
        ({"sadness": 1, "fear": 1}, None, None),
        ({}, None, None),
    ],
)
def test_probability_by_hand(counts, label, target):
    found, shares = by_rule("ferplus-probability", **counts)
    assert found == label
    if label:
        assert shares == target


@pytest.mark.parametrize(
    ("counts", "label", "target"),
    [
        ({"anger": 6, "fear": 4}, "anger", {"anger": 0.5, "fear": 0.5}),
        ({"anger": 7, "fear": 3}, "anger", {"anger": 0.5, "fear": 0.5}),  # 0.3 itself counts
        ({"anger": 8, "fear": 2}, "anger", {"anger": 1}),
        ({"anger": 5, "fear": 5}, "anger", {"anger": 0.5, "fear": 0.5}),
        ({"anger": 4, "fear": 2, "sadness": 2, "neutral": 2}, None, None),  # 4 of 10 is not more than half
        ({"anger": 4, "unknown": 4, "fear": 2}, "anger", {"anger": 1}),  # 8 of 10; a tie goes to the first column
        ({"unknown": 5, "anger": 4}, None, None),
        ({"anger": 4, "fear": 3, "happiness": 3}, "anger", {"anger": 1 / 3, "fear": 1 / 3, "happiness": 1 / 3}),
        ({"sadness": 1, "fear": 1}, None, None),
        ({}, None, None),
    ],
)
def test_multi_target_by_hand(counts, label, target):
    found, shares = by_rule("ferplus-multi-target", **counts)
    assert found == label
    if label:
        assert shares == target


@pytest.mark.parametrize(
    ("counts", "over_ten", "over_eight", "target"),
    [
        ({"anger": 4, "fear": 4, "unknown": 2}, "anger", "anger", {"anger": 0.5, "fear": 0.5}),
        ({"sadness": 1, "fear": 1}, "sadness", "sadness", {"sadness": 0.5, "fear": 0.5}),  # single votes count
        ({"unknown": 6, "neutral": 3, "fear": 1}, None, "neutral", {"neutral": 0.75, "fear": 0.25}),
        ({"contempt": 5, "unknown": 5}, "contempt", "contempt", {"contempt": 1}),
        ({"NF": 9, "contempt": 1}, None, "contempt", {"contempt": 1}),
        ({"NF": 10}, None, None, {}),
    ],
)
def test_argmax_by_hand(counts, over_ten, over_eight, target):
    assert by_rule("ferplus-argmax-10", **counts)[0] == over_ten
    assert by_rule("ferplus-argmax-8", **counts) == (over_eight, target)


def slowly(rule, row):
    """A label by the words of the rule, one row at a time."""
    if rule == "ferplus-argmax-10":
        return row.index(max(row)) if row.index(max(row)) < 8 else -1
    if rule == "ferplus-argmax-8":
        return row.index(max(row[:8])) if any(row[:8]) else -1
    row = [count if count > 1 else 0 for count in row]
    total, top = sum(row), row.index(max(row))
    if rule == "ferplus-majority":
        return top if top < 8 and row[top] > total / 2 else -1
    if rule == "ferplus-multi-target":
        high = [count for count in row if count >= total * 3 / 10]
        return top if top < 8 and sum(high) > total / 2 else -1
    taken = []
    for height in sorted(set(row) - {0}, reverse=True):
        if sum(row[column] for column in taken) >= 0.75 * total or len(taken) >= 3:
            break
        tied = [column for column in range(10) if row[column] == height]
        taken += [column for column in tied if column < 8]
        if tied[-1] >= 8:
            break
    return taken[0] if taken and len(taken) <= 3 and sum(row[column] for column in taken) > total / 2 else -1


@pytest.mark.parametrize("rule", RULES)
def test_rules_against_a_slow_reading(rule):
    rng = np.random.default_rng(5)
    wishes = rng.dirichlet(np.full(10, 0.35), size=4_000)
    rows = np.stack([rng.multinomial(10, wish) for wish in wishes])
    labels, targets = RULES[rule].label(rows)
    assert labels.tolist() == [slowly(rule, row) for row in rows.tolist()]
    kept = labels >= 0
    assert 1_000 < kept.sum() < 4_000
    np.testing.assert_allclose(targets[kept].sum(1), 1, rtol=1e-6)
    # The label is a top one of its target, and no target goes to what nobody voted for.
    assert (targets[kept, labels[kept]] == targets[kept].max(1)).all()
    assert not targets[kept][rows[kept][:, :8] == 0].any()
