"""What leaves the house: tables on the terminal, exports."""
