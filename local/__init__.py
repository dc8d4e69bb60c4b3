"""The embedded default: the whole of Halte on one machine, with nothing to install but Python and Node."""
