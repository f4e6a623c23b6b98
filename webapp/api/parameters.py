"""What a call may say in its address. The descriptions are the documentation's too."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fer_models.checkpoints import DEFAULT_CHECKPOINT
from fer_models.explanation.attribution import list_methods

_METHODS = {"enum": list_methods()}


class PredictCall(BaseModel):
    """Of /predict."""

    model_config = ConfigDict(extra="forbid")

    checkpoint: Annotated[str, Field(description="Which network answers.")] = DEFAULT_CHECKPOINT
    whole: Annotated[bool, Field(description="Take the whole picture as one face; else faces are sought.")] = False


class ExplainCall(PredictCall):
    """Of /explain."""

    face: Annotated[int, Field(ge=1, description="Which face, counted from the largest.")] = 1
    target: Annotated[str | None, Field(description="The expression to explain; by default the predicted one.")] = None
    method: Annotated[str, Field(description="How the map is made.", json_schema_extra=_METHODS)] = "grad-cam"
    layer: Annotated[
        str | None, Field(description="Where a CAM is taken, such as features.7; by default the last map.")
    ] = None
    gates: Annotated[bool, Field(description="Add what the network's attention multiplied by.")] = False
