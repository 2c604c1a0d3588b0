#!/bin/bash
# The trainings the MT-RNN chapter needs, most valuable first. Minutes are of one idle CPU core, from the
# processor time of a few updates; scoring (about half a minute a run on "bundled") comes on top.
# Run from the root of the checkout with RESTORELIB_DATA set. All land in ./runs; then tools/ship.py
# (--record-only for all but the first).
set -e
t() { restorelib train "$1" --profile quick "${@:2}"; }

t mtrnn --minutes 60                       # the shipped network; the chapter reads it as "mtrnn"
for s in 0 1 2; do
  t mtrnn-mt-seed$s                        # 4.5  tables 2, 3, 6, partially shared
  t mtrnn-ms-seed$s                        # 2    tables 2, 6
  t mtrnn-one-step-seed$s                  # 1    tables 2, 3
done
for s in 0 1 2; do
  t mtrnn-one-step-longer-seed$s           # 6.5  table 2, equal computation
  t mtrnn-sharp-targets-seed$s             # 4.5  table 2
  t mtrnn-mt-ms-seed$s                     # 6    table 2
done
for s in 0 1 2; do
  for n in 3 5 7 9 11 13; do t mtrnn-from-tl$n-seed$s; done   # 1 each, table 1
  t mtrnn-no-features-seed$s               # 4.5  table 2
  t mtrnn-no-residual-seed$s               # 4.5  table 2
  t mtrnn-step4-seed$s                     # 2.5  table 3
  t mtrnn-step6-seed$s                     # 2    table 3
  t mtrnn-width4-seed$s                    # 2.5  table 3
done
for s in 0 1 2; do
  for l in 3 5; do t mtrnn-mt-tl$l-seed$s; t mtrnn-ms-tl$l-seed$s; done   # 4.5 and 2 each, table 6
  t mtrnn-own-ends-seed$s                  # 4.5  partially shared parameters
  t mtrnn-fpn-ms-seed$s; t mtrnn-fpn-mt-seed$s          # 1 and 1.5, table 4
  t mtrnn-dmphn-one-seed$s; t mtrnn-dmphn-mt-seed$s     # 1 and 2.5, table 4
  t dmphn-seed$s                           # 2    table 4
done
for s in 0 1 2; do
  t mtrnn-srn-ms-seed$s; t mtrnn-srn-mt-seed$s          # 2.5 and 7.5, table 4
  t mtrnn-k5-seed$s                        # 10   table 2
  t mtrnn-width12-seed$s                   # 8    table 3
done
# About 5 hours for the ablations, three seeds each.
