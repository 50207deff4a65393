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
# # AUC: Tables 3 to 20
#
# The area under accuracy against budget, 1000 being perfect: mean and standard deviation over seeds, ours beside the
# published values where the paper has the task. Its MNIST numbers are with refitted features.

# %% tags=["parameters"]
dataset = "all"
augmentation = "all"
score = "influence"
features = "all"
protocol = "paper"
n_seeds = 5
source = "stored"

# %%
from IPython.display import Markdown, display

from effaug import tables
from effaug.notebook import open_view

view = open_view(globals())
Markdown(view.missing())

# %%
for title, table in tables.auc_tables(view):
    display(Markdown(f"**{title}**"), table)

# %% [markdown]
# ## Where these numbers are from

# %%
tables.provenance(view)
