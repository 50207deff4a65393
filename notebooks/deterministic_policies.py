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
# # Deterministic policies: Figure 10
#
# Is it better to take the points of highest score than to draw in proportion to it? And do the points of lowest score do worse than random selection, as they should?
#
# Over frozen features a deterministic policy is the same for every seed, so its line has no band. Where networks are refit, the seed decides the network.

# %% [markdown] tags=["stored"]
# *In the stored results:* taking and drawing differ little at a tenth of the points. The lowest scores do worse than random selection on MNIST; on CIFAR-10 they do not.

# %% tags=["parameters", "hide-input"]
dataset = "all"
augmentation = "all"
score = "influence"
features = "all"
protocol = "paper"
n_seeds = 20
source = "stored"

# %% tags=["hide-input"]
from effaug.report import figures, page_tables
from effaug.report.view import open_view

view = open_view(globals())
view.notes()

# %% [markdown]
# ## How often each is ahead

# %% tags=["remove-input"]
page_tables.deterministic(view)

# %% [markdown]
# ## Figure 10: the highest and the lowest scores

# %% tags=["remove-input"]
figures.figure_10(view)

# %% [markdown] tags=["stored"]
# *In the stored results:* the highest scores are as good as a draw in proportion to them in most tasks, and where they differ, it is by half a point at most. Neither is better everywhere.
#
# The order carries information. Over MNIST's frozen features the points of lowest influence gain almost nothing until most of the others are in, and on small NORB's rotations they do worse than random
# selection. On CIFAR-10 the sign turns: the lowest scores are level with random selection or ahead of it, and the highest do worse. Scores name the points that change the model most, and on CIFAR-10
# under the text's settings changing it more does not make it better.
#
# The first few points are a risk. On MNIST's crops the ten highest cost accuracy, whether drawn or taken. Updating the scores does not mend that.
#
# Down-weighting limits what a point can do, for better or worse: it costs MNIST's frozen features between one and two points, and on CIFAR-10 it makes up for what choosing loses.
