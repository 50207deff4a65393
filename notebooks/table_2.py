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
# (table-2)=
# # Table 2: the policies
#
# Every policy that puts the points into an order, read off the code itself: the probability with which, or the rank by which, a point
# $z_i$ of score $s_i$ is chosen, without replacement; whether scores are taken again at every budget; and whether a chosen
# point shares its weight with its copies.

# %% tags=["parameters"]
variants = "all"

# %%
from effaug.report import tables
from effaug.report.parameters import check_parameters

check_parameters(globals(), ("variants",))
tables.table_2(variants)

# %% [markdown]
# The eleven of the paper's Tables 3-20 are `baseline`, the eight `random_proportional` and `deterministic_proportional` ones,
# and the two `inverse_proportional` ones without suffix. The softmax variants are in the released code only.
