# SPDX-License-Identifier: GPL-3.0-or-later
# One P3 as the paper shows it: a coloured row per load level over delay bins;
# a bar's height is the share of operations whose delay falls into the bin.
#
# Expects, written before it by figures.c:
#   file      name of the pictures without ".svg", ".png"
#   heading, subheading
#   n_rows    levels, the first one at the top
#   $bins     bin from 1, "label"
#   $bars     row from 0, bin, share in %, colour, "share to print"
#   $rows     row, colour, "level", "mean", "within 50 ms", "samples", "remark"
# Columns stand in one coordinate system: bin b spans b - 0.5 ... b + 0.5,
# row r stands on floor(r) and is `full` high at 100 %.

full = 0.76
bar_half = 0.42
last_edge = 12.5
mean_x = 13.9; within_x = 14.95; samples_x = 16.05
middle = 0.33
width = 1200; height = 172 + 105 * n_rows
floor_of(r) = n_rows - 1 - r
ink = 0x222222; faint = 0xd8d8d8; quiet = 0x666666

set encoding utf8
unset key
unset border
unset tics
set margins screen 0.012, screen 0.988, \
    screen 18.0 / height, screen 1 - 86.0 / height
set xrange [-1.3:16.1]
set yrange [-0.52:n_rows + 0.13]
set style fill solid 1.0

set label 1 heading at screen 0.012, screen 1 - 34.0 / height left noenhanced \
    font ',19' tc rgb ink
set label 2 subheading at screen 0.012, screen 1 - 68.0 / height left noenhanced \
    font ',12' tc rgb quiet

# Landmarks: between bins, so that no bar is on both sides of one.
set arrow 1 from 1.5, 0 to 1.5, n_rows nohead lw 1.5 dt (6,4) \
    lc rgb quiet back
set arrow 2 from 9.5, 0 to 9.5, n_rows nohead lw 1.5 dt (6,4) \
    lc rgb quiet back
set label 3 'unnoticed' at 1.4, n_rows + 0.05 right font ',11' tc rgb quiet
set label 4 '50 ms' at 1.6, n_rows + 0.05 left font ',11' tc rgb quiet
set label 5 'limit of endurance' at 9.4, n_rows + 0.05 right font ',11' \
    tc rgb quiet
set label 6 '1 s' at 9.6, n_rows + 0.05 left font ',11' tc rgb quiet

set label 7 'mean' at mean_x, n_rows + 0.05 right font ',12' tc rgb ink
set label 8 "within\n50 ms" at within_x, n_rows + 0.17 right \
    font ',12' tc rgb ink
set label 9 'samples' at samples_x, n_rows + 0.05 right font ',12' tc rgb ink
set label 10 'delay added to an operation, ms' at 6.5, -0.40 center \
    font ',12' tc rgb ink

do for [kind in "svg png"] {
    if (kind eq "svg") {
        set terminal svg size width,height dynamic fontscale 1.33 \
            font 'sans-serif,10' \
            background rgb 'white'
    } else {
        set terminal pngcairo size width,height font 'DejaVu Sans,10' \
            background rgb 'white'
    }
    set output file . "." . kind
    plot \
      $rows using (0.5):(floor_of($1)):(last_edge - 0.5):(0) \
        with vectors nohead lw 1 lc rgb ink, \
      '' using (0.5):(floor_of($1) + full / 2):(last_edge - 0.5):(0) \
        with vectors nohead lw 1 lc rgb faint, \
      '' using (0.5):(floor_of($1) + full):(last_edge - 0.5):(0) \
        with vectors nohead lw 1 lc rgb faint, \
      $bars using 2:(floor_of($1)):($2 - bar_half):($2 + bar_half): \
        (floor_of($1)):(floor_of($1) + full * $3 / 100):4 \
        with boxxyerror fs solid 1.0 border rgb ink lw 0.75 lc rgb variable, \
      '' using 2:(floor_of($1) + full * $3 / 100 + 0.105):5 \
        with labels center noenhanced font ',11' tc rgb ink, \
      $rows using (0.42):(floor_of($1)):('0') \
        with labels right font ',9' tc rgb quiet, \
      '' using (0.42):(floor_of($1) + full):('100 %') \
        with labels right font ',9' tc rgb quiet, \
      '' using (-1.12):(floor_of($1) + middle):3 \
        with labels left noenhanced font ',14' tc rgb ink, \
      '' using (-1.26):(floor_of($1)):(0):(full):2 \
        with vectors nohead lw 6 lc rgb variable, \
      '' using (mean_x):(floor_of($1) + middle):4 \
        with labels right noenhanced font ',14' tc rgb ink, \
      '' using (within_x):(floor_of($1) + middle):5 \
        with labels right noenhanced font ',14' tc rgb ink, \
      '' using (samples_x):(floor_of($1) + middle):6 \
        with labels right noenhanced font ',14' tc rgb ink, \
      '' using (6.5):(floor_of($1) + middle):7 \
        with labels center noenhanced font ',13' tc rgb quiet, \
      $bins using 1:(-0.14):2 \
        with labels center noenhanced font ',8.5' tc rgb ink
    unset output
}
