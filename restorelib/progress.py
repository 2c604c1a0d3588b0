"""What a training has done so far, and how that is shown while it goes on."""

from dataclasses import dataclass, field

from tqdm.auto import tqdm

from restorelib.recipe import Recipe


@dataclass
class Progress:
    """What a training has done so far; everything but the tensors that a checkpoint needs."""

    step: int = 0
    seconds: float = 0.0
    first_update: float = 0.0  # seconds; what torch.compile took, if it was used
    loss: list = field(default_factory=list)  # [update, mean loss since the last entry]
    validation: list = field(default_factory=list)  # [update, minutes, PSNR in dB]
    accidents: list = field(default_factory=list)  # [update, what happened]
    slowed: float = 1.0  # what the rate is multiplied by, since an accident

    def done(self, recipe: Recipe) -> float:
        """The part of the training that is done, 0..1, by updates or by time, whichever is further."""
        by_updates = self.step / recipe.updates
        by_time = self.seconds / (60 * recipe.minutes) if recipe.minutes else 0.0
        return min(1.0, max(by_updates, by_time))

    def status(self, batch: int) -> str:
        """Speed, loss and validation so far, in a few words, for updates of `batch` patches."""
        words = []
        if self.seconds:
            words.append(f"{self.step * batch / self.seconds:.0f} patches/s")
        if self.loss:
            words.append(f"loss {self.loss[-1][1]:.5f}")
        if self.validation:
            words.append(f"{self.validation[-1][2]:.2f} dB")
        return ", ".join(words)


def progress_bar(name: str, shown: bool = True) -> tqdm:
    """A progress bar in per cent."""
    bar_format = "{desc} {percentage:3.0f}%|{bar}| {postfix}"
    return tqdm(total=100, desc=name, bar_format=bar_format, disable=None if shown else True)
