"""How the faces of a batch are changed at random: settings alone, which every recipe holds."""

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Augmentation(BaseModel):
    """Random changes of a batch at the source side, each drawn for every picture on its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flip: float = Field(default=0.5, ge=0, le=1, description="probability of a mirror image")
    degrees: float = Field(default=15, ge=0, le=90, description="largest rotation either way")
    translate: float = Field(default=0.1, ge=0, lt=1, description="largest shift, as a part of the side")
    scale: tuple[float, float] = Field(default=(0.85, 1.15), description="smallest and largest enlargement")
    shear: float = Field(default=0, ge=0, le=45, description="largest shear, in degrees")
    contrast: float = Field(
        default=0.3,
        ge=0,
        lt=1,
        description="largest change of brightness (added, white being 1) and of gain (a factor); with one_of, of gain "
        "only",
    )
    noise: float = Field(default=0.0, ge=0, le=0.5, description="standard deviation of Gaussian noise, white being 1")
    erase: float = Field(default=0.0, ge=0, le=1, description="probability of a grey rectangle")
    one_of: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="probability that exactly one of the changes above is made, as paper 002's code does; erasing is "
        "drawn apart, and shear is not among them. None: all are made",
    )

    @model_validator(mode="after")
    def _one_of_has_no_shear(self) -> "Augmentation":
        if self.one_of is not None and self.shear:
            raise ValueError("shear is not among the changes of which one_of makes one")
        return self
