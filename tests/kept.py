"""What a network keeps between its forward and its backward pass."""

import torch


def kept_by(network, x, **options):
    """(bytes that are kept for the gradients beside the weights, the network's output)."""
    weights = {parameter.data_ptr() for parameter in network.parameters()}
    kept = {}

    def keep(tensor):
        if tensor.data_ptr() not in weights:
            kept[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        y = network(x, **options)
    return sum(kept.values()), y
