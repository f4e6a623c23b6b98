"""Ways of replacing gates side by side: each equals operate alone, bit by bit or nearly."""

import numpy as np
import pytest

from fer_models.explanation import explain, operate
from fer_models.explanation.operate import gate_names
from fer_models.explanation.replacements import look, replace_each_way


def test_every_way_is_what_operate_does_alone(classifier, crop):
    untouched, other = look(classifier, crop), explain(classifier, crop[:, ::-1].copy()).gates
    assert untouched.logits == pytest.approx(classifier.logits([crop])[0], abs=1e-4)
    layer, kind = gate_names(classifier)[-1]
    ways = {
        "identity": "identity",
        "number": "number",
        "average": "average face",
        "other": other,
        "own": untouched.gates,
    }
    for gate in ("*", kind, f"{layer}:{kind}"):
        found = replace_each_way(classifier, untouched, gate, ways, average=other)
        for way, replacement in ways.items():
            with operate({gate: replacement}, classifier, average=other):
                expected, gates = classifier.logits([crop])[0], explain(classifier, crop).gates
            assert found[way].logits == pytest.approx(expected, abs=1e-3 * float(np.abs(expected).max())), (gate, way)
            later = gates[len(gates) - len(found[way].gates) :]
            for one, two in zip(found[way].gates, later, strict=True):
                assert (one.layer, one.kind) == (two.layer, two.kind)
                assert one.values == pytest.approx(two.values, abs=2e-3)
        assert found["own"].logits == pytest.approx(untouched.logits, abs=1e-3 * float(np.abs(untouched.logits).max()))
        assert found["own"].probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_mistakes_are_operates(classifier, crop):
    untouched = look(classifier, crop)
    with pytest.raises(ValueError, match="no gate of this network"):
        replace_each_way(classifier, untouched, "features.99", {"identity": "identity"})
    with pytest.raises(ValueError, match="replaces no gate"):
        replace_each_way(classifier, untouched, "*", {"identity": "nothing"})
