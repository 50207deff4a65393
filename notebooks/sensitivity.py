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
# # What the effect hangs on
#
# The paper says that regularisation had negligible impact. Here its main comparison, 10 % of the points by influence against 10 % at random, and all
# against none, is repeated over frozen features while two choices change: the inverse L2 strength C, from 0.01 to 100 and
# cross-validated at every fit (cv), and whether the networks' mean image is subtracted when features are computed.

# %% tags=["parameters"]
dataset = "all"
augmentation = "all"
score = "influence"
features = "frozen"
protocol = "paper"
n_seeds = 20
source = "stored"

# %%
from IPython.display import Markdown

from effaug import comparisons, plots, tables
from effaug.notebook import open_view

view = open_view(globals())
Markdown(view.notes())

# %%
found = comparisons.sensitivity(view.results, tuple(dict.fromkeys(task for task, _ in view.panels)))
plots.sensitivity(found)

# %%
tables.as_text(found, 2)

# %% [markdown]
# ## Where these numbers are from

# %%
tables.provenance(view)
