"""Array functions without files, flags or networks: boxes, local maxima, average precision."""
