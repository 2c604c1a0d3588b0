"""Weights that the authors of the papers released, fetched by URL and checksum and read without pickle."""

import numpy as np
import torch
from torch import nn

from restorelib.degrade import Bicubic, describe
from restorelib.images import locate
from restorelib.networks import build


def vdsr() -> tuple[nn.Module, dict]:
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
    about = {
        "name": "official/vdsr",
        "network": "vdsr",
        "task": [describe(Bicubic(scale)) for scale in (2, 3, 4)],
        "source": "the authors' weights, converted in github.com/huangzehao/caffe-vdsr",
    }
    return network, about


OFFICIAL = {"official/vdsr": vdsr}
