"""AIS as a sensor: which bytes are taken in, and what its messages report."""
