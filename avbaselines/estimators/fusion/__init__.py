"""Late fusion of predictions: averages, learnt weights, joint decoding, stacking, missing inputs."""
