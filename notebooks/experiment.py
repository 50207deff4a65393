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
# This page computes every policy of Tables 3 to 20 for one task: by influence, by loss, and by the score you ask for. It touches nothing in `results/`. As it stands it
# recomputes the rotated digits. For another task:
#
#     effaug notebook run experiment -p dataset=mnist -p augmentation=rotate --html

# %% tags=["parameters", "hide-input"]
dataset = "digits"
augmentation = "rotate"
score = "influence"
features = "frozen"
protocol = "paper"
n_seeds = 3
source = "recompute"

# %% tags=["hide-input"]
from effaug.report import figures, paper_tables
from effaug.report.view import open_view

view = open_view(globals())
view.notes()

# %% tags=["remove-input"]
figures.figure_3(view, number="E8")

# %% tags=["remove-input"]
figures.figure_10(view, number="E9")

# %% tags=["remove-input"]
paper_tables.auc_tables(view, "experiment")
