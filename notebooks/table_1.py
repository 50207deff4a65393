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
# (table-1)=
# # Table 1: how few points suffice
#
# Accuracy, in percent, on the augmented test set when none, 5, 10, 25 or 100 % of the points are augmented: drawn uniformly
# (baseline), and by the best policy, other than the baseline, observed at that budget, as in the paper, whose values stand below ours. "Best observed" is
# an optimistic pick, in the paper as here: the maximum over policies and scores of their means over seeds.

# %% tags=["parameters"]
dataset = "all"
augmentation = "all"
features = "all"
protocol = "paper"
n_seeds = 20
source = "stored"

# %%
from effaug.report import tables
from effaug.report.view import open_view

view = open_view(globals(), score=None)
view.notes()

# %%
tables.table_1(view)

# %% [markdown]
# The paper's Table 1 is of translations alone; the other rows are the same reading of the other tasks. On MNIST the paper trains the network again for
# every fit (`refit`); with the network frozen (`frozen`), augmentation has less to give. On small NORB a twentieth of the points, by the
# best policy, is ahead of all of them, in the paper as here.
#
# ## Under the settings closest to the published numbers
#
# The same table under the `reconstruction` (*Where the published numbers come from*), as far as it is computed:

# %%
tables.table_1(view.other(protocol="reconstruction"))

# %% [markdown]
# ## Where these numbers are from

# %%
tables.provenance(view)
