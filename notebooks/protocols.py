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
# # Two protocols: which is closer to the published numbers
#
# The paper's text and its released code part in several places (see *The method*), so the eleven policies of Tables 3 to 20 are computed under both. Which of them
# does the rest of this book show first? The one whose accuracies without and with full augmentation lie closest to those of the paper's Table 1.

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

from effaug import comparisons, tables
from effaug.notebook import open_view

view = open_view(globals())
Markdown(view.notes())

# %%
comparisons.protocol_accuracies(view.results).round(2)

# %%
closest = comparisons.headline_protocol(view.results)
Markdown(f"Closest, by the mean distance over the tasks above that both protocols have: `{closest}`.")

# %% [markdown]
# ## Both protocols side by side
#
# Accuracy in percent, as in Table 1, for every task.

# %%
tables.table_1(view)

# %%
other = view.other(protocol="released-code" if protocol == "paper" else "paper")
tables.table_1(other)

# %% [markdown]
# ## Where these numbers are from

# %%
tables.provenance(view)
