"""What to train, on what, how and for how long."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from hashlib import sha256

from restorelib.degrade import Degradation, describe, from_description
from restorelib.errors import RestoreError
from restorelib.patches import Incremental


@dataclass(frozen=True)
class Recipe:
    """What to train, on what, how and for how long. An ablation is `vary` with one field changed.

    Args:
        name: how tables and folders call it.
        network, options: arguments of `restorelib.build`.
        task: the degradations to undo; a batch mixes them.
        train_on, validate_on, test_on: names of sets or folders.
        scored_on: the degradations to score under, if not those of `task`.
        patch, batch: side of a degraded patch in pixels; patches in a batch.
        updates: steps of the optimiser.
        minutes: stop after this time at the latest; the schedule then ends with the time. None: no limit.
        loss: "l1", "l2" (means over pixels), or "sse" (half the summed squares over the batch size, as Caffe
            and MatConvNet have it, which clipping thresholds and learning rates of 2016 are made for).
        final_weight: the final prediction's share of the loss; the rest goes in equal parts to those that a
            `supervised` network makes on its way (alpha of the MemNet paper, section 3.3).
        optimiser: "adamw", "sgd" (momentum 0.9), or "muon" (`restorelib.optimisers.Muon`).
        lr, weight_decay: of the optimiser.
        schedule: "cosine" (2 % warm-up, then down to zero), "steps" (divided by ten at each quarter),
            "halving" (halved every 200,000 updates), "tenths" (halved after each tenth), or "constant".
        clip: None, "norm" (global norm at most `clip_threshold`), "value" (each element within it), or one of
            these with the threshold divided by the rate: "norm/lr" or "value/lr" (the VDSR paper's adjustable
            clipping, section 3.2).
        clip_threshold: theta of the VDSR paper.
        average: decay of the average of the weights that is validated and kept (`restorelib.averaging`), e.g.
            0.998. None: the last weights are.
        on_accident: what to do when the loss jumps, a layer dies or validation falls far
            (`restorelib.accidents`): "go on", or "go back" to the last validation where all was well, and
            halve the rate.
        seed: of weights and patches.
        validations: how many times a validation PSNR is taken, evenly over the training.
        start: a recipe whose trained weights this training begins with, wherever name and shape agree.
        incremental: gives each iteration of a network that iterates a target of its own; `task` then says how
            pictures are blurred, and at which levels they are scored.
    """

    name: str
    network: str
    task: tuple[Degradation, ...]
    train_on: tuple[str, ...]
    test_on: tuple[str, ...]
    patch: int
    batch: int
    updates: int
    options: Mapping = field(default_factory=dict)
    validate_on: str = "bundled"
    minutes: float | None = None
    loss: str = "l1"
    optimiser: str = "adamw"
    lr: float = 1e-3
    weight_decay: float = 1e-4
    schedule: str = "cosine"
    clip: str | None = "norm"
    clip_threshold: float = 1.0
    average: float | None = None
    on_accident: str = "go on"
    seed: int = 0
    validations: int = 10
    scored_on: tuple[Degradation, ...] = ()
    start: str | None = None
    final_weight: float = 1.0
    incremental: Incremental | None = None

    def vary(self, name: str, **changes) -> "Recipe":
        """This recipe with other values; `options` given here are added to the old ones."""
        options = {**self.options, **changes.pop("options", {})}
        return replace(self, name=name, options=options, **changes)

    @property
    def several_sizes(self) -> bool:
        """Whether degraded pictures differ in size, so that every batch has one degradation only."""
        return len({degradation.shrink for degradation in self.task}) > 1

    def as_dict(self) -> dict:
        """For records: plain values only, under the keys that records have."""
        plain = asdict(self)
        for field_ in TASKS:
            plain[field_] = [describe(d) for d in getattr(self, field_)]
        return json.loads(json.dumps({KEYS.get(name, name): value for name, value in plain.items()}))

    @classmethod
    def from_dict(cls, plain: Mapping) -> "Recipe":
        """The recipe that `as_dict` wrote.

        Raises `RestoreError` that names a field which is unknown, missing or of another type.
        """
        names = {key: name for name, key in KEYS.items()}
        values = {names.get(key, key): value for key, value in plain.items()}
        if unknown := values.keys() - {field_.name for field_ in fields(cls)}:
            raise RestoreError(f"has the unknown field '{sorted(unknown)[0]}'")
        for name in TASKS:
            values[name] = tuple(map(from_description, values.get(name, ())))
        values |= {name: tuple(values[name]) for name in ("train_on", "test_on") if name in values}
        if values.get("incremental"):
            entries = {"entries": tuple(values["incremental"]["entries"])}
            values["incremental"] = Incremental(**values["incremental"] | entries)
        from pydantic import TypeAdapter, ValidationError  # here, because it takes long to load

        try:
            return TypeAdapter(cls).validate_python(values)
        except ValidationError as error:
            raise RestoreError(fault(error)) from None

    def digest(self) -> str:
        """Twelve hex digits that change with any field that shapes the weights, and with nothing else.

        Fields at their defaults don't count, so that a new field leaves the digests of old runs as they are.
        """
        shaping = {key: value for key, value in self.chosen().items() if key not in UNSHAPING}
        return _short_hash(json.loads(json.dumps(shaping), parse_int=float))  # 100 and 100.0 are one number

    def made(self, digest: str) -> bool:
        """Whether a run or checkpoint with this digest is of this recipe.

        The first digests took in the name and what is scored as well; checkpoints of that time still go on.
        """
        return digest in (self.digest(), _short_hash(self.chosen()))

    def chosen(self) -> dict:
        """The fields that are not at their defaults, as in `as_dict`."""
        usual = type(self)("", "", (), (), (), 0, 0, 0).as_dict()
        return {key: value for key, value in self.as_dict().items() if value != usual[key]}


def fault(error: Exception) -> str:
    """The first thing that pydantic's `ValidationError` finds wrong, in words that name the field."""
    first, *more = error.errors(include_url=False)
    place = ".".join(map(str, first["loc"]))
    saying = {
        "json_invalid": "is cut short or no JSON; copy it anew, or train again",
        "missing": f"lacks the field '{place}'",
        "extra_forbidden": f"has the field '{place}', which this version does not know; update restorelib",
    }
    reason = first["msg"].removeprefix("Value error, ")
    reason = f"{place or 'all of it'}: {reason[0].lower()}{reason[1:]}"
    words = saying.get(first["type"], reason)
    return words + (f", and {len(more)} more faults" if more else "")


