# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A ten-minute tour
#
# Influence says how much a model owes to one training point. A k-DPP draws points that differ from each other. Both are shown here on the 200 threes and eights of
# scikit-learn's digits, first by hand and then by effaug. Everything on this page is computed as it runs.
# [The method](../book/method.md) has the equations, and the [glossary](../book/glossary.md) the words.

# %% tags=["parameters", "hide-input"]
augmentation = "crop"
protocol = "paper"
n_seeds = 5

# %% tags=["hide-input"]
from effaug.report import tour, tour_dpp, tour_figures
from effaug.report.exhibits import Exhibit
from effaug.report.parameters import check_parameters
from effaug.report.rounding import as_text

check_parameters(globals(), ("augmentation", "protocol", "n_seeds"))
lesson = tour.lesson(augmentation, protocol)
left_out = tour.by_hand(lesson)

# %% [markdown]
# (tour-influence)=
# ## Influence: leave one out
#
# Train a logistic regression on all 200 digits, and note the loss of one of them. Leave that digit out, train again, and its loss is larger: the model has
# lost its own example of it. The rise is what the model owed to the point.
#
# Leaving out is a long step, from a weight of 1 to a weight of 0. The {term}`influence` of a point is the slope at the start of that step: how fast its own loss rises as its
# weight falls. A slope has a closed form, one line of linear algebra for all points together, where leaving out takes 200 trainings.
#
# The table has five digits between the most and the least influential. *Weight nudged* is the slope by hand: two trainings, with a thousandth
# more and a thousandth less of the point. *Digits alike* counts the significant digits, up to five, to which it agrees with the closed form. *Left out* is the whole rise by hand.

# %% tags=["remove-input"]
Exhibit("tour-slopes", tour.influence_table(lesson, left_out), "Five digits, from the most to the least influential.")

# %% tags=["remove-input"]
tour_figures.left_out(lesson, left_out)

# %% [markdown]
# (tour-boundary)=
# ## Why influence picks points near the boundary
#
# The closed form is a product of two factors. The first is the squared {term}`residual`, the square of how far the predicted probability is from the label. The second is the
# {term}`leverage`, which is large for images unlike the others. A digit far on its own side of the boundary has next to no residual. Its loss hardly moves,
# whatever its weight.

# %% tags=["remove-input"]
tour_figures.boundary(lesson)

# %% [markdown]
# Orange digits have the largest influence, blue ones the smallest. The copy of a blue digit stays far on its side, and teaches the model hardly anything.
# The copy of an orange one may cross the boundary. The paper therefore augments the orange ones first.
#
# (tour-dpp)=
# ## k-DPP: points unlike each other
#
# Points of large influence may all be alike. A {term}`k-DPP` draws a set of *k* points, and makes a set more probable the more its points differ. For two points it can be
# worked out by hand: the probability of a pair is proportional to 1 - *c*², where *c* is the cosine of the angle between their features. Equal points have
# *c* = 1 and are never drawn together. Here are six digits and their 15 pairs, with the probability by that formula and the frequency in effaug's exact draws.

# %% tags=["remove-input"]
tour_figures.six(lesson)

# %% tags=["remove-input"]
pairs = tour_dpp.pair_table(lesson)
Exhibit("tour-pairs", as_text(pairs, 3), tour_dpp.pair_words(pairs))

# %% [markdown]
# For *k* points the determinant of a matrix takes the place of 1 - *c*²: the squared volume that the *k* directions span. The picture shows what that does. It is a map of the digits by
# their first two principal components, and two digits count as alike where they are near on it. Random selection leaves gaps and clumps; the k-DPP covers the map.

# %% tags=["remove-input"]
tour_figures.spread(lesson)

# %% [markdown]
# The paper also weighs the k-DPP by influence. Then a set is probable if its points differ and are influential.
#
# (tour-refinements)=
# ## Down-weighting and updates
#
# A point that is augmented counts once for the original and once for each copy. {term}`Down-weighting <down-weighted>` shares a weight of 1 among them, so that an augmented point counts as much
# as any other. With three copies, these are the weights:

# %% tags=["remove-input"]
Exhibit("tour-weights", tour.plan_table(), "The weights of an original and its three copies.")

# %% [markdown]
# Augmenting points changes the model, and with it the influence of every point. A policy with {term}`updates <update>` takes the scores again, from the new model, before it chooses
# more points.

# %% tags=["remove-input"]
updated = tour.after(lesson)
tour_figures.before_after(lesson, updated)

# %% [markdown]
# Does either pay? Below is the accuracy in percent on the augmented test set with so many points augmented, and the {term}`AUC`, of which 1000 is perfect. *Proportional* is to influence.
# [The refinements' page](refinements.ipynb) asks the same of the paper's data sets.

# %% tags=["remove-input"]
Exhibit("tour-accuracy", tour.refinement_table(lesson, n_seeds), "Accuracy in percent by points augmented, and AUC.")

# %% [markdown]
# Next: [the whole experiment on these digits](quickstart.ipynb), or [the scorecard](scorecard.ipynb), which says where the paper's results hold.
