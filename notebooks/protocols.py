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
# # Where the published numbers come from
#
# The paper's text and its released code differ in twenty places (*Text against code*). Three protocols follow: **the text** as it stands (`paper`), **the released code** as it stands
# (`released-code`), and **the reconstruction** (`reconstruction`), which has for each data set the settings that come closest to the published numbers.

# %% tags=["parameters", "hide-input"]
dataset = "all"
augmentation = "all"
features = "all"
n_seeds = 20
source = "stored"

# %% tags=["hide-input"]
from effaug.report import study_tables
from effaug.report.view import open_view

view = open_view(globals(), score=None, protocol="paper")
view.notes()

# %% [markdown]
# ## How close is each?
#
# The published AUCs are those of Tables 3 to 20; 1000 is perfect. The rank correlation tells whether the policies stand in the published order, in the median over the tables. The ceiling is
# the correlation that a repetition of the published experiment with its own noise would reach.

# %%
study_tables.agreement(view.results)

# %% [markdown]
# ## The rule
#
# The reconstruction of a data set is the combination of settings with the smallest *distance* from the published numbers, in percentage points. One half of it is *Table 1*: how far our accuracies
# on translations without and with full augmentation, *none* and *all points*, are from that table's, in the mean. The other half is the *level*: the mean distance between our AUCs and the published ones, of 1000, so that ten
# are a point. Two more columns are shown, and not counted. *Pattern* is the level after the mean of each table is taken off both, so it compares the differences between policies. *Rank correlation* is
# that of the policies with the published order, in the median over the tables.
#
# The candidates are all stored combinations in which every choice is the text's or the code's, over each network that was trained on all images. A choice that one task alone depends on, such as the
# directions of shifts, is combined with what the other tasks have under the same other choices. Networks of the released depth and batch size are repetitions of one experiment: of them the mean is taken, as of
# seeds, and not the closest. The candidates are compared on the AUCs that all of them have: on CIFAR-10 those of three policies by influence, so that the rank correlation there is a coarse one.

# %%
study_tables.distances(view)

# %% [markdown] tags=["stored"]
# *In the stored results:* CIFAR-10's published numbers are nearest to the released code's settings with networks of depth 56. These have the smallest level and the smallest distance from Table 1. Before there was such a
# network, the rule went by the pattern, because none was at the published level. The released code's settings had the smallest pattern then, and still have it with depth 20.
#
# The distance is 0.32 points in the mean over three networks of the released depth and batch size. By themselves those of 30, 20 and 14 epochs are 0.34, 0.35 and 0.39 away. In the median over all 198 AUCs the mean is
# 2.28 of 1000 from the published numbers, and each by itself 3.02, 3.20 and 3.96. So the scorecard's answer that the numbers are met as reconstructed, which takes 3 of 1000, depends on the mean: no network by itself meets it.
#
# The three are less different than networks from new initial weights would be. One went through a schedule of 14 epochs, one through a schedule of 30, and the third is the latter after 20. The first six epochs are
# the same in all three. The networks of 20 and 30 epochs are nearly one, and count twice; the mean over those of 14 and 30 epochs alone is 1.62 away. How long each was trained was set by the time available, before any
# result was known. Until 1 December 2026 the closest network was taken, as if it were a setting. When this was changed, it was known that the mean comes nearer.
#
# Seven of the scorecard's verdicts as reconstructed depend on which of the three is taken. They are about points under rotation chosen by score and at random, virtual support vectors, regularisation, the inverse
# policies, clusters against random points, and whether subsets beat full augmentation most on small NORB, which compares it with the other data sets. With other networks they may come out otherwise.
#
# On small NORB the halves of the distance disagree. Counted by the AUCs alone, the text's settings come first, 17 of 1000 away, and 15 with the code's shifts along the diagonals; with the mean image
# kept, as the released code has it, they are 18 away. By Table 1 these last are the nearest, and they have the smallest pattern and the highest rank correlation. Until 30 November 2026 the rule counted the AUCs
# alone, and took the text. But Table 1 is published as well, and counts since. A reader who weighs the AUCs more may still take the text.
# The choice is a close one: the distance is 2.19 points, with the code's angles for rotations as well 2.20, and 2.35 where the text's settings have the code's shifts and no mean image. With both the mean image and
# the code's shifts it is 3.34.

# %% [markdown]
# ## The three protocols side by side
#
# Table 1 under each.

# %%
study_tables.side_by_side(view)

# %% [markdown] tags=["stored"]
# *In the stored results:* under the released code's settings small NORB's network has depth 20 and was trained for 8 epochs, and CIFAR-10's has depth 20. Under the reconstruction CIFAR-10's have
# depth 56. MNIST's refitted rows are means over five rounds.
