"""The ten-minute tour's worked examples on the digits: influence by hand, and what refinements do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from threadpoolctl import threadpool_limits

from effaug import logistic
from effaug._validation import unknown
from effaug.curves import auc, budget_curve, frozen_learner
from effaug.plans import plan_weights
from effaug.report.labels import policy_label
from effaug.report.parameters import ParameterError
from effaug.report.rounding import shown
from effaug.scores import influence
from effaug.study.learners import frozen_features
from effaug.study.protocols import NAMES, load_protocol
from effaug.study.task_data import load_subset
from effaug.study.tasks import AUGMENTATIONS, load_task

POLICIES = (
    "baseline",
    *(f"random_proportional{suffix}" for suffix in ("", "_downweight", "_update", "_update_downweight")),
)
SHOWN = ("0 points", "10 points", "20 points", "50 points", "200 points")  # of the digits' budgets
NUDGE = 1e-3  # of a point's weight of 1


@dataclass(frozen=True, eq=False)
class Lesson:
    """The digits' task, and the model of its un-augmented training set.

    Attributes
    ----------
    images : ndarray, shape (n, h, w)
    digits : ndarray of int, shape (n,)
        Which digit each is.
    train, test : ndarray, shapes (n, 1 + t, d) and (m, 1 + t, d)
        Pixels of the originals and their copies.
    y, y_test : ndarray of int, shapes (n,) and (m,)
    model : LogisticModel
    ridge : float or None
        L2 term of the Hessian, where it is not the model's own.
    influence : ndarray, shape (n,)
    budgets : tuple of int
    """

    images: np.ndarray
    digits: np.ndarray
    train: np.ndarray
    test: np.ndarray
    y: np.ndarray
    y_test: np.ndarray
    model: logistic.LogisticModel
    ridge: float | None
    influence: np.ndarray
    budgets: tuple[int, ...]

    @property
    def originals(self) -> np.ndarray:
        """Pixels of the originals (n, d), in double precision."""
        found: np.ndarray = self.train[:, 0].astype(float)
        return found

    @property
    def ranked(self) -> np.ndarray:
        """Points by falling influence."""
        return np.argsort(-self.influence, kind="stable")


def lesson(augmentation: str, protocol: str) -> Lesson:
    """The digits under one of the augmentations, and the model of a protocol.

    Raises
    ------
    ParameterError
        If `augmentation` is "all", or `protocol` is a changed one.
    """
    for name, value, accepted in (("augmentation", augmentation, AUGMENTATIONS), ("protocol", protocol, NAMES)):
        if value not in accepted:
            raise ParameterError(f"{unknown(name, value, accepted)}, on this page")
    settings = load_protocol(protocol, task=f"digits-{augmentation}")
    task = load_task(f"digits-{augmentation}", protocol=settings)
    subset, (train, test) = load_subset(task), frozen_features(task, settings)
    X, y = np.array(train, float), subset.y_train
    model = logistic.fit(X[:, 0], y, C=settings.C)
    scores = influence(model, X[:, 0], y, ridge=settings.ridge)
    images, digits = subset.x_train[..., 0], np.array(task.classes)[y]
    about = (model, settings.ridge, scores, task.budgets)
    return Lesson(images, digits, X, np.array(test), y, subset.y_test, *about)


def own_loss(lesson: Lesson, point: int, weight: float) -> float:
    """A point's loss under the model in whose training it weighs so much; refitted, not approximated."""
    weights = np.ones(len(lesson.y))
    weights[point] = weight
    model = logistic.fit(lesson.originals, lesson.y, weights, C=lesson.model.C)
    return float(model.log_loss(lesson.originals[[point]], lesson.y[[point]])[0])


def by_hand(lesson: Lesson) -> np.ndarray:
    """How much each point's own loss rises when it is left out of the training: one refit a point, (n,)."""
    before = lesson.model.log_loss(lesson.originals, lesson.y)
    with threadpool_limits(1):  # of such small systems threads cost more than they give
        after = np.array([own_loss(lesson, point, 0.0) for point in range(len(lesson.y))])
    rise: np.ndarray = after - before
    return rise


def nudged(lesson: Lesson, point: int) -> float:
    """How fast a point's own loss rises as its weight falls from 1: two refits, with a little more and less of it."""
    return (own_loss(lesson, point, 1 - NUDGE) - own_loss(lesson, point, 1 + NUDGE)) / (2 * NUDGE)


def digits_alike(first: float, second: float) -> int:
    """To how many significant digits two numbers agree.

    Examples
    --------
    >>> digits_alike(0.123456, 0.123499), digits_alike(1.0, 2.0)
    (3, 0)
    """
    if first == second:
        return 15
    return max(0, math.floor(-math.log10(abs(first - second) / max(abs(first), abs(second)))))


