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
# # Margins, clusters and k-DPPs: Figures 14 to 16
#
# The paper's appendices propose them as other ways to choose. The *margin* is the distance from a linear SVM's boundary. *Clusters* come from k-means with as many clusters as points to choose,
# one point from each. A *k-DPP* draws sets whose features point in different directions. Here all are over frozen features.

# %% [markdown] tags=["stored"]
# *In the stored results:* none of the three replaces influence. Clusters and plain k-DPPs do about as well as random selection. A k-DPP weighted by influence does about as well as influence alone.

# %% tags=["parameters", "hide-input"]
dataset = "all"
augmentation = "all"
features = "frozen"
protocol = "paper"
n_seeds = 20
source = "stored"

# %% tags=["hide-input"]
from effaug.report import figures, page_tables
from effaug.report.view import open_view

view = open_view(globals(), score="influence")
view.notes()

# %% [markdown]
# ## How often each is ahead

# %% tags=["remove-input"]
page_tables.others(view)

# %% [markdown] tags=["stored"]
# *In the stored results:* diversity without a score gains little over random selection at a tenth of the points. It trails influence wherever augmentation matters, on MNIST and on small NORB, and leads
# only on CIFAR-10, where influence itself trails random selection.
#
# The greedy set is the exception. It gains over random selection in most tasks, and it never does worse: taking the most probable set pays more than drawing one.
#
# Of the margin, the small end is the better choice: points close to the boundary gain over random selection on some tasks, points far from it on none.

# %% [markdown]
# ## Figure 14: an SVM's margin as the score

# %% tags=["remove-input"]
figures.figure_14(view)

# %% [markdown]
# ## Figure 15: clusters

# %% tags=["remove-input"]
figures.figure_15(view)

# %% [markdown]
# ## Figure 16: k-DPPs
#
# The kernel is $L_{ij} = q_i\, \varphi_i \cdot \varphi_j\, q_j$ with directions $\varphi$ of the features and $q$ influence or 1. It can choose as many points
# as it has rank, so that a line ends where its features have no more directions: the earlier, the narrower the network. *Greedy MAP* takes, one by one, the point that makes the set most probable.

# %% tags=["remove-input"]
figures.figure_16(view)

# %% [markdown]
# ## Compared with influence, budget by budget

# %% tags=["remove-input"]
page_tables.against_influence(view)
