"""Images to features: augmentations, networks, their weights, featurisation and its cache."""
