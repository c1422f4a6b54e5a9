# SPDX-License-Identifier: GPL-3.0-or-later
# Mean delay per level of all scenarios, with p10 ... p90 as bars, to compare.
#
# Expects, written before it by figures.c:
#   file       name of the pictures without ".svg", ".png"
#   heading, subheading
#   n_rows     levels of any scenario, lightest first
#   n_lines    scenarios
#   top_ms     largest value to show
#   titles     array of their titles, which fit; colours, marks: arrays of theirs
#   $levels    level from 0, "label"
#   $line<L>   level, mean in ms, p10, p90   (L from 1; "NaN" where no sample)
# The scale is linear below 50 ms (unnoticed anyway) and logarithmic above, so
# that both a delay of 0 and one of seconds have a place.

landmark = 50.0
lift(ms) = ms < landmark ? ms / landmark : 1 + log10(ms / landmark) * 1.6
dodge(l) = (l - (n_lines + 1) / 2.0) * (0.62 / n_lines)
ink = 0x222222; faint = 0xe0e0e0; quiet = 0x666666

width = 1200
legend_columns = 2
legend_lines = ceil(n_lines / real(legend_columns))
# Many bars in their full colours would hide the lines.
faded = n_lines > 6 ? 0x90000000 : 0
legend = 24 * legend_lines
height = 620 + legend

set encoding utf8
set border 3 lc rgb quiet
set lmargin at screen 86.0 / width
set rmargin at screen 1 - 84.0 / width
set bmargin at screen (64.0 + legend) / height
set tmargin at screen 1 - 96.0 / height
set xrange [-0.5:n_rows - 0.5]
set yrange [0:lift(top_ms) + 0.1]
set tics nomirror tc rgb ink
set xtics scale 0 font ',13'
unset key
set ytics ('0' 0)
do for [ms in "10 20 30 40 50 100 200 300 500 700 1000 2000 3000 5000 \
10000 20000 50000"] {
    if (real(ms) <= top_ms) {
        set ytics add (ms lift(real(ms)))
    }
}
set ytics font ',11'
set grid ytics lc rgb faint lt 1
set ylabel 'delay added to an operation, ms' font ',12' tc rgb ink

set label 1 heading at screen 0.012, screen 1 - 34.0 / height left \
    noenhanced font ',19' tc rgb ink
set label 2 subheading at screen 0.012, screen 1 - 66.0 / height left \
    noenhanced font ',12' tc rgb quiet
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead dt (6,4) \
    lc rgb quiet
set label 3 'unnoticed' at graph 1.005, first 0.92 left font ',10' \
    tc rgb quiet
if (top_ms >= 1000) {
    set arrow 2 from graph 0, first lift(1000) to graph 1, first lift(1000) \
        nohead dt (6,4) lc rgb quiet
    set label 4 "limit of\nendurance" at graph 1.005, first lift(1000) left \
        font ',10' tc rgb quiet
}
do for [l = 1:n_lines] {
    x = (40.0 + ((l - 1) % legend_columns) * (width - 40) / legend_columns) / width
    y = (legend - 2 - ((l - 1) / legend_columns) * 24.0) / height
    set label 10 + l titles[l] at screen x, y left noenhanced font ',11' \
        tc rgb ink offset character 1.5, 0 \
        point pt marks[l] ps 1.5 lc rgb colours[l]
}

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
      $levels using 1:(-1):xtic(2) with points ps 0 lc rgb quiet, \
      for [l = 1:n_lines] sprintf("$line%d", l) \
        using ($1 + dodge(l)):(lift($2)):(lift($3)):(lift($4)) \
        with yerrorbars lw 1.5 pt 0 lc rgb colours[l] + faded, \
      for [l = 1:n_lines] sprintf("$line%d", l) \
        using ($1 + dodge(l)):(lift($2)) \
        with linespoints lw 2 pt marks[l] ps 1.5 lc rgb colours[l]
    unset output
}
