"""Colours of figures and maps: blue for a gain, orange for a loss, a quiet neutral at zero; safe for the colour-blind."""

INK = "#1d2733"
MUTED = "#6b7684"
GRID = "#dfe4e9"
GAIN = "#2166ac"
LOSS = "#b35806"
PARTIES = ("#26456e", "#8fa9c6", "#7a5195", "#c9a3d4", "#4d6b5f", "#a9c0b4")
"""One colour each for parties, apart in lightness; none of them is the blue of a gain or the orange of a loss."""

LOSSES = ("#7f3b08", "#cb7a2a", "#f7cf9a")
NEUTRAL = "#f0f0ee"
GAINS = ("#c3ddee", "#5f9fcb", "#12497f")
ABSENT = "#dcdfe2"
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
