"""Uploads to the Hugging Face Hub: a folder as a repository, and a checkpoint with the card that the Hub reads."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from fer_models.checkpoints import read_card
from fer_models.version import __version__


class HubError(ValueError):
    """Something cannot be uploaded; says why, and what to do."""


def upload(folder: Path, repository: str, kind: str = "model", token: str | None = None, sdk: str | None = None) -> str:
    """Put a folder into ``USER/NAME``, which is made where it is not there yet; returns its address.

    A Space has nothing else in it then; of a model other files stay.

    Args:
        folder: what to upload.
        repository: as USER/NAME.
        kind: "model" or "space"; a Space has an ``sdk``.
        token: the user's own; None: as ``hf auth login`` or HF_TOKEN left it.

    Raises HubError for a name that is none, without a token, without its rights, or without a connection.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    api = HfApi(library_name="ferscope", library_version=__version__, token=token)
    try:
        api.create_repo(repository, repo_type=kind, space_sdk=sdk, exist_ok=True)
        api.upload_folder(
            repo_id=repository,
            repo_type=kind,
            folder_path=folder,
            commit_message=f"FERScope {__version__}",
            delete_patterns="*" if kind == "space" else None,
        )
    except HFValidationError:
        raise HubError(f"'{repository}' is no name of a {kind}: USER/NAME is.") from None
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status in (401, 403):
            raise HubError(
                f"The Hub lets this token write nothing to {repository}. 'hf auth login' with a token that may write."
            ) from None
        raise HubError(f"The Hub answers: {error.server_message or error}") from None
    except Exception as error:  # no connection, a time-out: without a base class in common
        raise HubError(f"The Hub cannot be reached: {error}") from None
    return f"{api.endpoint}/{'spaces/' if kind == 'space' else ''}{repository}"


def push_checkpoint(weights: Path, repository: str, token: str | None = None) -> str:
    """Upload a checkpoint to ``USER/NAME``: weights, card, and a README made of the card. As ``upload``."""
    with TemporaryDirectory(prefix="ferscope-") as place:
        for file in (weights, weights.with_suffix(".json")):
            shutil.copyfile(file, Path(place) / file.name)
        (Path(place) / "README.md").write_text(model_card(weights), encoding="utf-8")
        return upload(Path(place), repository, token=token)


def model_card(weights: Path) -> str:
    """What the Hub shows of a checkpoint: front matter (huggingface.co/docs/hub/model-cards), and its card in words."""
    from huggingface_hub import ModelCardData

    card = read_card(weights)
    data = ModelCardData(
        license="other",
        license_name="see-the-card",
        library_name="ferscope",
        pipeline_tag="image-classification",
        tags=["facial-expression-recognition", "attention", "explainability"],
    )
    learnt = ""
    if card.data is not None:
        learnt = f"Trained on {card.data.rows:,} pictures: {card.data.dataset} (labels: {card.data.label_rule}). "
    scores = "\n".join(f"- {score.sentence()}" for score in card.scores) or "- None is known."
    return f"""---
{data.to_yaml()}
---

# {card.name}

A network for facial expressions: {card.network}, with {len(card.labels)} labels: {", ".join(card.labels)}.
{learnt}Initialisation: {card.initialisation}.

An expression is what people would name; it does not say what a person feels.

## Scores

{scores}

## Use

```python
import fer_models as fer

classifier = fer.load_classifier("{weights.name}")  # with {weights.stem}.json beside it
classifier.predict([crop])  # (H, W, 3) uint8 RGB crops of faces -> probabilities
```

## Licence

{card.licence}

Made by FERScope {__version__}. {weights.stem}.json says how it was trained.
"""
