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
# # One experiment, recomputed
#
# The template: computes all eleven policies of Tables 3-20 for one task, by influence, by loss and by the `score` asked for, and shows them as the other pages do.
# Nothing in `results/` is touched. As it stands it recomputes `digits-rotate`; for another task give other parameters:
#
#     papermill notebooks/experiment.ipynb out.ipynb -p dataset mnist -p augmentation rotate

# %% tags=["parameters"]
dataset = "digits"
augmentation = "rotate"
score = "influence"
features = "frozen"
protocol = "paper"
n_seeds = 3
source = "recompute"

# %%
from effaug.report import figures, paper_tables, tables
from effaug.report.view import open_view

view = open_view(globals())
view.notes()

# %% mystnb={"image": {"alt": "Accuracy against augmented points, a panel a task: in proportion to influence or loss, and at random"}}
figures.figure_3(view)

# %% mystnb={"image": {"alt": "Accuracy against augmented points, a panel a task: points of the highest scores, with updates and down-weighting, and of the lowest"}}
figures.figure_10(view)

# %%
tables.curve_table(view, ("baseline", "random_proportional", "deterministic_proportional"))

# %%
paper_tables.auc_tables(view, "experiment")
