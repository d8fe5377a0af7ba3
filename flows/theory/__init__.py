"""The simulation behind Figure 1: how performance grows with observations and with computation, for four models."""