def influence_table(lesson: Lesson, left_out: np.ndarray) -> pd.DataFrame:
    """Five points from the most to the least influential: left out by hand, nudged by hand, and the closed form.

    Parameters
    ----------
    lesson : Lesson
    left_out : ndarray, shape (n,)
        Of `by_hand`.
    """
    ranks = (0, 4, 19, 99, 179)
    rows = {}
    for rank in ranks:
        point = lesson.ranked[rank]
        slope, closed = nudged(lesson, point), lesson.influence[point]
        rows[rank + 1] = {
            "digits alike": min(5, digits_alike(slope, closed)),
            "weight nudged": f"{slope:.5g}",
            "closed form": f"{closed:.5g}",
            "left out": f"{left_out[point]:.3g}",
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("rank")


def influence_words(lesson: Lesson, left_out: np.ndarray) -> str:
    """How well the closed form says what leaving out does, in words."""
    rho = spearmanr(left_out, lesson.influence).statistic
    ratio = left_out / lesson.influence
    share = lesson.influence[lesson.ranked[:20]].sum() / lesson.influence.sum()
    said = (
        f"The closed form gives the {len(lesson.y)} points nearly the order that leaving out gives them: Spearman's "
        f"correlation is {shown(rho, 4)}. The rise itself is {shown(np.median(ratio), 1)} times the closed form in the "
        f"median, and {shown(ratio[lesson.ranked[0]], 1)} times at the point of largest influence. The 20 points of "
        f"largest influence hold {shown(100 * share, 0)} % of the sum of all."
    )
    if ratio[lesson.ranked[0]] > 1:
        said += (
            " Without an influential point the model is also free to turn away from it, and the slope does not know "
            "of that."
        )
    if lesson.ridge is not None:
        said += (
            f" Nudging and the closed form differ under this protocol, because its Hessian has a ridge of "
            f"{lesson.ridge:.0e} where the model's own L2 term is {shown(1 / lesson.model.C, 1)}."
        )
    return said


def boundary_words(lesson: Lesson, k: int = 20) -> str:
    """Which of the two factors of influence decides, and what augmenting meets, in words."""
    away = np.abs(lesson.model.predict_proba(lesson.originals) - lesson.y)
    spans = {"residual": np.ptp(np.log10(away**2)), "leverage": np.ptp(np.log10(lesson.influence / away**2))}
    wrong = (lesson.model.predict_proba(lesson.train[:, 1:]) > 0.5) != lesson.y[:, None]
    top, rest = lesson.ranked[:k], lesson.ranked[k:]
    return (
        f"From the smallest to the largest, the squared residual spans {shown(spans['residual'], 1)} orders of "
        f"magnitude and the leverage {shown(spans['leverage'], 1)}: the {max(spans, key=lambda name: spans[name])} "
        f"decides. The {k} points of largest influence are given their own digit with a probability of "
        f"{shown(1 - np.median(away[top]), 2)} in the median, the others with {shown(1 - np.median(away[rest]), 3)}. "
        f"Of the copies of those {k} the model, which has seen no copies, gets {shown(100 * wrong[top].mean(), 0)} % "
        f"wrong, of the copies of the others {shown(100 * wrong[rest].mean(), 0)} %."
    )


def plan_table() -> pd.DataFrame:
    """Weights of an original and its three copies: not selected, selected, selected and down-weighted."""
    plain, shared = (plan_weights(np.array([False, True]), 3, downweight=down) for down in (False, True))
    names = pd.Index(["not selected", "selected", "down-weighted"], name="point")
    columns = ["original", *(f"copy {k}" for k in range(1, 4))]
    frame = pd.DataFrame([plain[0], plain[1], shared[1]], index=names, columns=columns)
    return frame.assign(sum=frame.sum(axis=1))


def after(lesson: Lesson, k: int = 20) -> np.ndarray:
    """Influence of every point once the k of largest influence are augmented, (n,)."""
    selected = np.isin(np.arange(len(lesson.y)), lesson.ranked[:k])
    weights = plan_weights(selected, lesson.train.shape[1] - 1)
    model = logistic.fit(lesson.train, lesson.y, weights, C=lesson.model.C)
    return influence(model, lesson.train, lesson.y, weights, ridge=lesson.ridge)


def update_words(lesson: Lesson, updated: np.ndarray, k: int = 20) -> str:
    """What augmenting the k points of largest influence does to influence, in words."""
    chosen = lesson.ranked[:k]
    stay = len(np.intersect1d(chosen, np.argsort(-updated, kind="stable")[:k]))
    fell = (updated[chosen] < lesson.influence[chosen]).sum()
    rest = np.setdiff1d(lesson.ranked, chosen)
    rose = (updated[rest] > lesson.influence[rest]).mean()
    return (
        f"The {k} points of largest influence were augmented. Influence fell at {fell} of them, and rose at "
        f"{shown(100 * rose, 0)} % of the others; {stay} of the {k} are still among the {k} largest."
    )


def refinement_table(lesson: Lesson, n_seeds: int) -> pd.DataFrame:
    """Accuracy in percent with a few points augmented, and the AUC over all budgets, by policy: means over seeds."""
    copies, budgets = lesson.train.shape[1] - 1, lesson.budgets
    learn = frozen_learner((lesson.train, lesson.test), (lesson.y, lesson.y_test), lesson.model.C)
    rows = {}
    for policy in POLICIES:
        with threadpool_limits(1):
            curves = [
                budget_curve(learn, lesson.y, copies, policy, budgets, ridge=lesson.ridge, random_state=seed)
                for seed in range(n_seeds)
            ]
        mean = np.mean([curve.accuracies for curve in curves], axis=0)
        at = {f"{budget} points": shown(100 * value, 1) for budget, value in zip(budgets, mean, strict=True)}
        area = float(np.mean([auc(curve.budgets, curve.accuracies) for curve in curves]))
        rows[policy_label(policy)] = {column: at[column] for column in SHOWN} | {"AUC": shown(area, 1)}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("points are chosen")
