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
# The paper's text and its released code part in twenty places (*Text against code*). Three protocols follow from that: `paper`, the text as it stands; `released-code`,
# the code as it stands; and `reconstruction`, for each data set the settings that come closest to the published numbers.

# %% tags=["parameters"]
dataset = "all"
augmentation = "all"
features = "all"
n_seeds = 20
source = "stored"

# %%
from IPython.display import Markdown, display

from effaug.report import reconstruction, rounding, tables
from effaug.report.view import open_view
from effaug.study import protocols

view = open_view(globals(), score=None, protocol="paper")
view.notes()

# %% [markdown]
# ## How close is each?
#
# Of the 198 AUCs of Tables 3 to 20 (1000 is perfect): how many are computed so far, the median of the absolute differences from the published ones, and how far
# the policies stand in the published order (median over the tables of Spearman's rank correlation). The ceiling is the correlation that a repetition of the published
# experiment with its own noise would reach.

# %%
reconstruction.agreement(view.results, protocols.NAMES)

# %% [markdown]
# ## The rule
#
# The reconstruction of a data set is the combination with the smallest *level*, the mean absolute difference between our AUCs and the published ones. *Pattern* is the same after
# the mean of each table is taken off both: how the policies differ from each other, whatever the network's accuracy. *Table 1* is the distance in points from its
# un-augmented and fully augmented accuracies.
#
# Candidates are all stored combinations in which every choice is the text's or the code's, with each of our networks that was trained on all images. They are compared on
# the AUCs that all of them have, so the number of AUCs is small where a combination is stored with few policies.
#
# Until CIFAR-10 had a network of depth 56, the rule went by the pattern, because no network of ours was at the published level. The released code's settings had the smallest
# pattern then, and have it still, with the network of depth 20. With depth 56 they have the smallest level too, and the smallest distance from Table 1. The
# network is of the released depth and batch size, trained for 14 epochs; that was decided by the time at hand, before any of these numbers was known.

# %%
for key in ("mnist", "cifar10", "smallnorb"):
    if view.parameters["dataset"] in (key, "all"):
        chosen = protocols.stored_as("reconstruction", f"{key}-translate")
        display(
            Markdown(f"**{key}**: `reconstruction` is `{chosen}`."),
            rounding.rounded(reconstruction.distances(view.results, key), 2),
        )

# %% [markdown]
# ## The three protocols side by side
#
# Accuracy in percent, as in Table 1, for every task. Under `released-code` small NORB's network is of depth 20 and was trained for 8 epochs, and CIFAR-10's is of depth 20;
# under `reconstruction` CIFAR-10's is of depth 56. MNIST's refitted rows are means over five rounds.

# %%
for name in protocols.NAMES:
    display(Markdown(f"`{name}`"), tables.table_1(view.other(protocol=name)))

# %% [markdown]
# ## Where these numbers are from

# %%
tables.provenance(view.other(protocol="reconstruction"))
