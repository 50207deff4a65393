"""The paper's claims as data, and the effect by which each is judged."""

from __future__ import annotations

from dataclasses import dataclass

from effaug.report.published import DATASETS


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, in our words, and what decides it.

    Attributes
    ----------
    id : str
    section : str
        Where the paper makes it.
    says : str
    decided_by : str
        The quantity whose interval is compared with a bound.
    holds : {"every", "most", "many", "some"}
        In how many of the comparisons that quantity must be on the claim's side; "many" is a third, and two at least.
    datasets : tuple of str
        The data sets that it speaks of: all three, unless it names some or none.
    """

    id: str
    section: str
    says: str
    decided_by: str
    holds: str = "every"
    datasets: tuple[str, ...] = DATASETS


CLAIMS = (
    Claim(
        "keeps-accuracy",
        "1",
        "Augmenting 10 % of the points keeps 99.86 % of the accuracy of augmenting all, for translations.",
        "accuracy at 10 % under the best random policy in percent of full augmentation's: above 99.86",
    ),
    Claim(
        "random-quarter",
        "3",
        "A quarter of the points, drawn at random, can give more than half of what full augmentation gains.",
        "accuracy with 25 % at random under translation, less the mean of none's and full's, in points: above 0",
        "some",
    ),
    Claim(
        "beats-random",
        "5.1",
        "Drawing in proportion to loss or influence is consistently better than drawing at random.",
        "AUC of random proportional less AUC of random selection: above 0",
    ),
    Claim(
        "rotation-early",
        "5.1",
        "Under rotation, loss and influence reach the accuracy of full augmentation with 5 to 10 % of the points.",
        "accuracy at 10 % less full augmentation's, in points: above -0.1",
    ),
    Claim(
        "rotation-random-late",
        "5.1",
        "Under rotation, points drawn at random reach it only with 90 to 100 %.",
        "accuracy with 75 % at random less full augmentation's, in points: below -0.1",
    ),
    Claim(
        "influence-is-loss",
        "5.1",
        "Policies by influence and by loss are equivalent for the most part.",
        "AUC of random proportional by influence less by loss: between -1 and 1",
        "most",
    ),
    Claim(
        "influence-better-norb",
        "5.1",
        "Influence does slightly better than loss on small NORB.",
        "AUC of random proportional by influence less by loss: above 0",
        "most",
        datasets=("smallnorb",),
    ),
    Claim(
        "subset-beats-full",
        "5.1",
        "Some subsets give higher accuracy than full augmentation.",
        "accuracy at the best budget by influence less full augmentation's, in points: above 0.1",
        "some",
    ),
    Claim(
        "subset-most-norb",
        "5.1",
        "That is most notable on small NORB.",
        "the same on small NORB less the same on either other data set, per augmentation: above 0",
    ),
    Claim(
        "vsv-strong",
        "5.1",
        "Virtual support vectors do well on small NORB's shifts and crops and on CIFAR-10's rotations.",
        "their accuracy less that of as many points by influence (between two budgets interpolated), in percentage "
        "points: above -0.1",
        datasets=("cifar10", "smallnorb"),
    ),
    Claim(
        "vsv-poor",
        "5.1",
        "They fall short of the best set on MNIST and on CIFAR-10's shifts.",
        "their accuracy less that of the best number of points by influence, in percentage points: below -0.1",
        datasets=("mnist", "cifar10"),
    ),
    Claim(
        "update-idle",
        "5.2",
        "Taking the scores again as the augmentation proceeds changes too little to be worth its cost.",
        "AUC of random proportional by influence with updates less without: below 1",
    ),
    Claim(
        "downweight-hurts",
        "5.2",
        "Down-weighting hurts on CIFAR-10 and small NORB.",
        "AUC of random proportional by influence with down-weighting less without: below 0",
        datasets=("cifar10", "smallnorb"),
    ),
    Claim(
        "downweight-mnist",
        "5.2",
        "On MNIST down-weighting does next to nothing.",
        "AUC of random proportional by influence with down-weighting less without: between -1 and 1",
        datasets=("mnist",),
    ),
    Claim(
        "scores-persist",
        "4.1",
        "Scores before and after augmentation are correlated, by 0.5 or more.",
        "Spearman's rank correlation over the points, for both scores and every augmentation: above 0.5",
    ),
    Claim(
        "regularisation-idle",
        "5",
        "Regularisation has negligible impact on the trends.",
        "what 10 % by influence gains over 10 % at random with C cross-validated at every fit, less the same with the "
        "protocol's C, in points: between -0.1 and 0.1",
    ),
    Claim(
        "inverse-last",
        "D",
        "Both inverse policies come last in each of Tables 3 to 20.",
        "AUC of each inverse policy less the lowest of the others: below 0",
    ),
    Claim(
        "margin-worse",
        "F",
        "Scoring by an SVM's margin is uniformly worse than by influence.",
        "AUC of random proportional and random inverse proportional by margin less by influence: below 0",
    ),
    Claim(
        "clusters-beat-random",
        "G",
        "Drawing from clusters beats drawing at random in many tasks.",
        "AUC of random selection from clusters less AUC of random selection: above 0",
        "many",
    ),
    Claim(
        "influence-beats-clusters",
        "G",
        "Influence beats random selection from clusters in all tasks.",
        "AUC of random proportional by influence less AUC of random selection from clusters: above 0",
    ),
    Claim(
        "influence-beats-both",
        "G",
        "Influence alone beats influence within clusters in most tasks.",
        "AUC of random proportional by influence less AUC of its clustered variant: above 0",
        "most",
    ),
    Claim(
        "dpp-poor",
        "H",
        "A k-DPP on the features alone does poorly.",
        "AUC up to 250 points less that of random proportional by influence, on CIFAR-10: below 0",
        datasets=("cifar10",),
    ),
    Claim(
        "dpp-competitive",
        "H",
        "Weighted by influence it is competitive with drawing by influence.",
        "AUC up to 250 points less that of random proportional by influence, on CIFAR-10: above -1",
        datasets=("cifar10",),
    ),
    Claim(
        "linear-time",
        "I",
        "The time of an epoch is linear in the size of the training set.",
        "share of a quadratic term in the time of the largest size, in percent: between -10 and 10",
        datasets=(),
    ),
)
