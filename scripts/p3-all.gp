# SPDX-License-Identifier: GPL-3.0-or-later
# The P3 of all scenarios of a result set, side by side on the same scales.
#
# Expects, written before it by figures.c:
#   file       name of the pictures without ".svg", ".png"
#   heading, subheading
#   n_rows     levels of any scenario, the first one at the top
#   n_panels   scenarios
#   titles     array of their titles, which fit
#   $ticks     place (between bins), "label"
#   $bars<P>   row from 0, bin from 1, share in %, colour    (P from 1)
#   $rows<P>   row, colour, "level", "mean", "within 50 ms", "samples",
#              "remark"
# The coordinate system is the same as in p3.gp.

full = 0.80
bar_half = 0.46
last_edge = 12.5
middle = 0.34
floor_of(r) = n_rows - 1 - r
ink = 0x222222; faint = 0xd8d8d8; quiet = 0x666666

columns = n_panels == 1 ? 1 : 2
lines = ceil(n_panels / real(columns))
width = 1200
panel = 122 + 46 * n_rows
height = 84 + lines * panel
mean_x = 15.6; within_x = 17.9
small = ',10'
name_size = ',12'

set encoding utf8
unset key
unset border
unset tics
set xrange [-3.2:18]
set yrange [-0.1:n_rows]
set style fill solid 1.0

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
    set multiplot
    do for [p = 1:n_panels] {
        column = (p - 1) % columns
        line = (p - 1) / columns
        left = column * width / real(columns)
        top = height - 84.0 - line * panel
        unset label
        unset arrow
        set lmargin at screen (left + 14) / width
        set rmargin at screen (left + width / columns - 14) / width
        set tmargin at screen (top - 70) / height
        set bmargin at screen (top - panel + 46) / height
        if (p == 1) {
            set label 1 heading at screen 0.012, \
                screen 1 - 34.0 / height left noenhanced font ',19' tc rgb ink
            set label 2 subheading at screen 0.012, \
                screen 1 - 66.0 / height left noenhanced font ',12' \
                tc rgb quiet
        }
        set label 3 titles[p] at -3.2, n_rows left offset character 0, 2.6 \
            noenhanced font ',14' tc rgb ink
        set label 4 '50 ms' at 1.5, n_rows center offset character 0, 0.5 \
            font small tc rgb quiet
        set label 5 '1 s' at 9.5, n_rows center offset character 0, 0.5 \
            font small tc rgb quiet
        set label 6 'mean' at mean_x, n_rows right offset character 0, 0.5 \
            font small tc rgb quiet
        set label 7 '< 50 ms' at within_x, n_rows right \
            offset character 0, 0.5 font small tc rgb quiet
        set label 8 'delay, ms' at 6.5, 0 center offset character 0, -2 \
            font small tc rgb quiet
        set arrow 1 from 1.5, 0 to 1.5, n_rows nohead dt (6,4) lc rgb quiet \
            back
        set arrow 2 from 9.5, 0 to 9.5, n_rows nohead dt (6,4) lc rgb quiet \
            back
        bars = sprintf("$bars%d", p)
        rows = sprintf("$rows%d", p)
        plot \
          rows using (0.5):(floor_of($1)):(last_edge - 0.5):(0) \
            with vectors nohead lw 1 lc rgb ink, \
          rows using (0.5):(floor_of($1) + full):(last_edge - 0.5):(0) \
            with vectors nohead lw 1 lc rgb faint, \
          bars using 2:(floor_of($1)):($2 - bar_half):($2 + bar_half): \
            (floor_of($1)):(floor_of($1) + full * $3 / 100):4 \
            with boxxyerror fs solid 1.0 border rgb ink lw 0.5 \
            lc rgb variable, \
          rows using (0.3):(floor_of($1) + middle):3 \
            with labels right noenhanced font name_size tc rgb ink, \
          rows using (mean_x):(floor_of($1) + middle):4 \
            with labels right noenhanced font name_size tc rgb ink, \
          rows using (within_x):(floor_of($1) + middle):5 \
            with labels right noenhanced font name_size tc rgb ink, \
          rows using (6.5):(floor_of($1) + middle):7 \
            with labels center noenhanced font small tc rgb quiet, \
          $ticks using 1:(0):2 \
            with labels center offset character 0, -0.7 noenhanced \
            font small tc rgb quiet
    }
    unset multiplot
    unset output
}
