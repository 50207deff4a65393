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
# Points drawn in proportion to their influence or loss are compared with points drawn uniformly. The axis gives small budgets room, for there the policies differ.
# A line's label stands at its end; lines that end together are listed in their order at 10 %. Bands are 95 % t intervals for the mean.

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
# ## Figure 3: influence and loss against random selection

# %% tags=["remove-input"]
figures.figure_3(view)

# %% [markdown] tags=["stored"]
# *In the stored results:* choosing pays on MNIST and on small NORB, and it does not on CIFAR-10. On small NORB a tenth by influence does better than augmenting
# everything. On CIFAR-10 augmenting everything gains next to nothing, so there is little to choose from; under the released code's settings, in the last table of this page, influence
# leads there too. <a href="sensitivity.html">Which settings decide the effect</a> takes that apart.
#
# Very small budgets are another matter. With ten points or fewer, choosing by score often trails random selection, and on MNIST's crops ten such points do worse than
# none. A star marks the virtual support vectors: there are as many as there are.

# %% tags=["remove-input"]
page_tables.main_claim(view)

# %% [markdown]
# ## Figure 9: with scores updated and points down-weighted
#
# *Updated* takes the scores anew at every budget. *Down-weighted* lets a point share its weight with its copies. *Both* does both.

# %% tags=["remove-input"]
figures.figure_9(view)

# %% [markdown]
# ## The other protocol
#
# The same comparison with the settings of the released code, or with the text's where this page has the code's. A task without a row has not been computed under them.

# %% tags=["remove-input"]
page_tables.main_claim(view.other(protocol="released-code" if protocol == "paper" else "paper"), "other")
