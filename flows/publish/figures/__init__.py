"""Figures for print: each as PDF, SVG and PNG at the width of a column and of a page, with the CSV behind it and an alt text."""
