"""Weights: the files they come in, and their conversion to ours."""
