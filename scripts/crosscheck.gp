# SPDX-License-Identifier: GPL-3.0-or-later
# What hvbench's probe and cyclictest say of the same guest, which never pauses,
# side by side: a row for each cap, share of the scheduled samples over delay.
#
# Expects, written before it by test/bed/test-crosscheck.c:
#   conditions                   where it was measured
#   probe_<C>, cyclictest_<C>    samples scheduled under the cap C (0, 50, 20 %)
#   $probe_<C>, $cyclictest_<C>  delays of those that were taken, ms
# and the name of the picture without ".svg", `file`.
#
# The line is what the arithmetic of the quota predicts for anybody who comes at
# any time (hvbench/selftest/cap.h).

caps = "0 50 20"
tools = "probe cyclictest"
period = 100.0
bin = 10.0
longest = 100.0
skipped_at = 110.0
ink = 0x222222; faint = 0xe0e0e0; quiet = 0x666666; absent = 0xb8b8b8
colour(tool) = tool eq "probe" ? 0x3b75af : 0xd1762c

width = 1200; row = 230; head = 118; foot = 66
height = head + 3 * row + foot
left(i) = (84 + 574.0 * i) / width
bottom(r) = (foot + (2 - r) * row + 14.0) / height

# Share of scheduled samples, %, in the bin that `delay` falls into.
place(delay) = bin * floor((delay < longest ? delay : longest - bin) / bin) \
    + bin / 2

# Predicted share of [x, x + bin), %.
cdf(x, quota) = x >= period - quota ? 1.0 : (quota + x) / period
predicted(x, quota) = 100 * (x < bin ? cdf(bin, quota) : \
    cdf(bin * floor(x / bin) + bin, quota) - cdf(bin * floor(x / bin), quota))

set encoding utf8
set terminal svg size width,height dynamic fontscale 1.33 \
    font 'sans-serif,10' background rgb 'white'
set output file . ".svg"
set multiplot

unset key
set border 3 lc rgb quiet
set tics nomirror tc rgb ink font ',11'
set grid ytics lc rgb faint lt 1
set boxwidth bin * 0.84
set style fill solid 1.0 noborder
set style textbox opaque noborder fillcolor rgb 'white' margins 0.3,0.1
set xtics 0,20,longest
set ytics 25 format '%g %%'
set samples 201

set label 1 'The same guest under the same cap, by two tools' \
    at screen 0.012, screen 1 - 34.0 / height left font ',19' tc rgb ink
set label 2 conditions at screen 0.012, screen 1 - 62.0 / height left \
    noenhanced font ',11' tc rgb quiet
set label 3 'hvbench: every scheduled operation' \
    at screen left(0), screen 1 - 98.0 / height left font ',14' \
    tc rgb colour("probe")
set label 4 'cyclictest: the looks that it did not skip' \
    at screen left(1), screen 1 - 98.0 / height left font ',14' \
    tc rgb colour("cyclictest")
set label 5 'delay, ms, and the share of the scheduled samples; dotted: what \
the quota predicts for whoever comes at any time' \
    at screen 0.5, screen 18.0 / height center font ',12' tc rgb ink

do for [r = 0:2] {
    cap = word(caps, r + 1)
    quota = cap eq "0" ? period : real(cap)
    do for [i = 0:1] {
        tool = word(tools, i + 1)
        data = sprintf("$%s_%s", tool, cap)
        scheduled = value(sprintf("%s_%s", tool, cap))
        stats data using 1 nooutput
        set lmargin at screen left(i)
        set rmargin at screen left(i) + 500.0 / width
        set bmargin at screen bottom(r)
        set tmargin at screen bottom(r) + (row - 44.0) / height
        set label 6 cap eq "0" ? "no cap" : \
            sprintf("cap %s ms in %g ms", cap, period) \
            at first 104, graph 0.90 right boxed front font ',13' tc rgb ink
        set label 7 sprintf("%d of %d scheduled samples", STATS_records, \
            scheduled) at first 104, graph 0.75 right boxed front font ',12' \
            tc rgb quiet
        set label 8 sprintf("median %.2f ms", STATS_median) \
            at first 104, graph 0.61 right boxed front font ',12' tc rgb quiet
        skipped = 100 - 100.0 * STATS_records / scheduled
        if (skipped >= 1) {
            set label 9 sprintf("%.0f %% skipped", skipped) \
                at skipped_at - bin / 2, skipped / 2 right boxed front \
                font ',12' tc rgb quiet
        }
        plot [0:skipped_at + bin / 2] [0:100] \
            data using (place($1)):(100.0 / scheduled) smooth frequency \
                with boxes lc rgb colour(tool), \
            '+' using (skipped_at):(skipped) every ::::0 \
                with boxes lc rgb absent, \
            [0:longest] predicted(x, quota) with lines lw 1.5 dt (4,3) \
                lc rgb ink
        unset label
    }
}
unset multiplot
