"""Numbers of the MemNet paper (Tai, Yang, Liu, Xu, ICCV 2017, arXiv 1708.02209).

Its own numbers for noise and the ablations are quoted from memory; those for super-resolution and JPEG were
read in later papers' tables.
"""

from restorelib.papers import Answer, Answers, Claim, Paper, Table, column, parse, printed_gap, seeds, words

TABLE_1 = """
scale MemNet_NL MemNet_NS MemNet
2     37.68†    37.71†    37.78
3     33.96†    34.00†    34.09
4     31.60†    31.65†    31.74
"""

# One column for each network; MemNet three times: basic and multi-supervised on 91 images, and on 291.
TABLE_2 = """
row               VDSR  DRCN    RED     MemNet-91 MemNet_M-91 MemNet_M-291
depth             20    20      30      80        80          80
filters           64    256     128     64        64          64
parameters        665K  1,774K  4,131K† 677K      677K        677K
training-images   291   91      300     91        91          291
multi-supervision no    yes     no      no        yes         yes
"""

TABLE_2_PSNR = """
row  VDSR  DRCN  RED   MemNet-91 MemNet_M-91 MemNet_M-291
PSNR 33.66 33.82 33.82 33.92†    33.98†      34.09
"""

TABLE_3 = """
set       sigma BM3D         EPLL         PCLR         PGPD         WNNM         RED          MemNet
14-images 30    28.49/0.8204 28.35/0.8200 28.68/0.8263 28.55/0.8199 28.74/0.8273 29.17/0.8423 29.22/0.8444†
14-images 50    26.08/0.7427 25.97/0.7354 26.29/0.7538 26.19/0.7442 26.32/0.7517 26.81/0.7733 26.91/0.7775†
14-images 70    24.65/0.6882 24.47/0.6712 24.79/0.6997 24.71/0.6913 24.80/0.6975 25.31/0.7206 25.42/0.7260†
BSD200    30    27.31/0.7755 27.38/0.7825 27.54/0.7827 27.33/0.7717 27.48/0.7807 27.95/0.8019 28.04/0.8053†
BSD200    50    25.06/0.6831 25.17/0.6870 25.30/0.6947 25.18/0.6841 25.26/0.6928 25.75/0.7167 25.86/0.7202†
BSD200    70    23.82/0.6240 23.81/0.6168 23.94/0.6336 23.89/0.6245 23.95/0.6346 24.37/0.6551 24.53/0.6608†
"""

TABLE_4 = """
set      scale Bicubic      SRCNN        VDSR         DRCN          DnCNN        LapSRN       DRRN         MemNet
Set5     2     33.66/0.9299 36.66/0.9542 37.53/0.9587 37.63/0.9588  37.58/0.9590 37.52/0.9591 37.74/0.9591 37.78/0.9597
Set5     3     30.39/0.8682 32.75/0.9090 33.66/0.9213 33.82/0.9226  33.75/0.9222 ?            34.03/0.9244 34.09/0.9248
Set5     4     28.42/0.8104 30.48/0.8628 31.35/0.8838 31.53/0.8854  31.40/0.8845 31.54/0.8852 31.68/0.8888 31.74/0.8893
Set14    2     30.24/0.8688 32.45/0.9067 33.03/0.9124 33.04/0.9118  33.03/0.9128 32.99/0.9124† 33.23/0.9136 33.28/0.9142
Set14    3     27.55/0.7742 29.30/0.8215 29.77/0.8314 29.76/0.8311  29.81/0.8321 ?            29.96/0.8349 30.00/0.8350
Set14    4     26.00/0.7027 27.50/0.7513 28.01/0.7674 28.02/0.7670  28.04/0.7672 28.09/0.7700† 28.21/0.7720 28.26/0.7723
BSD100   2     29.56/0.8431 31.36/0.8879 31.90/0.8960 31.85/0.8942  31.90/0.8961 31.80/0.8952 32.05/0.8973 32.08/0.8978
BSD100   3     27.21/0.7385 28.41/0.7863 28.82/0.7976 28.80/0.7963  28.85/0.7981 ?            28.95/0.8004 28.96/0.8001
BSD100   4     25.96/0.6675 26.90/0.7101 27.29/0.7251 27.23/0.7233  27.29/0.7253 27.32/0.7275 27.38/0.7284 27.40/0.7281
Urban100 2     26.88/0.8403 29.50/0.8946 30.76/0.9140 30.75/0.9133  30.74/0.9139 30.41/0.9103 31.23/0.9188 31.31/0.9195
Urban100 3     24.46/0.7349 26.24/0.7989 27.14/0.8279 27.15/0.8276  27.15/0.8276 ?            27.53/0.8378 27.56/0.8376
Urban100 4     23.14/0.6577 24.52/0.7221 25.18/0.7524 25.14/0.7510  25.20/0.7521 25.21/0.7562 25.44/0.7638 25.50/0.7630
"""  # noqa: E501

