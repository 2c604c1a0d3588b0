#!/bin/sh
# The trainings of the MemNet chapter, most valuable first. Minutes are of one idle CPU core for the training
# itself (measured as process time per update); scoring adds about one for an ablation (bundled + Set5), some
# ten for the three tasks. Run from the repository; RESTORELIB_DATA must be set. Ablations ship as records with
# weights where the page loads them (marked w), else --record-only.
set -e
train() { taskset -c "${CORE:-1}" env OMP_NUM_THREADS=1 .venv/bin/python -m restorelib train "$1" --profile "$2"; }

# 1. The three tasks, quick (w): the result, the benchmarks, the gates' norms. 6 minutes each.
train memnet quick
train memnet-noise quick
train memnet-jpeg quick

# 2. Table 1 and what everything is compared with: 9 x 3.5 = 32 minutes. (w: full, all seeds; no-long, seed 0)
for seed in 0 1 2; do for v in full no-long no-short; do train memnet-$v-seed$seed quick; done; done

# 3. Batch statistics (the trap): 3 x 3.5 = 11 minutes. (w: seed 0)
for seed in 0 1 2; do train memnet-shared-norms-seed$seed quick; done

# 4. Supervision: 9 x 3.5 = 32 minutes. (w: final-loss and outputs-from-1, all seeds)
for seed in 0 1 2; do for v in basic final-loss outputs-from-1; do train memnet-$v-seed$seed quick; done; done

# 5. Gates: 6 x 3.8 = 23 minutes.
for seed in 0 1 2; do for v in mean highway; do train memnet-$v-seed$seed quick; done; done

# 6. Depth: shallow 1.8, longer 4.7, deep 5.6 (computed from the recursions): 3 x 12 = 36 minutes.
for seed in 0 1 2; do for v in shallow longer deep; do train memnet-$v-seed$seed quick; done; done

# 7. Sharing, dense blocks, DRCN: 3 x (4.2 + 3.4 + 2.8) = 31 minutes.
for seed in 0 1 2; do
    for v in not-shared dense; do train memnet-$v-seed$seed quick; done
    train drcn-seed$seed quick
done
# Quick in all: about 3 hours 5 minutes of one idle core, and about 50 minutes of scoring.

# 8. On a GPU only (M6R6, 64 channels): the queue of restorelib/queue.py holds memnet, memnet-noise and
#    memnet-jpeg reduced, and six variants of three seeds. One CPU core would need about 3 s an update.
