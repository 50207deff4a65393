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
# Can the published numbers be found again from the paper's text? From its released code? And which of its claims hold? The third row has the settings that
# come closest to the published numbers (*Where the published numbers come from*).

# %% tags=["parameters", "hide-input"]
protocol = "paper"

# %% tags=["hide-input"]
from IPython.display import Markdown

from effaug.report import scorecard
from effaug.report.view import check_parameters, view_of

check_parameters(globals(), ("protocol",))
view = view_of(protocol=protocol, n_seeds=20)
cards = scorecard.cards(view.results)
scorecard.strip(view.results, each=cards)

# %%
Markdown(scorecard.answer(view.results))

# %% [markdown]
# ## The claims

# %%
scorecard.claims_table(view.results, cards)

# %% tags=["remove-input"]
view.notes()

# %% [markdown]
# <details class="folded"><summary>How a verdict is reached</summary>
#
# | verdict | what it says |
# |---|---|
# | ● holds | as many comparisons are *yes* as the claim needs: all, or more than half for *most*, a third and at least two for *many*, one for *some* |
# | ◕ holds so far | some are yes, none is against it, the rest is open or not measured |
# | ◐ holds in part | true in some comparisons, false in others |
# | ✕ does not hold | too many are against it, whatever the open ones turn out to be |
# | ○ undecided | what is open or not measured could still tip it |
# | - not measured | there is nothing to compare yet |
#
# A comparison is a task, a score or a policy.
#
# - It is *yes* if its 95 % interval lies on the claim's side of the bound, *no* if it lies on the other side, and *open* otherwise.
# - Where the bound is 0, a difference can also be *equal*: its interval lies within half a unit of AUC, or a tenth of a point of accuracy. Equal counts against "better than".
# - It is *empty* if there is nothing to compare: no gain to share, or a classifier next to guessing.
# - It is in brackets, and not counted, where frozen features stand in for MNIST's refitted ones.
#
# No claim holds by a single comparison. A claim that speaks of several data sets needs all of them counted, and a yes on two; a claim about *some* needs only its example.
#
# Several comparisons are corrected for by Holm's procedure: at most 5 % of such families contain a wrong yes or no, and at most 5 % a wrong equal. Each interval is shown at the level
# at which its outcome was read. Policies without anything random have no interval: their difference is exact for these images and that network.
#
# Seeds are fixed beforehand. All stored ones are used, from 0 on, and none is added because a verdict is open. *Seeds to decide* says how many it would take if mean and spread stayed as
# they are. Policies are compared seed by seed. The best of several is chosen on one half of the seeds and judged on the other.
#
# Seeds vary which points are drawn and, where features are refit, the network. They do not vary the images or the frozen networks.
#
# </details>
#
# ## Every comparison
#
# Under the protocol that the page is run with. Differences of accuracy are in percentage points; an AUC of 1000 is perfect.

# %%
scorecard.every_comparison(view.results, protocol)
