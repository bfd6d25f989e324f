"""partsjax: which filters of a convolutional network are detectors of semantic object parts."""

__version__ = "0.1.0"
