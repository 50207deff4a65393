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
# Each claim of the paper, in our words, with the quantity that decides it. A claim's comparisons are tasks, scores or policies. One counts
# as *yes* when its whole interval lies on the claim's side of the bound, as *no* when it lies on the other, as *open* when the
# bound is inside, and as *empty* where there is nothing to compare: no gain to share, or a classifier next to chance even with everything
# augmented. MNIST has the paper's refitted features where they are stored; where frozen ones stand in for them, the outcome is in brackets and not
# counted. A claim about every task holds if all of its comparisons are yes, and in part if some are. One about *some*, *many* or *most* needs one, a third or
# more than half of them, and is undecided while open ones could still make up that number.
#
# Policies are compared seed by seed. Intervals are 95 % for all of a claim's comparisons together (Bonferroni): bootstrapped over seeds, Student's t
# below 15 seeds. A policy that is the best of several is chosen on one half of the seeds and judged on the other. Seeds vary which points are
# drawn and, where features are refit, the network. They do not vary the training and test images, nor the frozen networks: a difference of 0.1
# points is two of CIFAR-10's 2000 test images with all their copies, and another test set might turn it.

# %% tags=["parameters"]
protocol = "paper"

# %%
from IPython.display import Markdown, display

from effaug import evidence, paper, scorecard, tables
from effaug.notebook import check_parameters, view_of

check_parameters(globals(), ("protocol",))
view = view_of(protocol=protocol, n_seeds=20)
Markdown(view.notes())

# %% [markdown]
# ## Verdicts

# %%
Markdown(scorecard.in_words(view.results, protocol))

# %%
scorecard.scorecard(view.results, protocol)

# %% [markdown]
# ## Under the other protocol

# %%
other = "released-code" if protocol == "paper" else "paper"
scorecard.side_by_side(view.results, (protocol, other))

# %% [markdown]
# ## Every comparison
#
# Differences of accuracy are in percentage points, AUCs on the scale where 1000 is perfect.

# %%
board = evidence.Board(view.results, protocol)
for claim in paper.CLAIMS:
    words = f"**{claim.id}** (Section {claim.section}): {claim.says} *{claim.decided_by}*"
    display(Markdown(words), tables.as_text(scorecard.effects(board, claim), 2))
