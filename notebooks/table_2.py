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
# # Table 2: the policies
#
# A policy is a rule for choosing points. Each row has the probability with which, or the rank by which, a point of score $s_i$ is chosen, without replacement; whether scores are
# taken again at every budget; and whether a chosen point shares its weight with its copies. The table is read off the code.

# %% tags=["parameters", "hide-input"]
variants = "all"

# %% tags=["hide-input"]
from effaug.report import paper_tables
from effaug.report.parameters import check_parameters

check_parameters(globals(), ("variants",))
paper_tables.table_2(variants)

# %% [markdown]
# The paper's Tables 3 to 20 have eleven of them: random, the eight proportional ones, and the two inverse ones that are neither updated nor down-weighted. Softmax is in the released
# code only. `effaug.POLICIES` has the names that the command line and Python know them by.
