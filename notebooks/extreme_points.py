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
# The ten training points of highest and of lowest influence and loss, before augmentation: above each its class, the class that the model
# gives it where that is another one, and the score. On MNIST the top ones differ from each other in class and in shape; the bottom ones look
# alike. On CIFAR-10 and small NORB no point is misclassified.

# %% tags=["parameters"]
dataset = "all"
augmentation = "translate"
features = "all"
protocol = "paper"
n_seeds = 20
source = "stored"

# %%
from IPython.display import display

from effaug.report import point_figures, point_scores, tables
from effaug.report.view import open_view

view = open_view(globals(), score=None)
view.notes()

# %% [markdown]
# (figure-5)=
# (figure-11)=
# (figure-12)=
# (figure-13)=
# ## The images

# %% mystnb={"image": {"alt": "The ten training images of highest and of lowest influence and loss, with class, prediction and score"}}
for task, features in view.panels:
    display(point_figures.extreme_points(view, task, features))

# %%
point_scores.extreme_table(view)

# %% [markdown]
# ## Where these numbers are from

# %%
tables.provenance(view)
