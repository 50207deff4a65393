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
# # Quickstart
#
# From how many points on does influence beat random selection? This page finds out in seconds and without a download: as the book has it, on two hundred of
# scikit-learn's 8 x 8 digits. Others, with all their augmented copies, are the test. Nothing here is stored: every number is computed as the page runs.

# %% tags=["parameters", "hide-input"]
dataset = "digits"
augmentation = "translate"
score = "influence"
features = "frozen"
protocol = "paper"
n_seeds = 20
source = "recompute"

# %% tags=["hide-input"]
from IPython.display import Markdown

from effaug.report import comparisons, figures
from effaug.report.view import open_view

view = open_view(globals())
view.notes()

# %%
figures.figure_3(view, number="E1")

# %% [markdown]
# Where does choosing pay? The same numbers, one budget at a time: in brackets the difference in percentage points, *level* where its 95 % interval holds 0.

# %%
Markdown(comparisons.by_budget(view, ("random_proportional", score), score))

# %% [markdown]
# Your own data takes one call. `effaug.select` names the points to augment, here a quarter:

# %%
import effaug

points = effaug.load_subset(view.task(view.tasks[0]))
effaug.select(points.x_train.reshape(len(points.x_train), -1) / 255, points.y_train, budget=len(points.y_train) // 4)

# %% [markdown]
# Now change something. This runs the page on cropped digits and writes its HTML:
#
#     effaug notebook run quickstart -p augmentation=crop --html
