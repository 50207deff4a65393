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
# # How the networks were trained
#
# The features of CIFAR-10 and small NORB come from networks that were trained once, on all classes, and then frozen: a ResNet v2 for each
# data set, and one more for small NORB under random rotations to 2.5 degrees, shifts to 6 pixels and flips, from which its rotate and crop tasks
# take their features. Four more for CIFAR-10, one trained without the 1000 points of its tasks, one for 5 epochs, one of depth 11 and one of depth 56, show what depends on the network (*Which settings decide the effect*); that of depth 56 stands for the authors' in `reconstruction`.
#
# The schedule is that of Keras's CIFAR-10 example, on which the released code's training scripts are modelled: Adam with a rate divided by 10 after 40, 60 and 80 % of 200 epochs (by 2 once more after 90 %), here in proportion to the epochs
# that the table names: of four epochs, the last two have a lower rate each. The released scripts have the depth of 56, batches of 32, and up to 1000 epochs; their rate falls after the 80th, 120th, 160th and 180th. Which epoch's
# weights were then used is not recorded. For small NORB they divide pixels by 255 twice; networks named `divided-twice` were trained so, and have their features computed so.
# Those named after epochs or a depth were trained to see what these change, `smallnorb-divided-twice-augmented` for its rotations and crops under `one_smallnorb_network=False`. All but small NORB's of 30 epochs were trained on two cores. Small NORB's of depth 56 has
# no results yet; its minutes are those on the clock, pauses included.
#
# MNIST's networks, LeNet in the text and a plain CNN in the released code, are trained by each task itself and are not on this page.

# %% tags=["parameters"]
network = "all"

# %%
from effaug.images import weights
from effaug.report import supplementary, tables
from effaug.report.view import check_parameters, network_notes

check_parameters(globals(), ("network",))
names = weights.networks() if network == "all" else (network,)
network_notes(names)

# %% mystnb={"image": {"alt": "Accuracy on training and on test images after each epoch, a panel a network"}}
supplementary.learning_curves(names)

# %% [markdown]
# The curves are of some 2,500 test images; the table's accuracies are of all that were available (9,977 of CIFAR-10's 10,000: ships and
# horses are missing here, too).

# %%
tables.networks_table(names)

# %% [markdown]
# `effaug train-cnn cifar10 --depth 20 --epochs 20 --precision mixed_bfloat16 --name mine` trains one anew into `weights/mine.weights.h5`; results name the weights they were
# computed with, and results of other weights are not mixed with them.
