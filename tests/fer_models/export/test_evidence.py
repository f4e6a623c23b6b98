"""A network with its evidence as one graph: what onnxruntime answers is what `explain` sees, by PyTorch's gradients."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from typer.testing import CliRunner

import fer_models as fer
from fer_models.cli import app
from fer_models.export.int8 import keep_int8
from fer_models.export.onnx import export_onnx, mean_faces_at_hand
from tests.conftest import make_checkpoint

NETWORKS = (
    "a_mobilenet.ferplus",
    "efficientnet_b0_attention.fer2013",
    "mobilenetv3_cpsca.ferplus",
    "mobilenetv3_simam.ferplus",
)


@pytest.fixture(scope="module", params=NETWORKS)
def exported(request, tmp_path_factory):
    file = tmp_path_factory.mktemp("evidence") / "network.onnx"
    assert export_onnx(request.param, file, evidence=True, int8=True) <= 1e-4
    return fer.load_classifier(request.param), file


def answers(file, faces):
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return dict(
        zip([output.name for output in session.get_outputs()], session.run(None, {"faces": faces}), strict=True)
    )


def facts(file):
    return {entry.key: entry.value for entry in onnx.load(file).metadata_props}


def test_every_map_and_gate_of_every_face_is_what_explain_sees(exported):
    classifier, file = exported
    faces = mean_faces_at_hand(48)[:5]
    found = answers(file, faces)
    gates = json.loads(facts(file)["gates"])
    for number, face in enumerate(faces):
        seen = fer.explain(classifier, face)
        np.testing.assert_allclose(found["probabilities"][number], seen.probabilities, atol=1e-4)
        assert found["cams"][number].shape == seen.cams.shape
        np.testing.assert_allclose(found["cams"][number], seen.cams, atol=1e-4)
        assert [(gate["layer"], gate["kind"]) for gate in gates] == [(gate.layer, gate.kind) for gate in seen.gates]
        for told, gate in zip(gates, seen.gates, strict=True):
            assert (tuple(told["axes"]), tuple(told["value_range"])) == (gate.axes, gate.value_range)
            assert tuple(told["shape"]) == gate.values.shape
            np.testing.assert_allclose(found[told["output"]][number], gate.values, atol=1e-4)
    assert json.loads(facts(file)["cam_layer"]) == classifier.network.last_layer


def test_one_face_alone_is_answered_as_among_others(exported):
    _, file = exported
    faces = mean_faces_at_hand(48)[:3]
    together, alone = answers(file, faces), answers(file, faces[1:2])
    for name, values in alone.items():
        np.testing.assert_allclose(values[0], together[name][1], atol=1e-5)


def test_int8_stays_int8(exported):
    classifier, file = exported
    stored = sum(tensor.nbytes for tensor in map(numpy_helper.to_array, onnx.load(file).graph.initializer))
    assert stored < 1.4 * classifier.file.stat().st_size


def test_weights_on_no_grid_stay_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_checkpoint("mobilenetv3_small", tmp_path, "small.own")
    told = ["export", "small.own.safetensors", "--to", "onnx", "--with", "evidence", "--int8", "--out", "own.onnx"]
    done = CliRunner().invoke(app, told)
    assert done.exit_code == 0, done.output
    graph = onnx.load("own.onnx").graph
    assert "cams" in [output.name for output in graph.output]
    large = [tensor for tensor in graph.initializer if np.prod(tensor.dims) > 10_000]
    assert large and all(tensor.data_type == onnx.TensorProto.FLOAT for tensor in large)


@pytest.mark.parametrize("transposed", [False, True])
def test_a_matrix_on_a_grid_comes_back_either_way_round(transposed):
    rng = np.random.default_rng(0)
    steps = rng.integers(-126, 127, (40, 64)).astype(np.int8)
    steps[:, 0] = 127  # the largest of each channel decides its scale
    steps[3] = 0
    weights = steps * rng.uniform(1e-3, 1e-2, (40, 1)).astype(np.float32)
    weights = np.ascontiguousarray(weights.T) if transposed else weights
    rows, columns = weights.shape
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = onnx.helper.make_graph(
        [node],
        "one",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [rows, rows])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [rows, columns])],
        [numpy_helper.from_array(weights, "w")],
    )
    assert keep_int8(graph) == 1
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": np.eye(rows, dtype=np.float32)})
    np.testing.assert_allclose(found, weights, atol=1e-6)