def _short_hash(plain: dict) -> str:
    return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:12]


# What a recipe is called, how often it is validated and what it is scored on make no other weights.
UNSHAPING = ("name", "validate_on", "validations", "test_on", "test_task")
# Fields that records know by another name, from before they were called so; and those that hold degradations.
KEYS = {"clip_threshold": "theta", "final_weight": "alpha", "scored_on": "test_task"}
TASKS = ("task", "scored_on")


def learning_rate(recipe: Recipe, progress: float) -> float:
    """The learning rate when `progress` (0..1) of the training is done."""
    if recipe.schedule == "constant":
        return recipe.lr
    if recipe.schedule == "steps":
        return recipe.lr * 0.1 ** min(int(progress * 4), 3)
    if recipe.schedule == "halving":
        return recipe.lr * 0.5 ** int(progress * recipe.updates / 200_000)
    if recipe.schedule == "tenths":
        return recipe.lr * 0.5 ** min(int(progress * 10), 9)
    if recipe.schedule == "cosine":
        warm = min(1.0, (progress + 1e-4) / 0.02)
        return recipe.lr * warm * 0.5 * (1 + math.cos(math.pi * progress))
    raise RestoreError(
        f"no schedule is called '{recipe.schedule}'; there are cosine, steps, halving, tenths, constant"
    )
