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
# (figure-10)=
# # Deterministic policies: Figure 10
#
# The points of highest score first, with and without refinements, and the points of lowest score first. Over frozen features
# a deterministic policy is the same for every seed, so it has one line and no band; where features are refit, the seed
# decides the network.

# %% tags=["parameters"]
dataset = "all"
augmentation = "all"
score = "influence"
features = "all"
protocol = "paper"
n_seeds = 20
source = "stored"

# %%
from effaug.report import figures, tables
from effaug.report.view import open_view

view = open_view(globals())
view.notes()

# %% mystnb={"image": {"alt": "Accuracy against augmented points, a panel a task: points of the highest scores, with updates and down-weighting, and of the lowest"}}
figures.figure_10(view)

# %%
tables.curve_table(view, tables.DETERMINISTIC_POLICIES)

# %% [markdown]
# ## Where these numbers are from

# %%
tables.provenance(view)
