"""What figures look like: colours, sizes, weights of lines. Plain values, so that a page can have the same without matplotlib."""

from __future__ import annotations

# Contrast on white is in brackets. The three lines differ in lightness too, so that they are told apart in grey; each is
# labelled where it runs, and what is beyond the data is dashed: no meaning is carried by colour alone.
GROUND = "#FFFFFF"
BEYOND = "#F3F4F6"  # ground beyond the data
INK = "#1B1F24"  # (16.6) text, landmarks
MUTED = "#5A6470"  # (6.0) subtitles, units, notes
POINT = "#59636D"  # (6.1) data
FRAME = "#8A939C"  # axes and rules of targets
GRID = "#ECEEF1"  # never carries meaning alone
# Okabe and Ito's blue, vermillion and bluish green, darkened until they differ in lightness: 7.1, 3.9 and 5.4.
FIRST = "#005A9C"  # the polynomial form, the one accent
SECOND = "#D55E00"  # the exponential form
SECOND_TEXT = "#B8500A"  # (5.0) text on it
THIRD = "#00795A"  # the asymptotic form, the expert
LINES = (FIRST, SECOND, THIRD)

# Points at final size: 3.3 in is a column, 6.9 in a page. Nothing is set below SMALL.
WIDTHS_IN = {"column": 3.3, "page": 6.9}
TITLE_PT, TEXT_PT, SMALL_PT = 8.6, 8.0, 7.0
LEADING = 1.24  # from line to line, in sizes of text
LINE_PT, BEYOND_PT, FRAME_PT, EDGE_PT = 1.4, 1.0, 0.6, 0.8
DASHES = (4.0, 2.6)  # in widths of line
BAND, BAND_BEYOND = 0.16, 0.09  # opacity of a band, among the points and beyond
POINT_PT, LANDMARK_PT = 2.6, 3.4  # diameters

FONT = "Fira Sans"
REGULAR, BOLD = "FiraSans-Regular.ttf", "FiraSans-SemiBold.ttf"
# What a figure may set; each file of a face is cut down to this before anything is drawn.
LETTERS = "".join(map(chr, range(32, 127))) + "\u00a0°±²³·×÷ßäöüÄÖÜáàâçéèêëíîïñóôøšžÉŁłćč–—‘’“”…−≈≤≥←→₂†§"
