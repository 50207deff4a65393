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
# How does the time of an epoch grow with the number of images, and how much of it does selection save? The paper measured a ResNet50v2 on a GTX 1080. Here it is a smaller ResNet; each
# size is trained several times in random order.

# %% tags=["parameters", "hide-input"]
device = "all"

# %% tags=["hide-input"]
from IPython.display import Markdown

from effaug.report import page_tables, timing_figure
from effaug.report.parameters import STORED, check_parameters
from effaug.study import timing

check_parameters(globals(), ("device",))
times = timing.load(STORED / "timing", None if device == "all" else device)
Markdown("\n\n".join(f"- **{name}**: {timing.in_words(record)}" for name, record in times.items()))

# %% [markdown]
# ## Figure 17: seconds an epoch

# %% tags=["remove-input"]
timing_figure.training_time(times)

# %% tags=["remove-input"]
page_tables.epochs(times)

# %% [markdown]
# ## What selection saves
#
# A LeNet is trained for one of MNIST's tasks with all points augmented, and with the tenth of highest influence. The second needs scores first:
# a training on the un-augmented points, their features, a logistic regression and its Hessian. All of that is measured. Epochs are equal in number.

# %% tags=["remove-input"]
page_tables.selection(times)
