"""Numbers of the MT-RNN paper (Park, Kang, Kim, Chun, ECCV 2020, arXiv 1911.07410) and of DMPHN (CVPR 2019).

The cells of the MT-RNN paper's tables 1 to 4 and 6 are not known here, and of table 5 only one row is.
"""

from restorelib.papers import Answer, Answers, Claim, Paper, Table, parse, words

TABLE_5 = """
set   MT-RNN
GoPro 31.15/0.945
"""

COST = """
method parameters seconds
MT-RNN 2.6M       0.07
Ours-Z ?          2.08
"""

LATER = """
method       GoPro        HIDE        RealBlur-R  RealBlur-J
Nah          29.08/0.914† 25.73/0.874 ?           ?
DeblurGAN-v2 29.55/0.934  ?           ?           ?
SRN          30.26/0.934  28.36/0.915 35.66/0.947 28.56/0.867
DBGAN        31.10/0.942  28.94/0.915 33.78/0.909 24.93/0.745
MT-RNN       31.15/0.945  29.15/0.918 35.79/0.951 28.44/0.862
DMPHN        31.20/0.940  29.09/0.924 35.70/0.948 28.42/0.860
"""

OURS_Z = """
iterations 1     2     3     4     5     6
seconds    0.015 0.092 0.581 1.073 1.568 2.065
"""

TIMERS = """
method unsynchronised synchronised
MT-RNN 0.031          0.394
DMPHN  0.308          0.588
"""

DMPHN = """
network          GoPro
DMPHN(1)         28.70/0.9131†
DMPHN(1-2)       29.77/0.9286†
DMPHN(1-1-1)     28.11/0.9041†
DMPHN(1-2-4)     30.21/0.9345†
DMPHN(1-4-16)    29.15/0.9217†
DMPHN(1-2-4-8)   30.25/0.9351†
Stack(2)-DMPHN   30.71/0.9403†
Stack(3)-DMPHN   31.16/0.9451†
Stack(4)-DMPHN   31.20/0.9453†
VMPHN            30.90/0.9419†
Stack(2)-VMPHN   31.50/0.9483†
"""

TABLES = {
    "mtrnn/5": Table(
        "GoPro, mean PSNR and SSIM in RGB over 1,111 test pictures",
        "MT-RNN paper, table 5, as later papers quote it",
        parse(TABLE_5, labels=1),
    ),
    "mtrnn/5-cost": Table(
        "Parameters, and seconds for a picture of 1280 x 720",
        "MT-RNN paper, table 5, as a review of it quotes it",
        words(COST, labels=1),
    ),
    "mtrnn/later": Table(
        "Trained on GoPro, tested elsewhere, PSNR and SSIM in RGB",
        "PromptRestorer paper, table 2; DeblurGAN-v2 from a public comparison table",
        parse(LATER, labels=1),
    ),
    "mtrnn/ours-z": Table(
        "Seconds a picture by number of iterations, DMPHN's encoder and decoder, multi-temporal",
        "MT-RNN paper, as a review of it quotes it",
        words(OURS_Z, labels=1),
    ),
    "mtrnn/timers": Table(
        "Seconds a picture of 1280 x 720 on one RTX 3090, with and without waiting for the GPU",
        "README of the MIMO-UNet paper's authors",
        words(TIMERS, labels=1),
    ),
    "dmphn/1": Table(
        "GoPro, PSNR and SSIM in RGB",
        "DMPHN paper, table of results",
        parse(DMPHN, labels=1),
    ),
}

# A blur of the middle and of the end of what the networks are trained on.
ON = {f"TL{level}": ("bundled", level) for level in (7, 13)}

PAPER = Paper(
    name="MT-RNN",
    published="2020-08",
    tables=TABLES,
    answers=(
        Answers(
            "mtrnn/5",
            (Answer("GoPro", ("GoPro", "MT-RNN"), ("mtrnn-quick",), "GOPRO_Large/test", 0),),
        ),
    ),
    claims=(
        Claim("table 2", "3×3 kernels rather than 5×5", "mtrnn-mt", "mtrnn-k5", ON),
        Claim("table 2", "add the blurred picture", "mtrnn-mt", "mtrnn-no-residual", ON),
        Claim("table 2", "recurrent features", "mtrnn-mt", "mtrnn-no-features", ON),
        Claim("table 2", "steps through time rather than scales", "mtrnn-mt", "mtrnn-ms", ON),
        Claim("table 2", "steps through time alone, not scales as well", "mtrnn-mt", "mtrnn-mt-ms", ON),
        Claim("table 3", "six small steps rather than one", "mtrnn-mt", "mtrnn-one-step", ON),
        Claim("table 3", "steps of 2 levels rather than 4", "mtrnn-mt", "mtrnn-step4", ON),
        Claim("table 3", "steps of 4 levels rather than 6", "mtrnn-step4", "mtrnn-step6", ON),
        Claim("table 3", "8 channels rather than 4", "mtrnn-mt", "mtrnn-width4", ON),
        Claim("table 3", "12 channels rather than 8", "mtrnn-width12", "mtrnn-mt", ON),
        Claim("table 4", "steps for a pyramid generator", "mtrnn-fpn-mt", "mtrnn-fpn-ms", ON),
        Claim("table 4", "steps for DMPHN in place of its pieces", "mtrnn-dmphn-mt", "dmphn", ON),
        Claim("table 6", "steps rather than scales, targets down to TL3", "mtrnn-mt-tl3", "mtrnn-ms-tl3", ON),
        Claim("table 6", "steps rather than scales, targets down to TL5", "mtrnn-mt-tl5", "mtrnn-ms-tl5", ON),
    ),
    unanswered={
        "mtrnn/5-cost": "sizes and times",
        "mtrnn/later": "scores of other papers' networks",
        "mtrnn/ours-z": "times",
        "mtrnn/timers": "times",
        "dmphn/1": "stands beside the authors' weights in the MT-RNN chapter",
    },
)
