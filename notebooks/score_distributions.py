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
# Influence and loss of every training point before anything is augmented (influence in Figures 1 and 7, loss in Figure 6), and before against after everything is
# (Figures 2, 8); where features are refit, with the network of seed 0. Most points score near zero: they are the ones to leave alone. The paper reports rank correlations
# between 0.5 and 0.97 before against after.

# %% tags=["parameters"]
dataset = "all"
augmentation = "translate"
score = "influence"
features = "all"
protocol = "paper"
n_seeds = 20
source = "stored"

# %%
from effaug.report import point_figures, point_scores, tables
from effaug.report.view import open_view

view = open_view(globals())
view.notes()

# %% [markdown]
# (figure-1)=
# (figure-6)=
# (figure-7)=
# ## Figures 1, 6 and 7: how the scores are distributed

# %% mystnb={"image": {"alt": "Histograms of influence and loss over the training points, a panel a task"}}
point_figures.score_histograms(view)

# %% [markdown]
# (figure-2)=
# (figure-8)=
# ## Figures 2 and 8: before and after augmentation

# %% mystnb={"image": {"alt": "Each point's score after augmenting everything against its score before, a panel a task"}}
point_figures.score_before_after(view)

# %%
point_scores.score_table(view)

# %% [markdown]
# Correlation of the score before against after, for every task that is stored (the last column):

# %%
everything = view.other(augmentation="all")
point_scores.score_table(everything)[["Spearman's rho"]].unstack("score")

# %% [markdown]
# ## Where these numbers are from

# %%
tables.provenance(view)
