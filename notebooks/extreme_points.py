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
# # Extreme points: Figures 5, 11, 12 and 13
#
# What do the points look like that a model is least sure of, and most sure of? These are the ten training points of highest and of lowest influence and loss, before augmentation.

# %% tags=["parameters", "hide-input"]
dataset = "all"
augmentation = "translate"
features = "all"
protocol = "paper"
n_seeds = 20
source = "stored"

# %% tags=["hide-input"]
from effaug.report import image_figures
from effaug.report.view import open_view

view = open_view(globals(), score=None)
view.notes()

# %% tags=["remove-input"]
image_figures.extreme_points(view)

# %% [markdown] tags=["stored"]
# *In the stored results:* MNIST's highest scores belong to misshapen digits of both classes, many of them misclassified. Its lowest belong to plain 3s. On CIFAR-10 the lowest ten are cars,
# and on small NORB they are animals that look alike.
