"""How a restored picture is scored: PSNR, SSIM, PSNR-B, and the `Protocol` they are taken under.

All functions take (1, C, H, W) tensors in [0, 1], compute in float64 and return a Python float.
"""

import math
from dataclasses import asdict, dataclass, replace

import torch
import torch.nn.functional as F

from restorelib.degrade import Bicubic, Degradation
from restorelib.errors import RestoreError
from restorelib.images import luma


def psnr(restored: torch.Tensor, clean: torch.Tensor) -> float:
    """Peak signal-to-noise ratio in dB for a peak of 1; infinite for equal pictures."""
    error = (restored.double() - clean.double()).square().mean().item()
    return math.inf if error == 0 else -10 * math.log10(error)


def ssim(restored: torch.Tensor, clean: torch.Tensor) -> float:
    """Structural similarity (Wang et al. 2004): 11x11 Gaussian window, sigma 1.5, valid positions only.

    No automatic down-sampling, as the restoration literature uses it. The mean over channels and positions.
    """
    x, y = restored.double(), clean.double()
    if min(x.shape[-2:]) < 11:
        raise RestoreError(f"SSIM needs at least 11x11 pixels, got {x.shape[-1]}x{x.shape[-2]}")
    tap = torch.exp(-0.5 * ((torch.arange(11, dtype=torch.float64, device=x.device) - 5) / 1.5) ** 2)
    tap = tap / tap.sum()

    def local_mean(z: torch.Tensor) -> torch.Tensor:
        z = z.flatten(0, 1)[:, None]
        return F.conv2d(F.conv2d(z, tap.view(1, 1, 11, 1)), tap.view(1, 1, 1, 11))

    mean_x, mean_y = local_mean(x), local_mean(y)
    variance_x = local_mean(x * x) - mean_x**2
    variance_y = local_mean(y * y) - mean_y**2
    covariance = local_mean(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    return (luminance * structure).mean().item()


def psnr_b(restored: torch.Tensor, clean: torch.Tensor, block: int = 8) -> float:
    """PSNR with a penalty for block edges in the restored grey picture (Yim and Bovik 2011)."""
    x = restored.double()[0, 0]
    steps = {0: (x[1:] - x[:-1]).square(), 1: (x[:, 1:] - x[:, :-1]).square()}
    on_edge, off_edge = [], []
    for axis, step in steps.items():
        at_edge = (torch.arange(step.shape[axis], device=x.device) + 1) % block == 0
        on_edge.append(step.index_select(axis, at_edge.nonzero()[:, 0]).flatten())
        off_edge.append(step.index_select(axis, (~at_edge).nonzero()[:, 0]).flatten())
    excess = (torch.cat(on_edge).mean() - torch.cat(off_edge).mean()).item()
    blockiness = max(excess, 0.0) * math.log2(block) / math.log2(min(x.shape))
    error = (x - clean.double()[0, 0]).square().mean().item() + blockiness
    return math.inf if error == 0 else -10 * math.log10(error)


@dataclass(frozen=True)
class Protocol:
    """Every choice that moves a score although the network stays the same. Stored in every record.

    Args:
        channel: "y" (studio-swing luma of MATLAB's rgb2ycbcr) or "rgb".
        border: pixels cut from each side before scoring.
        low, high: grey levels the restored picture is clipped to.
        clip_input: whether the network's input is clipped to them too. The authors of VDSR must have done so:
            with it their weights give their printed Set14 scores, without it 0.03 dB more.
        clip_grey: whether that is done to grey files too, which hold 0..255 and not luma. Set14's published
            tables are, and so are those of records that don't say.
        rounded: whether the restored picture is rounded to 8 bits before scoring.
        kernel: how low-resolution pictures are made.
        noise_seed: seed of the noise on the first picture of a set; the next has the next seed.
        self_ensemble: whether eight flips and rotations are restored and averaged.
    """

    channel: str = "y"
    border: int = 0
    low: int = 0
    high: int = 255
    clip_input: bool = False
    clip_grey: bool = True
    rounded: bool = True
    kernel: str = "bicubic a=-0.5, antialiased, mirrored edge, float"
    noise_seed: int = 0
    self_ensemble: bool = False

    @classmethod
    def usual(cls, degradation: Degradation) -> "Protocol":
        """What the papers do for this task."""
        return cls(**degradation.scored)

    @classmethod
    def div2k(cls, degradation: Bicubic) -> "Protocol":
        """How DIV2K is scored since the NTIRE 2017 challenge: RGB, `scale` + 6 pixels cut."""
        return replace(cls.usual(degradation), channel="rgb", border=degradation.scale + 6)

    def of_file(self, grey: bool) -> "Protocol":
        """This protocol for a file that is grey or not: levels 0..255 where grey files are not clipped."""
        return replace(self, low=0, high=255) if grey and not self.clip_grey else self

    def admit(self, degraded: torch.Tensor) -> torch.Tensor:
        """What the network is given."""
        return degraded.clamp(self.low / 255, self.high / 255) if self.clip_input else degraded

    def prepare(self, picture: torch.Tensor) -> torch.Tensor:
        """The pixels that are compared: channel, clipping, rounding and border as the protocol says."""
        x = picture.double()
        if self.channel == "y" and x.shape[1] == 3:
            x = luma((x.clamp(0, 1) * 255).round() / 255)
        x = x.clamp(self.low / 255, self.high / 255)
        if self.rounded:
            x = (x * 255).round() / 255
        return self._cut(x)

    def score(self, restored: torch.Tensor, clean: torch.Tensor) -> dict[str, float]:
        """PSNR and SSIM of one picture."""
        x, y = self.prepare(restored), self.reference(clean)
        return {"psnr": psnr(x, y), "ssim": ssim(x, y)}

    def reference(self, clean: torch.Tensor) -> torch.Tensor:
        """The clean picture as compared: 8-bit by nature, so only channel and border apply."""
        return self._cut(luma(clean.double()) if self.channel == "y" else clean.double())

    def _cut(self, x: torch.Tensor) -> torch.Tensor:
        b = self.border
        return x[..., b : x.shape[-2] - b, b : x.shape[-1] - b]

    def as_dict(self) -> dict:
        """For records and JSON."""
        return asdict(self)
