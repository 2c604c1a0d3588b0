"""Incremental temporal training: what each iteration of a network is to make of a blurred picture."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Incremental:
    """Targets a little sharper from one iteration to the next (MT-RNN paper).

    A batch enters at a temporal level drawn at random. Each iteration aims `step` levels lower, down to
    `last`; then it iterates on, 1 to 3 times, with that target again. Among the numbers of these that keep
    the total between `least` and `most` all are equally likely; how the authors draw is not known. All
    iterations of a batch make one update; their losses are averaged.

    Args:
        entries: levels to enter at.
        step: levels between the targets of one iteration and the next (table 3); 12 aims at `last` at once.
        last: lowest level there is to learn from; 1 is sharp, more are imperfect ground truth (table 6).
        least, most: iterations of a batch.
    """

    entries: tuple[int, ...] = (13, 11, 9, 7)
    step: int = 2
    last: int = 1
    least: int = 5
    most: int = 7

    def plan(self, seed: int, step: int) -> tuple[int, list[int]]:
        """The level that batch number `step` enters at, and the target's level of every iteration."""
        random = np.random.default_rng((seed, step))  # the same in every process, which wait for each other
        entry = int(random.choice(self.entries))
        ways = [*range(entry - self.step, self.last, -self.step), self.last]
        low = max(self.least, min(len(ways) + 1, self.most))
        total = int(random.integers(low, max(low, min(len(ways) + 3, self.most)) + 1))
        return entry, (ways + self.most * [self.last])[:total]
