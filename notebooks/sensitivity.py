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
# # Which settings decide the effect
#
# The paper says that regularisation had negligible impact. Its main comparison is repeated here over frozen features while one setting changes after another: 10 % of the points by influence
# against 10 % at random, and all against none. On CIFAR-10 three settings vary:
#
# - the inverse L2 strength C, from a hundredth to a hundred, or cross-validated at every fit;
# - whether the network's mean image is subtracted when features are computed;
# - the network: one that saw the 1000 points in its training, as the paper's did, or one that did not (`cifar10-unseen`); one trained for a quarter of the time (`cifar10-5epochs`); one of about half
#   the depth (`cifar10-depth11`).
#
# The other data sets' rows are those of the text and the released code.

# %% [markdown] tags=["stored"]
# *In the stored results:* on CIFAR-10, C and the mean image decide.
#
# - **C.** With the mean image subtracted, influence is ahead of random selection at C = 0.01 and behind it at the text's C = 10, on all three tasks.
# - **Mean image.** If it is kept, as in the released code, features are worse and augmentation has more to give. Influence is then ahead on all three tasks at the released code's C = 1, and behind at C = 100.
# - **Cross-validation.** With C searched at every fit, as the paper reports, influence is level with random selection on shifts and crops and 0.1 points behind on rotations. Over the other three networks it is
#   between 0.1 points behind and 0.2 ahead. With the mean image kept it is ahead on crops by 1.0 points over the network of depth 20, by 0.2 and 0.1 over those of depth 56 and 14 and 30 epochs, and level over that of 20 epochs. Elsewhere it is 0.2 behind to 0.2 ahead. In the released code such a search could not act, because C never reached the classifier (*Text against code*, number 12).

# %% tags=["parameters", "hide-input"]
dataset = "all"
augmentation = "all"
protocol = "paper"
n_seeds = 20
source = "stored"

# %% tags=["hide-input"]
from effaug.report import sensitivity, study_tables, supplementary
from effaug.report.view import open_view

view = open_view(globals(), score="influence", features="frozen")
view.notes()

# %% tags=["remove-input"]
tasks = tuple(dict.fromkeys(task for task, _ in view.panels))
found = sensitivity.sensitivity(view.results, tasks, n_seeds)
supplementary.sensitivity(found, study_tables.varied(view, found).origin)

# %%
study_tables.varied(view, found)

# %% [markdown] tags=["stored"]
# *In the stored results:* the network does not explain the reversal.
#
# - **Not memory.** Half of the 1000 points' losses are below 0.000002 at C = 10 on CIFAR-10's shifts, so ranking them might tell little. But over the network that never saw the points the gain falls with C
#   alike: from 0.1 to 0.2 points ahead at C = 0.01 to 0.4 to 0.8 behind at C = 10. On small NORB the losses are smaller still, and influence leads.
# - **Not length or depth.** Over the network trained for a quarter of the time and over the one of about half the depth the gain falls from 0.2 to 0.5 points ahead to 0.4 to 1.3 behind. The released code's
#   network, of depth 56 and trained for up to 1000 epochs, is far from all four.
#
# What goes along with the gain is how much augmentation has to give at all: *Text against code* ends with that.
