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
# On scikit-learn's own 8x8 digits, which need no download: augment a few points chosen by influence, a few chosen at random,
# and see how close either comes to augmenting all of them. The set is tiny, 200 points of 64 pixels, and the test is hard on the claim: with
# 10 points random selection does better, with 20 they tie, and from 50 on the chosen points are ahead. Everything on this page is computed as it runs, in seconds.

# %% tags=["parameters"]
dataset = "digits"
augmentation = "translate"
score = "influence"
features = "frozen"
protocol = "paper"
n_seeds = 5
source = "recompute"

# %%
from IPython.display import Markdown

from effaug.report import comparisons, figures, tables
from effaug.report.view import open_view

view = open_view(globals())
view.notes()

# %% [markdown]
# The test set is the original one with every shifted copy appended. Each line shows what a way of choosing points gains: orange
# draws them uniformly, blue in proportion to their influence, green in proportion to their training loss.

# %% mystnb={"image": {"alt": "Accuracy against augmented points: in proportion to influence or loss, and at random"}}
figures.figure_3(view)

# %%
tables.curve_table(view, ("baseline", "random_proportional"))

# %%
Markdown(comparisons.in_words(view, 0.05) + "\n" + comparisons.in_words(view, 0.25))

# %% [markdown]
# The same question for your own features and labels is one call, `effaug.select`. Here it names the ten digits most worth
# augmenting:

# %%
import effaug

points = effaug.load_subset(view.task(view.tasks[0]))
effaug.select(points.x_train.reshape(len(points.x_train), -1) / 255, points.y_train, budget=10).tolist()
