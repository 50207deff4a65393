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
# The area under accuracy against budget; 1000 is perfect. Each table has our mean and standard deviation over seeds, and the published ones. *Ours* is under the protocol that the page
# is run with, here the reconstruction, whose settings come closest to the published numbers (*Where the published numbers come from*). The last columns have the AUCs under the other
# settings. A deterministic policy over frozen features has one round, and so no standard deviation. As reconstructed, CIFAR-10's curves are means over three networks: their standard deviation over seeds is
# smaller than one network's.

# %% tags=["parameters", "hide-input"]
dataset = "all"
augmentation = "all"
features = "all"
protocol = "reconstruction"
n_seeds = 20
source = "stored"

# %% tags=["hide-input"]
from effaug.report import network_tables, paper_tables, reconstruction, study_tables, supplementary
from effaug.report.view import open_view

view = open_view(globals(), score="influence")
view.notes()

# %% [markdown]
# ## The same order?
#
# Our AUCs against the published ones, where the features are of the paper's kind. Bars are standard deviations.

# %% tags=["remove-input"]
pairs = reconstruction.published_pairs(view.results, protocol)
supplementary.auc_pairs(pairs, paper_tables.order(pairs, view).origin)

# %%
paper_tables.order(pairs, view)

# %% [markdown] tags=["stored"]
# *In the stored results:* the text's settings give CIFAR-10's policies in the reverse of the published order, and the released code's give the published one. On MNIST the released
# code's network gives all 66 published AUCs to 1.2 of 1000, and to 0.2 in the median; the text's LeNet is 6 away in the median. *Where the published numbers come from* compares the
# three protocols.
#
# As reconstructed, two data sets are still off, in the median. Small NORB's AUCs are 10 of 1000 below the published ones on translations, 23 on rotations and 22 on crops. Its networks respond to the
# mean image, which is kept, by four and a half standard deviations; *Text against code* shows that a weaker response comes nearer. CIFAR-10's are 4 below on translations, level on rotations and 2 above on
# crops, in the mean over three networks.

# %% [markdown]
# ## How much is the network's?
#
# The published numbers come from one network, which was not released. Networks of the same depth and batch size differ in how many epochs they were trained for.

# %%
network_tables.by_network(view.results)

# %% [markdown] tags=["stored"]
# *In the stored results:* three networks that share their first six epochs, two of them the first twenty, and classify 84.5 to 84.7 % of the test images, differ by up to 5 of 1000 in the median of a task's AUCs. So one network cannot tell
# whether settings come within 3 of 1000 of the published ones, the distance that the scorecard asks for. The order of the policies depends less on the network: its rank correlation with the published one
# is 0.90 to 0.97 over each of the three.

# %% [markdown]
# ## The tables
#
# Tables 3 to 20, then those of features and tasks that the paper has none of, folded.

# %%
paper_tables.auc_tables(view)

# %% [markdown]
# ## How long the network is trained
#
# LeNet is trained here for 40 epochs, the lower of the two numbers that the paper gives, in batches of 512. The same networks trained for 100 epochs, with three seeds and two policies:

# %%
study_tables.longer_training(view)

# %% [markdown] tags=["stored"]
# *In the stored results:* longer training raises both policies, random selection more. It closes a part of the gap to the published values. The rest is the network: the released code's is not LeNet.
