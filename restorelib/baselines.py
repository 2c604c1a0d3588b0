"""What trained networks are compared with: no restoration, classical denoisers, the authors' own weights.

The denoisers learn nothing and are told sigma, as in the papers that compare themselves with them. Weights in
`OFFICIAL` are fetched by URL and checksum. A file that you have is read as plain tensors; nothing in it runs.
"""

import io
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import nn

from restorelib.blocks import DIV2K_MEAN
from restorelib.checkpoints import misfit
from restorelib.degrade import Bicubic, Degradation, Jpeg, Motion, Noise, Recorded
from restorelib.errors import RestoreError
from restorelib.networks import build
from restorelib.networks.base import WHOLE, Restorer
from restorelib.records import Origin
from restorelib.sets import locate

# ---------------------------------------------------------------- no restoration


class Unrestored(Restorer):
    """Gives back what it is given, e.g. the baseline "bicubic" of super-resolution."""

    def __init__(self, channels: int = 1):
        super().__init__()
        self.channels = channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The input itself."""
        return x


# For each, its channels and what it was degraded by.
UNRESTORED: dict[str, tuple[int, tuple[Degradation, ...]]] = {
    "bicubic": (1, tuple(Bicubic(scale) for scale in (2, 3, 4))),
    "noisy": (1, tuple(Noise(sigma) for sigma in (10, 30, 50, 70))),
    "jpeg": (1, tuple(Jpeg(quality) for quality in (10, 20))),
    "blurred": (3, tuple(Motion(level) for level in (3, 5, 7, 9, 11, 13))),
}


# ---------------------------------------------------------------- classical denoisers


def bm3d(noisy: np.ndarray, sigma: float) -> np.ndarray:
    """BM3D (Dabov et al. 2007) by its authors' package, whose licence allows non-commercial use only."""
    from bm3d import bm3d

    return bm3d(noisy, sigma)


def nlm(noisy: np.ndarray, sigma: float) -> np.ndarray:
    """Non-local means (Buades et al. 2005) by scikit-image, as strong as its documentation advises."""
    from skimage.restoration import denoise_nl_means

    restored = denoise_nl_means(noisy, patch_size=7, patch_distance=11, h=0.6 * sigma, sigma=sigma)
    return restored.reshape(noisy.shape)  # scikit-image leaves a side of one pixel out


def tv(noisy: np.ndarray, sigma: float) -> np.ndarray:
    """Total variation (Chambolle 2004) by scikit-image; the weight suits the bundled photographs best."""
    from skimage.restoration import denoise_tv_chambolle

    return denoise_tv_chambolle(noisy, weight=sigma)


METHODS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {"bm3d": bm3d, "nlm": nlm, "tv": tv}


class Classical(Restorer):
    """A classical denoiser in the place of a network, for grey pictures (N, 1, H, W) in [0, 1].

    Args:
        method: "bm3d", "nlm" or "tv".
        sigma: of the noise, in grey levels, above 0 and up to 255.

    Raises `RestoreError` for another sigma, and where the package for BM3D is missing.
    """

    channels = 1

    def __init__(self, method: str, sigma: float):
        super().__init__()
        if not 0 < sigma <= 255:
            raise RestoreError(f"{method}/{sigma}: sigma must be above 0 and at most 255 grey levels")
        if method == "bm3d" and not find_spec("bm3d"):
            raise RestoreError("BM3D is a package of its own: pip install bm3d")
        self.method, self.sigma = METHODS[method], sigma
        # A window and half a patch. BM3D's blocks lie on a grid that begins at the picture's corner, and TV
        # stops when all of the picture has settled: neither gives the same in a piece.
        self.reach = 11 + 3 if method == "nlm" else WHOLE

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        """The restored picture, on the CPU."""
        planes = noisy.double().cpu().numpy()
        restored = [self.method(plane, self.sigma / 255) for (plane,) in planes]
        return torch.from_numpy(np.stack(restored))[:, None].to(noisy)


# ---------------------------------------------------------------- the authors' weights


def vdsr() -> tuple[nn.Module, Origin]:
    """The VDSR authors' MatConvNet weights, as converted in huangzehao/caffe-vdsr.

    The file stores kernels as (height, width, in, out); like PyTorch, MatConvNet does not flip them.
    """
    import scipy.io

    model = scipy.io.loadmat(locate("checkpoints", "VDSR_Official.mat"))["model"][0, 0]
    network = build("vdsr")
    for layer, kernel, bias in zip(network.layers, model["weight"].flat, model["bias"].flat, strict=True):
        kernel = kernel.reshape(*kernel.shape[:3], -1)  # the last one is stored without its single output
        layer.weight.data = torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))).float()
        layer.bias.data = torch.from_numpy(bias.ravel()).float()
    return network, Origin(
        name="official/vdsr",
        network="vdsr",
        task=tuple(Bicubic(scale) for scale in (2, 3, 4)),
        source="the authors' weights, converted in github.com/huangzehao/caffe-vdsr",
    )


def dmphn() -> tuple[nn.Module, Origin]:
    """The weights of DMPHN(1-2-4) in the authors' repository HongguangZhang/DMPHN-cvpr19-master."""
    network = build("dmphn")
    tensors = {}
    for part in (f"{kind}_lv{level}" for kind in ("encoder", "decoder") for level in (1, 2, 3)):
        path = locate("checkpoints", f"DMPHN_1_2_4/{part}.pkl")
        tensors |= {f"{part}.{name}": tensor for name, tensor in _plain_tensors(path).items()}
    network.load_state_dict(tensors)
    return network, Origin(
        name="official/dmphn",
        network="dmphn",
        task=(Recorded(),),
        source="the authors' weights, github.com/HongguangZhang/DMPHN-cvpr19-master",
    )


