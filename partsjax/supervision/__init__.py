"""What a network is trained for: examples and their sampling, objectives, the training loop."""
