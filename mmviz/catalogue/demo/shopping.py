"""What everybody did: who came when, what they took, and how many stars they gave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmviz.catalogue.demo.plan import END, START, ItemPlan
from mmviz.catalogue.demo.tastes import Person
from mmviz.catalogue.demo.utility import Floats, World

__all__ = ["Shopping", "go_shopping"]

_NEW_USERS = 0.08
_ASTRAY = 0.03
_PER_VISIT = 4
_FOLLOWING = {"popular": 2.6}
_MASS = 0.92


@dataclass(frozen=True)
class Shopping:
    """Interactions in order of time, and the people who made them.

    `interactions` has the columns of `Catalogue.interactions`; `users` one row per user code, with taste, wants,
    camp, rules (JSON), sharpness, following and arrived (seconds since 1970 UTC).
    """

    interactions: pd.DataFrame
    users: pd.DataFrame


def go_shopping(plans: list[ItemPlan], people: tuple[Person, ...], interactions: int, seed: int) -> Shopping:
    """Send everybody shopping until there are `interactions` of them (fewer only where the shop is too small)."""
    rng = np.random.default_rng([seed, 1])
    new = rng.random(len(people)) < _NEW_USERS
    baskets = _basket_sizes(rng, new, interactions, len(plans))
    world = World(
        [plan.attributes for plan in plans],
        np.array([plan.appeal for plan in plans]),
        np.array([plan.released for plan in plans]),
        [person.rules for person in people],
        np.ones(len(people)),
        np.array([_FOLLOWING.get(person.taste, 0.45) for person in people]),
    )
    for number, person in enumerate(people):
        world.sharpness[number] = _sharpness(world, number, int(baskets[number])) if person.rules else 0.0
    arrived = np.where(new, rng.uniform(0.93, 0.985, len(people)), rng.uniform(0.0, 0.5, len(people)))
    left = np.where(new | (rng.random(len(people)) < 0.8), 1.0, np.minimum(arrived + 0.4, 1.0))
    tables = [
        _one_person(world, number, int(baskets[number]), (float(arrived[number]), float(left[number])), seed)
        for number in range(len(people))
    ]
    frame = pd.concat(tables, ignore_index=True).sort_values("time", kind="stable", ignore_index=True)
    users = pd.DataFrame(
        {
            "taste": [person.taste for person in people],
            "wants": [person.wants for person in people],
            "camp": [person.camp for person in people],
            "rules": [person.rules_json() for person in people],
            "sharpness": world.sharpness,
            "following": world.following,
            "arrived": START + (END - START) * arrived,
        }
    )
    return Shopping(frame, users)


def _basket_sizes(
    rng: np.random.Generator, new: npt.NDArray[np.bool_], interactions: int, items: int
) -> npt.NDArray[np.int64]:
    """(U,) how much each person takes: a few for new ones, log-normal for all others, exactly `interactions` in all."""
    sizes = np.where(new, rng.integers(3, 9, len(new)), 0).astype(np.float64)
    wanted = np.clip(np.exp(rng.normal(0, 0.45, len(new))), 0.45, 2.6) * ~new
    limit = max(1, items // 4)
    rest = max(0.0, interactions - sizes.sum())
    for _ in range(20):  # people at the limit leave the rest to the others
        sizes = np.where(new, sizes, np.minimum(wanted * rest / max(wanted.sum(), 1e-9), limit))
        short = interactions - sizes.sum()
        if short < 1 or (sizes[~new] >= limit).all():
            break
        wanted = np.where(sizes < limit, wanted * (1 + short / max(sizes[sizes < limit].sum(), 1)), wanted)
    whole = np.floor(np.minimum(sizes, limit)).astype(np.int64)
    missing = max(0, min(interactions - int(whole.sum()), len(whole)))
    order = np.argsort(-(sizes - whole), kind="stable")
    whole[order[:missing]] += 1
    return np.maximum(whole, 1)


def _sharpness(world: World, person: int, basket: int) -> float:
    """How decided a person is: so much that nearly all of what they take lies among as many items as they take.

    The number is found by bisection; it makes a large basket come from a wide taste and a small one from a narrow
    one, so that what a person takes next can be foreseen by somebody who knows the taste.
    """
    taste = world.taste(person, END)
    others = world.following[person] * world.pull(END)
    n = min(len(taste) - 1, round(1.25 * basket) + 12)
    low, high = 0.5, 9.0
    for _ in range(14):
        middle = (low + high) / 2
        weight = np.exp(middle * (taste - taste.max()) + others)
        mass = -np.partition(-weight, n)[:n].sum() / weight.sum()
        low, high = (low, middle) if mass > _MASS else (middle, high)
    return round((low + high) / 2, 3)


def _one_person(world: World, person: int, basket: int, span: tuple[float, float], seed: int) -> pd.DataFrame:
    """All visits of one person: at each, some items that are there and not yet theirs, by Gumbel-top-k draws."""
    rng = np.random.default_rng([seed, 2, person])
    visits = max(1, round(basket / _PER_VISIT))
    sizes = np.bincount(rng.integers(0, visits, basket), minlength=visits)
    days = np.sort(rng.uniform(span[0], min(span[1], 0.999), visits))
    owned = np.zeros(len(world.appeal), dtype=bool)
    items, times, stars = [], [], []
    for size, day in zip(sizes, days, strict=True):
        time = float(np.floor(START + (END - START) * day))
        weight = world.log_weight(person, time)
        astray = rng.random() < _ASTRAY * _PER_VISIT / 2
        weight = np.where(owned | np.isinf(weight), -np.inf, 0.0 * world.appeal if astray else weight)
        chosen = _drawn(rng, weight, int(size))
        owned[chosen] = True
        items.append(chosen)
        times.append(time + np.cumsum(rng.integers(30, 900, len(chosen))))
        stars.append(_stars(rng, world, person, time, chosen))
    columns = {
        "user": np.full(sum(map(len, items)), person, dtype=np.int32),
        "item": np.concatenate(items).astype(np.int32),
        "rating": np.concatenate(stars).astype(np.float32),
        "time": np.concatenate(times).astype(np.float64),
    }
    return pd.DataFrame(columns)


def _drawn(rng: np.random.Generator, weight: Floats, size: int) -> npt.NDArray[np.int64]:
    """`size` items without repetition, each next one with a chance proportional to exp(weight) (Gumbel-top-k)."""
    noisy = weight + rng.gumbel(size=len(weight))
    size = min(size, int(np.isfinite(weight).sum()))
    best = np.argpartition(-noisy, min(size, len(noisy) - 1))[:size]
    return best[np.argsort(-noisy[best], kind="stable")].astype(np.int64)


def _stars(rng: np.random.Generator, world: World, person: int, time: float, chosen: npt.NDArray[np.int64]) -> Floats:
    """One to five stars: by how well the item fits the taste, or without a taste by the item's appeal; and chance."""
    if world.rules[person]:
        taste = world.taste(person, time)
        fit = (taste[chosen] - taste.mean()) / max(float(taste.max() - taste.mean()), 1e-6)
    else:
        fit = world.appeal[chosen] / 2.5
    stars = np.rint(2.9 + 1.7 * fit + rng.normal(0, 0.55, len(chosen)))
    return np.asarray(np.clip(stars, 1, 5), dtype=np.float64)
