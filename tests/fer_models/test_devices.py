"""Another device or type: inputs go where the weights are, and results come home as float32."""

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

from fer_models.classifier import load_classifier
from fer_models.evaluation.scores import predict_faces
from fer_models.evaluation.surgery import gate_names, make_plans, operated_logits
from fer_models.explanation.attribution import attribute_all, list_methods
from fer_models.explanation.averages import mean_cams, mean_gates
from fer_models.explanation.explain import explain
from fer_models.explanation.faithfulness import faithfulness
from fer_models.explanation.operate import operate
from fer_models.explanation.passages import passages
from fer_models.explanation.randomisation import randomisation
from fer_models.explanation.replacements import look, replace_each_way
from tests.conftest import make_checkpoint

FACES = np.random.default_rng(1).integers(0, 256, (50, 48, 48), np.uint8)


def explained(classifier, crop):
    seen = explain(classifier, crop, 0)
    return [seen.probabilities, seen.cams, *(gate.values for gate in seen.gates)]


def operated(classifier, crop):
    gates = explain(classifier, crop).gates
    painted = [gates[0].values[..., ::-1], lambda gate: gate.values * 0.5, gates]
    found = []
    for way in ("identity", "number", "shuffle", *painted):
        with operate({f"{gates[0].layer}:{gates[0].kind}": way}):
            found.append(classifier.logits([crop]))
    return found


def side_by_side(classifier, crop):
    untouched = look(classifier, crop)
    ways = replace_each_way(classifier, untouched, untouched.gates[1].layer, {"a": "identity", "b": "shuffle"})
    return [untouched.logits, *(way.logits for way in ways.values())]


def passed(classifier, crop):
    return [each for row in passages(classifier, crop) for each in vars(row).values() if isinstance(each, np.ndarray)]


def of_many_faces(classifier, _):
    average = mean_gates(classifier, FACES)
    plans = make_plans(gate_names(classifier))[:20]
    _, untouched, found = operated_logits(classifier, FACES[:4], plans, average)
    maps = mean_cams(classifier, FACES)
    return [
        predict_faces(classifier, FACES[:3]),
        untouched,
        *found.values(),
        *(gate.values for gate in average),
        *maps.values(),
    ]


USES = {
    "predict": lambda classifier, crop: [classifier.predict([crop]), classifier.logits([crop])],
    "explain": explained,
    "operate": operated,
    "side by side": side_by_side,
    "passages": passed,
    "many faces": of_many_faces,
    "faithfulness": lambda classifier, crop: [
        each.deletion[4, "mean"]
        for each in faithfulness(classifier, crop, [explain(classifier, crop, 0).cam], 0, grids=[4], fills=["mean"])
    ],
    "randomisation": lambda classifier, crop: [
        each.values for each in randomisation(classifier, crop, "grad-cam", 0, parts=[2], draws=1)
    ],
} | {
    method: lambda classifier, crop, method=method: [attribute_all(classifier, crop, method)]
    for method in list_methods()
}


class NotHome(TorchFunctionMode):
    """As on a GPU: only what was brought to the CPU becomes an array."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function in (torch.Tensor.numpy, torch.Tensor.__array__):
            assert getattr(args[0], "is_home", False), "an array is made of a tensor that may be on another device"
        found = function(*args, **kwargs)
        if function is torch.Tensor.cpu or (function is torch.Tensor.to and "cpu" in args):
            found = found.view_as(found)
            found.is_home = True
        return found


@pytest.mark.parametrize("use", USES)
def test_computed_in_the_type_of_the_weights(tmp_path, crop, use):
    # Maps of SimAM hold its energy as well.
    weights = make_checkpoint("mobilenetv3_simam" if use == "passages" else "mobilenetv3_cpsca", tmp_path, "own.test")
    expected = USES[use](load_classifier(weights), crop)
    classifier = load_classifier(weights)
    assert classifier.to(dtype=torch.float64) is classifier
    types = set()
    classifier.network.features[0].register_forward_hook(lambda _, inputs, maps: types.update({maps.dtype}))
    with NotHome():
        found = USES[use](classifier, crop)
    assert types == {torch.float64}
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-2, atol=1e-2 * np.abs(other).max())


def test_a_device_that_is_not_there_is_named(classifier):
    with pytest.raises(RuntimeError, match="abacus"):
        classifier.to("abacus")
    assert classifier.device.type == "cpu"
