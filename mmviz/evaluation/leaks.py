"""Signs that a run has seen what it was tested on. Two look for it in different ways, so that one catches what the
other cannot.

- *On record*: how many test pairs were among those that the training was handed. Sees a wrong split, not a side door.
- *By its deeds*: validation and test are two samples of the same thing, and a run learned from neither, so the ratio
  of the two hardly differs from run to run on one split (on the films it stays within ±15 % by time and at random). A
  run that is much better at test than its validation promises, where its peers are not, knew something. Sees side
  doors, but needs peers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

__all__ = ["by_its_deeds", "on_record"]

PEERS = 4
"""Runs on a split, at least, that say what is usual there."""

SPREADS = 6.0
"""How many robust standard deviations above the others' ratio are too many."""

FACTOR = 1.5
"""What is always allowed: few people make the ratio noisy."""


def on_record(learned: Mapping[str, int]) -> str:
    """What the run's own record says of test pairs among those it learned from; "" where there were none."""
    seen = learned.get("test_pairs", 0)
    if not seen:
        return ""
    return (
        f"Its training was handed {seen:,} of the pairs that it is tested on, among {learned['pairs']:,} in all. "
        "Its test result is no result; train it again on a split whose parts are apart."
    )


def by_its_deeds(validation: Mapping[str, float], test: Mapping[str, float]) -> dict[str, str]:
    """The runs whose test value is suspiciously far above validation, run -> a sentence.

    Both mappings give one metric by run, on one split. A run is compared with the median of the others, in units of
    their median absolute deviation (scaled to a standard deviation), on the logarithm of test over validation.
    """
    both = [name for name in test if validation.get(name, 0.0) > 0 and test[name] > 0]
    ratios = {name: math.log(test[name] / validation[name]) for name in both}
    found = {}
    for name in both:
        others = np.array([ratio for other, ratio in ratios.items() if other != name])  # (n − 1,)
        if len(others) < PEERS:
            continue
        usual = float(np.median(others))
        spread = 1.4826 * float(np.median(np.abs(others - usual)))
        if ratios[name] - usual > max(SPREADS * spread, math.log(FACTOR)):
            found[name] = (
                f"At test it reaches {math.exp(ratios[name]):.2f} times what it reached on validation; the others on "
                f"this split reach {math.exp(usual):.2f} times. It may have seen what it is tested on."
            )
    return found
