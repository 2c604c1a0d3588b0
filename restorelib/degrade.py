"""From a clean picture to a degraded one: bicubic resizing, noise, JPEG, motion blur.

A degradation is a small frozen object, see `Degradation`.
"""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
import torch
from PIL import Image

# Some only for those who look for them here.
from restorelib.bicubic import bicubic_down, bicubic_up, cubic, modcrop, resize, resize_matrix  # noqa: F401
from restorelib.errors import RestoreError
from restorelib.motion import ellipses, moved, uniform
from restorelib.sets import LEVELS, temporal_levels

# ---------------------------------------------------------------- degradations


@dataclass(frozen=True)
class Degradation:
    """The base of all degradations; a subclass that is a frozen dataclass and can be called is all it takes.

    Attributes:
        key: the name of the field that tables and records name a degradation by, e.g. "sigma".
        multiple: heights and widths must be divisible by this.
        margin: pixels around a patch that influence it.
        shrink: how many times smaller the degraded picture is.
        once: whether training cuts its patches from whole pictures degraded once, because a patch alone could
            not be degraded like a part of a picture.
        scored: the fields of `restorelib.metrics.Protocol` in which its papers differ from the usual.
    """

    key: ClassVar[str]
    multiple: ClassVar[int] = 1
    margin: ClassVar[int] = 0
    shrink: ClassVar[int] = 1
    once: ClassVar[bool] = False
    scored: ClassVar[Mapping] = {"kernel": ""}
    kinds: ClassVar[dict[str, type["Degradation"]]] = {}

    def __init_subclass__(cls) -> None:
        Degradation.kinds[cls.__name__.lower()] = cls

    @property
    def parameter(self) -> float:
        """What a table names this degradation by."""
        return getattr(self, self.key)

    def __call__(self, clean: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Degrade (N, C, H, W) in [0, 1]; a generator lives on the tensor's device."""
        raise NotImplementedError


@dataclass(frozen=True)
class Bicubic(Degradation):
    """Low resolution by bicubic shrinking.

    With `enlarge`, the result is brought back to the original size in floating point (the "ILR" that VDSR and
    SRCNN take). Without, it is the small picture as a file holds it: rounded to 8 bits (what EDSR takes).
    Raises `RestoreError` for a scale that is no whole number.
    """

    scale: int
    enlarge: bool = True
    key: ClassVar[str] = "scale"

    def __post_init__(self) -> None:
        if not (isinstance(self.scale, int) and self.scale >= 1):
            raise RestoreError(f"the scale is {self.scale}; it must be a whole number from 1")

    @property
    def multiple(self) -> int:
        """Sizes must be divisible by this."""
        return self.scale

    @property
    def shrink(self) -> int:
        """How many times smaller the degraded picture is."""
        return 1 if self.enlarge else self.scale

    @property
    def scored(self) -> Mapping:
        """Super-resolution cuts `scale` pixels; enlarged luma is clipped to its range, 16..235."""
        if self.enlarge:
            clipped = {"low": 16, "high": 235, "clip_input": True, "clip_grey": False}
            return {"border": self.scale, **clipped}
        return {"border": self.scale, "kernel": "bicubic a=-0.5, antialiased, mirrored edge, 8 bits"}

    @property
    def margin(self) -> int:
        """Pixels around a patch that influence it: two LR pixels each for shrinking and enlarging."""
        return 4 * self.scale

    def __call__(self, clean: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Degrade (N, C, H, W)."""
        small = bicubic_down(clean, self.scale)
        return bicubic_up(small, self.scale) if self.enlarge else (small * 255).round().clamp(0, 255) / 255


@dataclass(frozen=True)
class Noise(Degradation):
    """Additive white Gaussian noise; sigma in grey levels, 0..255. Neither clipped nor rounded.

    Raises `RestoreError` for another sigma.
    """

    sigma: float
    key: ClassVar[str] = "sigma"

    def __post_init__(self) -> None:
        if not 0 <= self.sigma <= 255:
            raise RestoreError(f"sigma is {self.sigma}; noise has one of 0 to 255 grey levels")

    def __call__(self, clean: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Degrade (N, C, H, W); the generator must live on the tensor's device."""
        noise = torch.randn(clean.shape, generator=generator, device=clean.device, dtype=clean.dtype)
        return clean + noise * (self.sigma / 255)


@dataclass(frozen=True)
class Jpeg(Degradation):
    """JPEG compression at quality 1..100; grey for one channel, colour (4:2:0) for three.

    Only if the whole picture was compressed does a patch begin anywhere on the grid of 8x8 blocks, with its
    neighbours' blocks around it. That also spares compressing in every update.

    Raises `RestoreError` for another quality, which libjpeg would silently take for the nearest.
    """

    quality: int
    key: ClassVar[str] = "quality"
    once: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not (isinstance(self.quality, int) and 1 <= self.quality <= 100):
            raise RestoreError(f"the quality is {self.quality}; JPEG has whole numbers from 1 to 100")

    def __call__(self, clean: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Degrade (N, C, H, W) through 8 bits and libjpeg."""
        decoded = [self._compress(picture) for picture in (clean * 255).round().clamp(0, 255).byte().cpu()]
        return torch.stack(decoded).to(clean) / 255

    def _compress(self, picture: torch.Tensor) -> torch.Tensor:
        pixels = picture[0].numpy() if len(picture) == 1 else picture.permute(1, 2, 0).contiguous().numpy()
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=self.quality)
        decoded = torch.from_numpy(np.array(Image.open(buffer)))
        return decoded[None] if decoded.ndim == 2 else decoded.permute(2, 0, 1)


FRAMES = LEVELS[-1]


def _place(level: int) -> int:
    """Where a temporal level stands among all."""
    if level not in LEVELS:
        raise RestoreError(f"there is no temporal level {level}; choose 3, 5, 7, 9, 11 or 13")
    return LEVELS.index(level)


@dataclass(frozen=True)
class Recorded(Degradation):
    """Blur that comes with the picture (see `sets.RECORDED`): three planes for each version, sharp first.

    `level` is one of `sets.LEVELS`, or 0 for the most blurred version, whatever its level. Raises
    `RestoreError` for another one, and for a picture that has not all levels, if one of them is asked for.
    """

    level: int = 0
    key: ClassVar[str] = "level"
    scored: ClassVar[Mapping] = {"channel": "rgb", "kernel": ""}

    def __post_init__(self) -> None:
        if self.level != 0:
            _place(self.level)

    def levels(self, clean: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """All versions of (N, 3 * versions, H, W), as (versions, N, 3, H, W)."""
        if clean.shape[1] < 6:
            raise RestoreError("this picture comes without recorded blur; take Motion, which makes some")
        return clean.unflatten(1, (-1, 3)).transpose(0, 1)

    def __call__(self, clean: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """The blurred version of (N, 3 * versions, H, W), as (N, 3, H, W)."""
        versions = self.levels(clean)
        if self.level and len(versions) != len(LEVELS):
            raise RestoreError(
                f"this picture has {len(versions) - 1} recorded blur and no temporal levels: there is no "
                f"level {self.level}; leave it out"
            )
        return versions[_place(self.level) if self.level else -1]


@dataclass(frozen=True)
class Motion(Degradation):
    """Blur of a camera that shakes while 13 frames are taken; the middle one is the clean picture.

    The camera shifts, turns and zooms along smooth random paths. Somewhere an elliptic part of the picture,
    an object, moves along a path of its own, before the rest.

    Args:
        level: how many of the 13 frames, around the middle one, the shutter is open for: 3, 5, ... 13.
        extent: pixels from one end of a shift to the other at most, but for the bend of the path; turning
            and zooming add up to a quarter of it each in the corners. Pixels from beyond the border are
            mirrored ones.
        objects: whether something moves by itself.
        linear: add light; else add stored values (see `sets.temporal_levels`).
    """

    level: int = FRAMES
    extent: float = 12.0
    objects: bool = True
    linear: bool = True
    key: ClassVar[str] = "level"
    scored: ClassVar[Mapping] = {"channel": "rgb", "kernel": ""}

    @property
    def margin(self) -> int:
        """Pixels around a patch that influence it."""
        return int(self.extent)

    def __post_init__(self) -> None:
        _place(self.level)
        if not 0 <= self.extent <= 10_000:
            raise RestoreError(f"the extent is {self.extent}; it must be of 0 to 10,000 pixels")

    def paths(self, clean: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Random paths, one for each of (N, C, H, W): (13, N, 4), all zeros in the middle.

        The four are pixels: shifts to the right and down, then what turning and zooming move the corners by.
        """
        t = torch.linspace(-1, 1, FRAMES, device=clean.device, dtype=clean.dtype)
        curves = torch.stack([t, t**2 / 2, t**3 - t])  # a way, its bend, and a way there and back
        share = uniform((len(clean), 4, 3), clean, generator) * 2 - 1
        most = clean.new_tensor([1 / 2, 1 / 2, 1 / 4, 1 / 4]) * self.extent
        return torch.einsum("nqc,ct->tnq", share, curves) * most

    def frames(self, clean: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """The 13 sharp frames, (13, N, C, H, W)."""
        seen = moved(clean, self.paths(clean, generator))
        if not self.objects:
            return seen
        cut_out = torch.cat([clean, ellipses(clean, generator)], 1)
        cut_out = moved(cut_out, self.paths(clean, generator))
        return torch.lerp(seen, cut_out[:, :, :-1], cut_out[:, :, -1:])

    def levels(self, clean: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """The blur of every shutter, (7, N, C, H, W), as a file holds it; the first is the clean picture."""
        return temporal_levels(self.frames(clean, generator), self.linear)

    def __call__(self, clean: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Degrade (N, C, H, W); the generator must live on the tensor's device."""
        return self.levels(clean, generator)[_place(self.level)]


def keys() -> tuple[str, ...]:
    """The keys of all degradations there are, by which scores name what a set was degraded by."""
    return tuple(dict.fromkeys(kind.key for kind in Degradation.kinds.values()))


def describe(degradation: Degradation) -> dict:
    """Plain values for records, e.g. {"kind": "bicubic", "scale": 2, "enlarge": True}."""
    return {"kind": type(degradation).__name__.lower(), **asdict(degradation)}


def from_description(description: dict) -> Degradation:
    """The degradation that `describe` described; raises `RestoreError` if there is none of its kind."""
    kind = description["kind"]
    if kind not in Degradation.kinds:
        raise RestoreError(f"'{kind}' is no degradation; there are {', '.join(Degradation.kinds)}")
    return Degradation.kinds[kind](**{k: v for k, v in description.items() if k != "kind"})