def load_mtrnn(path: str | Path) -> nn.Module:
    """An MT-RNN from a checkpoint of the authors' release, `model_best.pt` of github.com/Dong1P/MTRNN.

    Raises `RestoreError` if the file can't be read or holds anything but the tensors of such a network.
    """
    content = _plain_tensors(path, "state_dict", "model")
    tensors = {name.removeprefix("module."): tensor for name, tensor in content.items()}
    weight = tensors.get("conv1_1.0.weight", torch.empty(32, 6, 3, 3))
    recurrent = "conv2_c.0.weight" in tensors
    network = build("mtrnn", width=weight.shape[0], kernel=weight.shape[-1], recurrent=recurrent)
    return _filled(network, tensors, path).eval()


def load_edsr(path: str | Path) -> nn.Module:
    """An EDSR or MDSR from a checkpoint of the authors' PyTorch release, e.g. `edsr_baseline_x2-HASH.pt`.

    The README of github.com/sanghyun-son/EDSR-PyTorch links them. Names and shapes tell which network it is,
    but not its residual scaling: that is 0.1 with 256 channels, else none (EDSR paper, table 1).

    Raises `RestoreError` if the file can't be read or holds anything but the tensors of such a network.
    """
    tensors = {name.removeprefix("model."): tensor for name, tensor in _plain_tensors(path).items()}
    network = _build_edsr({name: x.shape for name, x in tensors.items()})
    return _filled(network, tensors, path).eval()


def _filled(network: nn.Module, tensors: dict[str, torch.Tensor], path: str | Path) -> nn.Module:
    """The network with weights that were made for pictures in 0..255, without DIV2K's mean."""
    _check(path, tensors, network, "the authors")
    # The authors compute in 0..255. Convolutions, ReLUs and sums commute with a factor once biases carry it.
    tensors = {name: x.float() / 255 if name.endswith("bias") else x for name, x in tensors.items()}
    if not torch.allclose(tensors["add_mean.bias"], torch.tensor(DIV2K_MEAN), atol=1e-3):
        raise RestoreError(
            f"{path}: its add_mean.bias is not DIV2K's mean in 0..255; another range is refused"
        )
    network.load_state_dict(tensors)
    return network


def _build_edsr(shapes: dict[str, torch.Size]) -> nn.Module:
    """The network that tensors of these shapes most likely belong to."""
    blocks = sum(bool(re.fullmatch(r"body\.\d+\.body\.0\.weight", name)) for name in shapes)
    width = shapes.get("head.0.weight", [64])[0]
    if any(name.startswith("pre_process.") for name in shapes):
        return build("mdsr", blocks=blocks, width=width)
    scale = 3 if shapes.get("tail.0.0.weight", [0])[0] == 9 * width else 2
    scale = 4 if "tail.0.2.weight" in shapes else scale
    return build(
        "edsr", scale=scale, blocks=blocks, width=width, residual_scaling=0.1 if width == 256 else 1.0
    )


def load_rednet(path: str | Path) -> nn.Module:
    """A RED-Net from a state dict with the names of github.com/yjn870/REDNet-pytorch.

    As it is, that port takes RGB and has stride 2 in its first and last layer: it is refused. Changed to one
    channel and stride 1, as in the paper, it fits; a file does not tell its strides. Values below black are
    kept here, which the port's last ReLU cuts off.

    Raises `RestoreError` if the file can't be read or holds anything but the tensors of such a network.
    """
    tensors = _plain_tensors(path)
    first = tensors.get("conv_layers.0.0.weight", torch.empty(64, 1))
    if first.shape[1] != 1:
        raise RestoreError(
            f"{path}: takes {first.shape[1]} channels, as the port does at stride 2; the paper's network "
            "takes one, at stride 1"
        )
    half = sum(bool(re.fullmatch(r"conv_layers\.\d+\.0\.weight", name)) for name in tensors)
    if half not in (5, 10, 15):
        raise RestoreError(f"{path}: has {half} layers named conv_layers.N.0; a RED-Net has 5, 10 or 15")

    def renamed(name: str) -> str:
        if match := re.fullmatch(r"(conv|deconv)_layers\.(\d+)(?:\.0)?\.(weight|bias)", name):
            return f"layers.{int(match[2]) + (half if match[1] == 'deconv' else 0)}.{match[3]}"
        return name

    tensors = {renamed(name): tensor for name, tensor in tensors.items()}
    network = build("rednet", depth=2 * half, width=first.shape[0], skip_every=2 if half > 5 else 0)
    _check(path, tensors, network, "the port")
    network.load_state_dict(tensors)
    return network.eval()


def _check(path: str | Path, tensors: dict[str, torch.Tensor], network: nn.Module, whose: str) -> None:
    """Raise `RestoreError` unless names and shapes are those of the network."""
    if wrong := misfit(tensors, network):
        raise RestoreError(f"{path}: is no {type(network).__name__} of {whose}; it {wrong}")


def _plain_tensors(path: str | Path, *wrappers: str) -> dict[str, torch.Tensor]:
    """The tensors in a file, or in its entry called one of `wrappers` if it has one."""
    try:
        file = io.BytesIO(Path(path).read_bytes())
    except OSError as error:
        raise RestoreError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a broken or hostile file fails in a dozen ways
        raise RestoreError(
            f"{path}: refused, it is broken or holds more than tensors ({type(error).__name__})"
        ) from None
    for name in wrappers:
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            content = content[name]
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and torch.is_tensor(x) and x.ndim for name, x in content.items()
    ):
        raise RestoreError(f"{path}: holds something else than named tensors; save a state dict")
    return content


OFFICIAL = {"official/vdsr": vdsr, "official/dmphn": dmphn}
