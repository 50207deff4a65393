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
# The features of CIFAR-10 and small NORB come from networks that were trained once, on all classes, and then frozen. Each is a ResNet v2. Small NORB has a second one for its rotations and
# crops, trained under random rotations, shifts and flips.
#
# The schedule is that of Keras's CIFAR-10 example, on which the released code's scripts are modelled: Adam, with a rate divided by 10 after 40, 60 and 80 % of the epochs and by 2 once more
# after 90 %. The released scripts train depth 56 in batches of 32 for up to 1000 epochs. They do not record which epoch's weights were used. For small NORB they divide pixels by 255 twice.
#
# MNIST's networks, LeNet in the text and a plain CNN in the released code, are trained by each task itself and are not on this page.

# %% tags=["parameters", "hide-input"]
network = "all"

# %% tags=["hide-input"]
from effaug.images import weights
from effaug.report import network_tables, supplementary
from effaug.report.view import check_parameters, network_notes

check_parameters(globals(), ("network",))
names = weights.networks() if network == "all" else (network,)
network_tables.networks(names)

# %% tags=["remove-input"]
supplementary.learning_curves(names, network_tables.networks(names).origin)

# %% [markdown] tags=["stored"]
# *In the stored results:* the curves are of some 2,500 test images, the table's accuracies of all that were available: 9,977 of CIFAR-10's 10,000, as ships and horses are missing there, too. Six
# networks show what depends on the network (*Which settings decide the effect*): `cifar10-unseen` never saw the 1000 points, `cifar10-5epochs` was trained for a quarter of the time, and
# `cifar10-depth11` and the three named `cifar10-depth56` have other depths. Those of depth 56 stand for the authors' in the reconstruction, whose curves are means over the three. `cifar10-depth56` went through
# a schedule of fourteen epochs, of which six are at the first rate; `cifar10-depth56-30epochs` through one of thirty, of which twelve are. The first six are the same in both. `cifar10-depth56-epoch20` is
# the latter after twenty epochs. Networks named `divided-twice` were trained on pixels divided by 255 twice, and
# their features are computed so. All were trained on two cores but `smallnorb-divided-twice-30epochs`, which was trained on a GPU.

# %% [markdown]
# ## What keeping the mean image does
#
# Training subtracts the mean image; the released code keeps it when it computes features. Their first layer then gets what it was never trained on: its response to the mean image on top of its
# responses to the images.

# %%
network_tables.mean_images(names)

# %% [markdown] tags=["stored"]
# *In the stored results:* on CIFAR-10 the mean image moves the first layer by about one standard deviation, on small NORB, whose background is bright, by three to four and a half. So far
# from what they were trained on, small NORB's features separate the classes less well, at either depth (*Text against code*). After eight epochs the response is 4.4, after thirty
# 3.0, probably because weight decay shrinks the first layer.

# %% [markdown]
# ## What differs from the paper's networks and data

# %%
network_notes(names)

# %% [markdown]
# `effaug train-cnn cifar10 --depth 20 --epochs 20 --precision mixed_bfloat16 --name mine` trains a network into `weights/mine.weights.h5`. Results name the weights they were computed with,
# and are never mixed with those of other weights.
