"""Array functions without files, flags or networks: boxes, peaks, average precision."""
