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
# # Scores: Figures 1, 2, 6, 7 and 8
#
# How many points are worth augmenting, and do scores keep their order once everything is augmented? Scores are taken before anything is augmented; where networks are refit,
# with the network of seed 0.

# %% [markdown] tags=["stored"]
# *In the stored results:* most points score near zero, and a few score high. The low ones are the points to leave alone. Their order outlasts augmentation, by and large.

# %% tags=["parameters", "hide-input"]
dataset = "all"
augmentation = "translate"
score = "influence"
features = "all"
protocol = "paper"
n_seeds = 20
source = "stored"

# %% tags=["hide-input"]
from effaug.report import page_tables, point_figures
from effaug.report.view import open_view

view = open_view(globals())
view.notes()

# %% [markdown]
# ## Figures 1, 6 and 7: how the scores are distributed

# %% tags=["remove-input"]
point_figures.score_histograms(view)

# %% [markdown]
# ## Figures 2 and 8: before and after augmentation
#
# Both axes are logarithmic, for on linear ones nearly all points lie in one corner. The paper reports rank correlations between a half and nearly one.

# %% tags=["remove-input"]
point_figures.score_before_after(view)

# %% tags=["remove-input"]
page_tables.scores(view)

# %% [markdown]
# ## Rank correlation on every task

# %% tags=["remove-input"]
page_tables.correlations(view.other(augmentation="all"))
