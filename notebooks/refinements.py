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
# (figure-4)=
# # Refinements: Figure 4
#
# Does it pay to take the scores again as points are added, or to let a chosen point share its weight with its copies? The
# paper finds that updating matches the plain policy at extra cost, that down-weighting does little on MNIST and hurts on
# CIFAR-10 and NORB. The policy that is refined is random proportional. Differences in AUC are paired: seed by seed, on common random numbers; ten are one
# percentage point of accuracy on average.

# %% tags=["parameters"]
dataset = "all"
augmentation = "rotate"
score = "influence"
features = "all"
protocol = "paper"
n_seeds = 20
source = "stored"

# %%
from effaug.report import comparisons, figures, tables
from effaug.report.view import open_view

view = open_view(globals())
view.notes()

# %% mystnb={"image": {"alt": "Accuracy against augmented points, a panel a task: the baseline, and random proportional with updates, down-weighting, both and neither"}}
figures.figure_9(view)

# %%
comparisons.refinement_table(view)

# %%
other = view.other(protocol="released-code" if protocol == "paper" else "paper")
comparisons.refinement_table(other)

# %% [markdown]
# Taking the scores again changes less than one under `paper`: it does not pay, as the paper says.
#
# The paper's MNIST numbers are with refitted features: there, down-weighting changes little, in the paper as here. Over frozen MNIST
# features of LeNet it costs ten under `paper`; on the digits it adds half a unit under `paper` and costs two to three under
# `released-code`. The paper, too, finds that it hurts where its features are frozen, on CIFAR-10
# and NORB. On small NORB it does here, too. On CIFAR-10 the protocol decides: with the released code's settings, in the second table, it hurts;
# with C = 10, where augmenting itself hurts at first, giving copies less weight helps.
#
# Where features are refit, down-weighting is applied to the logistic regression, while the network is trained on all rows
# alike: the text does not say, and so the same networks serve both.

# %% [markdown]
# ## Where these numbers are from

# %%
tables.provenance(view)
