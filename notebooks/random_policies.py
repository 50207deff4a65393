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
# # Random policies: Figures 3 and 9
#
# Accuracy on the augmented test set against the number of augmented points. Figure 3: points drawn in proportion to their
# influence or loss, against points drawn uniformly. Figure 9: the same with scores taken again at every budget, with
# down-weighting, and with both. Lines are means over seeds, bands 95 % t intervals for the mean.

# %% tags=["parameters"]
dataset = "all"
augmentation = "all"
score = "influence"
features = "all"
protocol = "paper"
n_seeds = 20
source = "stored"

# %%
from IPython.display import Markdown

from effaug.report import comparisons, figures, tables
from effaug.report.view import open_view

view = open_view(globals())
view.notes()

# %% [markdown]
# (figure-3)=
# ## Figure 3

# %% mystnb={"image": {"alt": "Accuracy against augmented points, a panel a task: in proportion to influence or loss, virtual support vectors, and at random"}}
figures.figure_3(view)

# %% [markdown]
# How far 10 % is from everything, in percentage points (negative: below full augmentation). On MNIST both proportional policies come far closer
# than the baseline. On the 200 digits 10 % is 20 points, and there the picture is mixed. With ten points or fewer, choosing by score often trails
# random selection on CIFAR-10, on the digits and on MNIST's rotations and crops; on MNIST's shifts and on small NORB it is ahead even then. On MNIST's crops ten such
# points do worse than none (the numbers behind the lines, column 10). Stars are virtual support vectors, as many as there are.
#
# On small NORB the paper's picture is whole: 10 % by influence are ahead of augmenting everything on all three tasks, if by a tenth of a point on two
# of them, and 10 % at random trail it.
#
# On CIFAR-10, with C = 10 as the text has it, augmenting everything gives next to nothing, and 10 % by influence trail 10 % at random; from 250 points on
# (500 on crops) influence is level or ahead. Under the released code's settings, at the end of this page, it leads on all three tasks. *Which settings decide the effect* takes that apart.

# %%
comparisons.main_claim(view)

# %%
Markdown(comparisons.in_words(view))

# %% [markdown]
# (figure-9)=
# ## Figure 9

# %% mystnb={"image": {"alt": "Accuracy against augmented points, a panel a task: the baseline, and random proportional with updates, down-weighting, both and neither"}}
figures.figure_9(view)

# %% [markdown]
# ## The numbers behind the lines
#
# Mean accuracy in percent.

# %%
tables.curve_table(view, tables.RANDOM_POLICIES)

# %% [markdown]
# ## Under the released code's settings
#
# The same claim with C = 1, diagonal shifts, the mean image kept and the Hessian of the released code; on MNIST with its plain CNN, on small NORB with
# one network for all tasks, trained on pixels divided by 255 twice. Tasks without a row have not been computed under these settings.

# %%
other = view.other(protocol="released-code" if protocol == "paper" else "paper")
comparisons.main_claim(other)

# %% [markdown]
# ## Where these numbers are from

# %%
tables.provenance(view)
