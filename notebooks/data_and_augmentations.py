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
# fixed set of transformed copies. Pixels beyond the border repeat the edge.

# %% tags=["parameters", "hide-input"]
dataset = "all"
augmentation = "all"
score = "influence"
features = "all"
protocol = "paper"
source = "stored"

# %% tags=["hide-input"]
from effaug.report import image_figures, page_tables
from effaug.report.view import open_view

view = open_view(globals(), n_seeds=1)
view.notes()

# %% tags=["remove-input"]
image_figures.task_copies(view)

# %% [markdown]
# ## Sizes

# %% tags=["remove-input"]
page_tables.tasks(view)
