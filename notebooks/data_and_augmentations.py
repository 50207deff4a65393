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
# # Data and augmentations
#
# Each task is two classes of a data set and one augmentation. Augmentation is deterministic and exhaustive: a point becomes a
# fixed set of transformed copies, edges repeated at the border. This page shows some points of each task beside their copies,
# and the sizes that follow. CIFAR-10's two classes are airplane (0) and automobile (1), small NORB's animal (0) and human (1).

# %% tags=["parameters"]
dataset = "all"
augmentation = "all"
score = "influence"
features = "all"
protocol = "paper"
source = "stored"

# %%
from IPython.display import display

from effaug.report import point_figures, tables
from effaug.report.view import open_view

view = open_view(globals(), n_seeds=1)
view.notes()

# %% [markdown]
# The images are the training points of highest score (influence, unless the page is rerun with another score), which are kept with the results, the original first; where
# there are more than seven copies, they are thinned out evenly.

# %% mystnb={"image": {"alt": "One training image of a task, and beside it each of its augmented copies"}}
for task in dict.fromkeys(task for task, _ in view.panels):
    display(point_figures.task_copies(view, task))

# %%
tables.task_table(view)
