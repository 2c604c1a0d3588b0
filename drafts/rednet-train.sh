#!/usr/bin/env bash
# The trainings the RED-Net chapter needs, most valuable first; minutes of one CPU core behind each.
#   REPO=/path/to/checkout CORE=1 RUNS=/path/for/runs bash train.sh
# A run that is there already is left alone; one that was interrupted goes on. Nothing is shipped: see the end.
set -u
REPO=${REPO:-$PWD}; CORE=${CORE:-1}; RUNS=${RUNS:-$REPO/runs}; PYTHON=${PYTHON:-$REPO/.venv/bin/python}
cd "$REPO" || exit 1
export PYTHONPATH=$REPO OMP_NUM_THREADS=1 MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=2000000000 TQDM_DISABLE=1
: "${RESTORELIB_DATA:?set RESTORELIB_DATA to the folder of the sets}"

t() {  # recipe, profile, minutes ("-": as the recipe says)
    local name=$1 profile=$2 limit=()
    [ "$3" = - ] || limit=(--minutes "$3")
    taskset -c "$CORE" "$PYTHON" -m restorelib train "$name" --profile "$profile" --out "$RUNS/$name-$profile" "${limit[@]}"
}

# 1. The network of the page: pictures, the cut skips, tables 1 and 2.
t red20-noise50 reduced 120
# 2. Figure 3(b), do skips help as depth grows: 1.5, 2.5, 4 minutes each for depth 10, 20, 30 on an idle core.
for depth in 10 20 30; do for kind in plain skips; do t rednet-depth$depth-$kind-seed0 quick -; done; done
# 3. One blind network or one a level, and a specialist at the wrong level: 5 minutes each.
for level in 10 30 50 70 -blind; do t red10-noise$level quick -; done
# 4. Figure 3(a) and (c), and plain against transposed convolutions: 2 to 4 minutes each.
for kind in bottleneck-plain bottleneck-skips symmetric4 block2 block4 all-conv; do t rednet-$kind-seed0 quick -; done
# 5. The rest of tables 1 and 2.
t red20-noise30 reduced 90
t red10-noise50 reduced 60
t red10-noise30 reduced 60
t red20-noise10 reduced 60
t red20-noise70 reduced 60
t red10-noise10 reduced 40
t red10-noise70 reduced 40
# 6. Tables 3 to 5 and 7 and JPEG, small: 5 minutes each.
for task in x2 x3 x4 x234 jpeg10 jpeg20; do t red10-$task quick -; done
# 7. The other seeds of figure 3: about 28 minutes a seed.
for seed in 1 2; do
    for kind in depth10-plain depth10-skips depth20-plain depth20-skips depth30-plain depth30-skips \
        symmetric4 block2 block4 bottleneck-plain bottleneck-skips all-conv; do
        t rednet-$kind-seed$seed quick -
    done
done
# 8. Super-resolution and deblocking at the page's size.
t red20-x2 reduced 60
t red20-jpeg10 reduced 60

# Afterwards, for each run:  $PYTHON tools/ship.py $RUNS/NAME-PROFILE   (figure 3: with --record-only)
# and the eight-fold averages, 8 times the cost of scoring:
#   $PYTHON -c 'from restorelib import runs; runs.measure("red20-noise50-reduced", ("bundled", "Set12"), True)'