TABLE_5 = """
set      quality JPEG          ARCNN        TNRD         DnCNN        MemNet
classic5 10      27.82/0.7595 29.03/0.7929 29.28/0.7992 29.40/0.8026 29.69/0.8107
classic5 20      30.12/0.8344 31.15/0.8517 31.47/0.8576 31.63/0.8610 31.90/0.8658
LIVE1    10      27.77/0.7730 28.96/0.8076 29.15/0.8111 29.19/0.8123 29.45/0.8193
LIVE1    20      30.07/0.8512 31.29/0.8733 31.46/0.8769 31.59/0.8802 31.83/0.8846
"""

TABLE_6 = """
row  M4R6   M6R6  M6R8   M10R10
PSNR 34.05† 34.09 34.16† 34.23†
"""

TABLES = {
    "memnet/1": Table(
        "Without long-term links (NL), without short-term ones (NS), and with both, Set5, PSNR on luma",
        "MemNet paper, table 1; the last column as repeated in later papers' tables",
        parse(TABLE_1, labels=1),
    ),
    "memnet/2": Table(
        "Networks that keep their memories and networks that don't, Set5 x3, PSNR on luma",
        "MemNet paper, table 2; PSNR of VDSR, DRCN and the last MemNet as repeated in later papers' tables, "
        "of RED from the RED-Net paper; the rest is quoted from memory",
        words(TABLE_2, labels=1) | parse(TABLE_2_PSNR, labels=1),
    ),
    "memnet/3": Table(
        "Gaussian noise, PSNR and SSIM on grey",
        "MemNet paper, table 3; all but MemNet as in tables 1 and 2 of the RED-Net paper",
        parse(TABLE_3, labels=2),
    ),
    "memnet/4": Table(
        "Super-resolution, PSNR and SSIM on luma, scale pixels cut",
        "MemNet paper, table 4, as repeated in later papers' tables; DnCNN (one network for all scales) and "
        "bicubic as their authors and those of EDSR give them",
        parse(TABLE_4, labels=2),
    ),
    "memnet/5": Table(
        "JPEG, PSNR and SSIM on luma",
        "MemNet paper, table 5, as the authors of MWCNN repeat it",
        parse(TABLE_5, labels=2),
    ),
    "memnet/6": Table(
        "Depth, Set5 x3, PSNR on luma",
        "MemNet paper, table 6; M6R6 as repeated in later papers' tables",
        parse(TABLE_6, labels=1),
    ),
}

MEMORIES = {
    "MemNet_NL": "memnet-no-long",
    "MemNet_NS": "memnet-no-short",
    "MemNet": "memnet-full",
}

ON = {f"Set5 ×{scale}": ("Set5", scale) for scale in (2, 3, 4)}


def _without(network: str) -> str:
    """What the whole network gains on one of table 1, at the three scales."""
    table = TABLES["memnet/1"]
    return " / ".join(printed_gap(table, (scale, "MemNet"), (scale, network)) for scale in "234")


def _depth(deeper: str) -> str:
    return f"×3: {printed_gap(TABLES['memnet/6'], ('PSNR', deeper), ('PSNR', 'M6R6'))}"


PAPER = Paper(
    name="MemNet",
    published="2017-10",
    tables=TABLES,
    answers=(
        Answers(
            "memnet/1",
            tuple(
                Answer(
                    f"{network}, Set5 ×{scale}",
                    (scale, network),
                    seeds(MEMORIES[network]),
                    "Set5",
                    int(scale),
                )
                for scale, network in TABLES["memnet/1"].cells
            ),
        ),
        column("memnet/3", TABLES, "MemNet", "memnet-noise-quick", ", σ "),
        column("memnet/4", TABLES, "MemNet", "memnet-reduced"),
        column("memnet/5", TABLES, "MemNet", "memnet-jpeg-quick", " quality "),
    ),
    claims=(
        Claim("table 1", "long-term memory", "memnet-full", "memnet-no-long", ON, _without("MemNet_NL")),
        Claim("table 1", "short-term memory", "memnet-full", "memnet-no-short", ON, _without("MemNet_NS")),
        Claim("section 3.3", "a prediction from each block", "memnet-full", "memnet-basic", ON),
        Claim("table 6", "more recursions", "memnet-longer", "memnet-full", ON, _depth("M6R8")),
        Claim("table 6", "more blocks", "memnet-deep", "memnet-full", ON, _depth("M10R10")),
    ),
    unanswered={
        "memnet/2": "sizes of networks; its scores are those of table 4",
        "memnet/6": "ours have other numbers of blocks and recursions",
    },
)
