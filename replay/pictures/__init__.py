"""Episodes as pictures and video: contact sheet, joint traces, tiled cameras."""
