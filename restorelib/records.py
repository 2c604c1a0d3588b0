"""The record of a run: what `record.json` holds, read, checked and written in this one place.

A record is read as an object of checked types, `Record`; code asks for `record.minutes`. What is wrong with a
file is one line that names file and field.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    model_serializer,
    model_validator,
)

import restorelib
from restorelib.checkpoints import write_safely
from restorelib.degrade import Degradation, describe, from_description, keys
from restorelib.errors import RestoreError
from restorelib.metrics import Protocol
from restorelib.output import json_of
from restorelib.recipe import Recipe, fault


def _checked(kind: type, read, write) -> Any:
    """`kind` as a field: `read` from plain values where a file is read, written by `write`."""

    def validate(value):
        try:
            return value if isinstance(value, kind) else read(value)
        except (RestoreError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
            raise ValueError(f"is not understood ({error})") from None

    return Annotated[kind, PlainValidator(validate), PlainSerializer(write)]


Task = Annotated[tuple[_checked(Degradation, from_description, describe), ...], Field(min_length=1)]


def _from_text(value):
    return float(value) if value in ("Infinity", "-Infinity", "NaN") else value


# A number that JSON may lack, as the PSNR of equal pictures; the file has it as a text, see `output.json_of`.
Number = Annotated[float, Field(allow_inf_nan=True), BeforeValidator(_from_text)]


class _Plain(BaseModel):
    # Built when first used, not when imported: most commands read no record.
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="constants", defer_build=True
    )


class PictureScore(_Plain):
    """The scores of one picture: PSNR in dB, SSIM up to 1."""

    name: str
    psnr: Number
    ssim: Number


class Score(_Plain):
    """The scores on a set of pictures degraded in one way: their means, and those of every picture.

    In the file the degradation stands as one more entry, such as `"scale": 2`.

    Attributes:
        set: name of the set.
        psnr, ssim: means over the pictures, in dB and up to 1.
        images: the pictures' own scores.
        protocol: what they were taken under.
    """

    model_config = ConfigDict(extra="allow")

    set: str
    psnr: Number
    ssim: Number
    images: tuple[PictureScore, ...]
    protocol: _checked(Protocol, lambda plain: Protocol(**plain), Protocol.as_dict)

    @property
    def key(self) -> str:
        """What its degradation is named by: "scale", "sigma", "quality" or "level"."""
        return next(iter(self.model_extra))

    @property
    def parameter(self) -> float:
        """The scale, sigma (grey levels), JPEG quality or temporal level."""
        return self.model_extra[self.key]

    @model_validator(mode="after")
    def _one_degradation(self):
        if len(self.model_extra) != 1 or self.key not in keys():
            found = ", ".join(self.model_extra) or "none"
            raise ValueError(f"names its degradation by {found}; one of {', '.join(keys())} is expected")
        if type(self.parameter) not in (int, float) or not abs(self.parameter) < 1e9:  # nor NaN
            raise ValueError(f"has a {self.key} that is no number")
        return self

    @model_serializer(mode="wrap")
    def _as_in_the_file(self, serialise) -> dict:
        return {"set": self.set, self.key: self.parameter, **serialise(self)}


class Origin(_Plain):
    """What is known of a network that no run of ours made.

    Attributes:
        name: as `load` takes it.
        network: as `build` takes it, the name of a method, or "none".
        task: the degradations that it undoes.
        source: where its weights come from; "" if it has none.
    """

    name: str
    network: str
    task: Task
    source: str = ""


class Measured(_Plain):
    """Scores that belong to no training; the attributes are those of `Record`."""

    name: str
    task: Task
    torch: str
    scores: tuple[Score, ...]


class Record(_Plain):
    """All that is known of a run.

    Attributes:
        name: the recipe's name and the profile, "vdsr-quick".
        network: as `build` takes it.
        parameters: its weights.
        task: the degradations that it was trained to undo.
        profile: "smoke", "quick", "reduced" or "paper".
        recipe, recipe_sha256: what was trained, and its `digest`.
        seed: of weights and patches.
        commit: of the code; "+" marks uncommitted changes; None where neither git nor RESTORELIB_COMMIT told.
        version, torch: of this library and of torch.
        hardware, processes, precision: what it ran on, how many at once, and "no" (fp32), "bf16" or "fp16".
        updates, minutes: what it took.
        first_update_seconds: of the first update; None in the first records.
        images_per_second: patches learned from in a second.
        peak_memory_mb: the most memory it held, in MiB.
        loss: (update, mean loss since the last entry).
        validation: (update, minutes, PSNR in dB).
        accidents: (update, what went wrong); None where nobody looked, in the first records.
        scores: on its test sets.
        weights_sha256: of `weights.safetensors`.
    """

    name: str
    network: str
    parameters: int
    task: Task
    profile: str
    recipe: _checked(Recipe, Recipe.from_dict, Recipe.as_dict)
    recipe_sha256: str
    seed: int
    commit: str | None
    version: str
    torch: str
    hardware: str
    processes: int
    precision: Literal["no", "bf16", "fp16"]
    updates: int
    minutes: float
    first_update_seconds: float | None
    images_per_second: float
    peak_memory_mb: int
    loss: tuple[tuple[int, Number], ...]
    validation: tuple[tuple[int, float, Number], ...]
    accidents: tuple[tuple[int, str], ...] | None = None
    scores: tuple[Score, ...]
    weights_sha256: str

    @model_serializer(mode="wrap")
    def _as_in_the_file(self, serialise) -> dict:
        plain = serialise(self)
        return {key: value for key, value in plain.items() if key != "accidents" or value is not None}


def read(path: Path, kind: type[Record] | type[Measured] = Record) -> Record | Measured:
    """The record in a file.

    Raises `RestoreError` that names file and field if it can't be read, is cut short or no JSON, lacks a
    field, has one that this version does not know, or one of another type.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RestoreError(f"{path}: cannot be read ({error.strerror})") from None
    if content.startswith(b"\xef\xbb\xbf"):
        raise RestoreError(f"{path}: begins with a byte order mark; save it as UTF-8 without one")
    try:
        return kind.model_validate_json(content, strict=True)
    except ValidationError as error:
        raise RestoreError(f"{path}: {fault(error)} (this is restorelib {restorelib.__version__})") from None


def write(path: Path, record: Record | Measured) -> None:
    """Write a record, whole or not at all."""
    write_safely(path, (json_of(record.model_dump(mode="json")) + "\n").encode())
