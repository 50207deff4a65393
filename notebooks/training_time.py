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
# # What training costs: Figure 17
#
# Augmentation makes the training set larger, and the time of an epoch grows with it. Measured here: seconds an epoch of a ResNet against
# the number of training images, each size several times in random order, and the line through them. The paper has a ResNet50v2 on a GTX 1080.
# All times are in seconds.

# %% tags=["parameters"]
device = "all"

# %%
from IPython.display import Markdown

from effaug.report import figures, tables
from effaug.report.parameters import STORED, check_parameters
from effaug.study import timing

check_parameters(globals(), ("device",))
times = timing.load(STORED / "timing", None if device == "all" else device)
Markdown("\n\n".join(f"- **{name}**: {timing.in_words(record)}" for name, record in times.items()))

# %% [markdown]
# (figure-17)=
# ## Figure 17

# %% mystnb={"image": {"alt": "Seconds an epoch against the number of training images, the line through them, and residuals"}}
figures.training_time(times)

# %%
tables.epoch_table(times)

# %% [markdown]
# ## What selection saves
#
# A LeNet is trained for one of MNIST's tasks with all points augmented, and with the tenth of highest influence. The second needs scores first:
# a training on the un-augmented points, their features, a logistic regression and its Hessian. All of it is measured; *saved* counts the cost of
# scoring, and *saved, scores at hand* does not. Epochs are equal in number; what accuracy the tenth gives is on the other pages.

# %%
tables.selection_table(times)
