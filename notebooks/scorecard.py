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
# # The scorecard: where the paper holds up
#
# Can the paper be reproduced from its text? From its code? Each claim of the paper, in our words, is judged under both, and under the settings that come
# closest to the published numbers (*Where the published numbers come from*).

# %% tags=["parameters"]
protocol = "paper"

# %%
from IPython.display import Markdown, display

from effaug.report import claims, measures, panels, scorecard, tables
from effaug.report.view import check_parameters, view_of
from effaug.study import protocols

check_parameters(globals(), ("protocol",))
view = view_of(protocol=protocol, n_seeds=20)
Markdown(scorecard.answer(view.results))

# %% [markdown]
# The released code's settings give CIFAR-10's policies in the published order, and with a network of the released depth near the published level: *Where the published numbers come from*. What is not measured
# under them is still to be computed.

# %%
scorecard.side_by_side(view.results, protocols.NAMES)

# %%
view.notes()

# %% [markdown]
# ## Verdicts

# %% [markdown]
# | verdict | what it says |
# |---|---|
# | holds | as many comparisons are *yes* as the claim needs: all of them, or for *most* more than half, *many* a third (two at least), *some* one |
# | holds so far | some are yes, none is against it, and the rest is open or not measured |
# | holds in part | true in some comparisons, false in others |
# | does not hold | too many are against it, whatever the open ones turn out to be |
# | undecided | what is open or not measured could still tip it |
#
# **A comparison** is a task, score or policy. Its 95 % interval clears the bound on the claim's side (*yes*) or on the other (*no*), or the comparison is *open*. Where
# the bound is 0, an interval inside ±0.5 of an AUC or ±0.1 points of accuracy is *equal*, which counts against "better than". An interval that clears 0 is a yes or no
# however small the difference. *Empty* means nothing to compare: no gain to share, or a classifier next to guessing. Where frozen features
# stand in for MNIST's refitted ones the outcome is in brackets and not counted.
#
# **No claim holds by a single comparison**, nor by one data set if it speaks of several: each must be counted, and two must have a yes. A claim about *some* needs only its example.
#
# **Several comparisons** are corrected for by Holm's procedure, over those that count: at most 5 % of such families contain a wrong yes or no, and at most 5 % a wrong equal.
# Intervals are shown at the level at which the outcome was read. Two policies without anything random have no interval: their difference
# is exact for these images and that network.
#
# **Seeds are fixed beforehand**: all stored ones are used, from 0 on, and none is added because a verdict is open. *Seeds to decide* tells how many it would take if mean and spread
# stayed as they are. Policies are compared seed by seed, and the best of several is chosen on one half of the seeds and judged on the other. Seeds vary which points
# are drawn and, where features are refit, the network. They do not vary the images or the frozen networks: 0.1 points are two of CIFAR-10's 2000 test images.

# %%
tables.as_text(scorecard.scorecard(view.results, protocol), 2)

# %% [markdown]
# ## Every comparison
#
# Differences of accuracy are in percentage points, AUCs on the scale where 1000 is perfect.

# %%
board = panels.Board(view.results, protocol)
for claim in claims.CLAIMS:
    words = f"**{claim.id}** (Section {claim.section}): {claim.says} *{claim.decided_by}*"
    display(Markdown(words), tables.as_text(measures.effects(board, claim), 2))
