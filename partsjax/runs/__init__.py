"""Runs: a folder with its lock and manifest, the stage cache, and one file per question asked."""
