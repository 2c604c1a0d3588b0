"""Numbers of the RED-Net paper (Mao, Shen, Yang, NIPS 2016, arXiv 1603.09056).

The RED30 of these tables has 128 channels, going by the weights released. All RED results are averages over
the eight flips and rotations of the picture, and the authors' evaluation cuts no border, unlike that of the
methods quoted for super-resolution.
"""

from restorelib.papers import (
    STAND_INS,
    Answer,
    Answers,
    Claim,
    Paper,
    Table,
    column,
    parse,
    printed_gap,
    seeds,
    stand_in,
)

TABLE_1 = """
sigma BM3D         EPLL         NCSR         PCLR         PGPD         WNNM
10    34.18/0.9339 33.98/0.9332 34.27/0.9342 34.48/0.9366 34.22/0.9309 34.49/0.9363
30    28.49/0.8204 28.35/0.8200 28.44/0.8203 28.68/0.8263 28.55/0.8199 28.74/0.8273
50    26.08/0.7427 25.97/0.7354 25.93/0.7415 26.29/0.7538 26.19/0.7442 26.32/0.7517
70    24.65/0.6882 24.47/0.6712 24.36/0.6871 24.79/0.6997 24.71/0.6913 24.80/0.6975
"""

TABLE_1_RED = """
sigma RED10        RED20        RED30
10    34.62/0.9374 34.74/0.9392 34.81/0.9402
30    28.95/0.8327 29.10/0.8396 29.17/0.8423
50    26.51/0.7571 26.72/0.7689 26.81/0.7733
70    24.97/0.7012 25.23/0.7177 25.31/0.7206
"""

TABLE_2 = """
sigma BM3D         EPLL         NCSR         PCLR         PGPD         WNNM
10    33.01/0.9218 33.01/0.9255 33.09/0.9226 33.30/0.9261 33.02/0.9176 33.25/0.9244
30    27.31/0.7755 27.38/0.7825 27.23/0.7738 27.54/0.7827 27.33/0.7717 27.48/0.7807
50    25.06/0.6831 25.17/0.6870 24.95/0.6777 25.30/0.6947 25.18/0.6841 25.26/0.6928
70    23.82/0.6240 23.81/0.6168 23.58/0.6166 23.94/0.6336 23.89/0.6245 23.95/0.6346
"""

TABLE_2_RED = """
sigma RED10        RED20        RED30
10    33.49/0.9290 33.59/0.9310 33.63/0.9319
30    27.79/0.7918 27.90/0.7993 27.95/0.8019
50    25.54/0.7032 25.67/0.7117 25.75/0.7167
70    24.13/0.6367 24.33/0.6521 24.37/0.6551
"""

TABLE_3 = """
set  scale SRCNN        NBSRF        CSCN         CSC          TSE          ARFL+
Set5 2     36.66/0.9542 36.76/0.9552 37.14/0.9567 36.62/0.9549 36.50/0.9537 36.89/0.9559
Set5 3     32.75/0.9090 32.75/0.9104 33.26/0.9167 32.66/0.9098 32.62/0.9094 32.72/0.9094
Set5 4     30.49/0.8628 30.44/0.8632 31.04/0.8775 30.36/0.8607 30.33/0.8623 30.35/0.8583
"""

TABLE_3_RED = """
set  scale RED10        RED20        RED30
Set5 2     37.43/0.9590 37.62/0.9597 37.66/0.9599
Set5 3     33.43/0.9197 33.80/0.9229 33.82/0.9230
Set5 4     31.12/0.8794 31.40/0.8847 31.51/0.8869
"""

TABLE_4 = """
set   scale SRCNN        NBSRF        CSCN         CSC          TSE          ARFL+
Set14 2     32.45/0.9067 32.45/0.9071 32.71/0.9095 32.31/0.9070 32.23/0.9036 32.52/0.9074
Set14 3     29.30/0.8215 29.25/0.8212 29.55/0.8271 29.15/0.8208 29.16/0.8197 29.23/0.8201
Set14 4     27.50/0.7513 27.42/0.7511 27.76/0.7620 27.30/0.7499 27.40/0.7518 27.41/0.7483
"""

TABLE_4_RED = """
set   scale RED10        RED20        RED30
Set14 2     32.77/0.9125 32.87/0.9138 32.94/0.9144
Set14 3     29.42/0.8318 29.61/0.8343 29.61/0.8341
Set14 4     27.58/0.7654 27.80/0.7697 27.86/0.7718
"""

TABLE_5 = """
set    scale SRCNN        NBSRF        CSCN         CSC          TSE          ARFL+
BSD100 2     31.36/0.8879 31.30/0.8876 31.54/0.8908 31.27/0.8876 31.18/0.8855 31.35/0.8885
BSD100 3     28.41/0.7863 28.36/0.7856 28.58/0.7910 28.31/0.7853 28.30/0.7843 28.36/0.7851
BSD100 4     26.90/0.7103 26.88/0.7110 27.11/0.7191 26.83/0.7101 26.85/0.7108 26.86/0.7091
"""

TABLE_5_RED = """
set    scale RED10        RED20        RED30
BSD100 2     31.85/0.8953 31.95/0.8969 31.99/0.8974
BSD100 3     28.79/0.7975 28.90/0.7993 28.93/0.7994
BSD100 4     27.25/0.7238 27.35/0.7268 27.40/0.7290
"""

TABLE_6 = """
set       10           30           50           70
14-images 34.49/0.9368 29.09/0.8414 26.75/0.7716 25.20/0.7157
BSD200    33.38/0.9280 27.88/0.7980 25.69/0.7119 24.36/0.6544
"""

TABLE_7 = """
set    2            3            4
Set5   37.56/0.9595 33.70/0.9222 31.33/0.8847
Set14  32.81/0.9135 29.50/0.8334 27.72/0.7698
BSD100 31.96/0.8972 28.88/0.7993 27.35/0.7276
"""

FIGURE_3C = """
skips     2     4
symmetric 25.08 25.30
block     24.59 25.21
"""

# Read off the curves of figure 3(a), within half a line of its grid: where PSNR settles, in dB.
FIGURE_3A = {"bottleneck-plain": "19 to 19.4", "bottleneck-skips": "22.5 to 22.8"}

# The authors' RED30 on sets that their paper has not, as later papers ran it; PSNR.
LATER = """
set          10    30    50    70
Set12        ?     ?     27.34 ?
BSD68        33.99 28.50 26.37 25.10
Kodak24-grey 35.02 29.77 27.66 26.39
"""

BURGER = """
network       10    30    50    70
Burger-et-al. 29.95 27.81 18.62 14.84
"""

TABLES = {
    "rednet/1": Table(
        "Gaussian noise, 14 common images, PSNR and SSIM on grey",
        "RED-Net paper, table 1",
        parse(TABLE_1, labels=1) | parse(TABLE_1_RED, labels=1),
    ),
    "rednet/2": Table(
        "Gaussian noise, BSD200 made smaller by a factor not given, PSNR and SSIM on grey",
        "RED-Net paper, table 2",
        parse(TABLE_2, labels=1) | parse(TABLE_2_RED, labels=1),
    ),
    "rednet/3": Table(
        "Super-resolution, Set5, PSNR and SSIM on luma",
        "RED-Net paper, table 3",
        parse(TABLE_3, labels=2) | parse(TABLE_3_RED, labels=2),
    ),
    "rednet/4": Table(
        "Super-resolution, Set14, PSNR and SSIM on luma",
        "RED-Net paper, table 4",
        parse(TABLE_4, labels=2) | parse(TABLE_4_RED, labels=2),
    ),
    "rednet/5": Table(
        "Super-resolution, BSD100, PSNR and SSIM on luma",
        "RED-Net paper, table 5",
        parse(TABLE_5, labels=2) | parse(TABLE_5_RED, labels=2),
    ),
    "rednet/6": Table(
        "One 30-layer network for all noise levels, PSNR and SSIM on grey",
        "RED-Net paper, table 6",
        parse(TABLE_6, labels=1),
    ),
    "rednet/7": Table(
        "One 30-layer network for all scales, PSNR and SSIM on luma",
        "RED-Net paper, table 7",
        parse(TABLE_7, labels=1),
    ),
    "rednet/figure-3c": Table(
        "Symmetric skips and those of ResNet over 2 and 4 layers, PSNR after the last update",
        "RED-Net paper, caption of figure 3(c); its noise is not given",
        parse(FIGURE_3C, labels=1),
    ),
    "rednet/later": Table(
        "The authors' RED30 on other sets, PSNR",
        "MWCNN paper, table 1, for Set12; RNAN paper for BSD68 and Kodak24",
        parse(LATER, labels=1),
    ),
    "rednet/burger": Table(
        "A network of Burger et al. trained for one sigma, at four (columns), PSNR on the 14 images",
        "RED-Net paper, text",
        parse(BURGER, labels=1),
    ),
}

RED10 = {scale: f"red10-x{scale}-quick" for scale in (2, 3, 4)}
# Where a skip of figure 3(c) goes, over how many layers -> our ablation.
SKIPS = {
    ("symmetric", "2"): "rednet-depth30-skips",
    ("block", "2"): "rednet-block2",
    ("symmetric", "4"): "rednet-symmetric4",
    ("block", "4"): "rednet-block4",
}


def _noise(table: str, dataset: str, network: str) -> Answers:
    """Answers to a column of tables 1 and 2, whose rows are levels of noise."""
    ours = STAND_INS[dataset]
    cells = (
        Answer(
            f"σ {sigma}, ours on {ours}",
            (sigma, method),
            (f"{network.lower()}-noise{sigma}-quick",),
            ours,
            int(sigma),
            comparable=False,
        )
        for sigma, method in TABLES[table].cells
        if method == network
    )
    return Answers(table, tuple(cells), network)


def _one_for_all(table: str, sign: str, run: str) -> Answers:
    """Answers to tables 6 and 7: one network for all levels, which are the columns."""
    cells = []
    for dataset, level in TABLES[table].cells:
        ours, where = stand_in(dataset)
        row = f"{where}, {sign}{level}"
        cells.append(Answer(row, (dataset, level), (run,), ours, int(level), ours == dataset))
    return Answers(table, tuple(cells), "RED10 as ours")


ON = {"Set12, σ 70": ("Set12", 70)}


def _claim(where: str, text: str, better: str, worse: str, printed: str = "") -> Claim:
    return Claim(where, text, f"rednet-{better}", f"rednet-{worse}", ON, printed)


def _rather_than_resnets(every: str) -> str:
    """What the caption of figure 3(c) gives for symmetric skips."""
    table = TABLES["rednet/figure-3c"]
    return f"{printed_gap(table, ('symmetric', every), ('block', every))}, other pictures"


PAPER = Paper(
    name="RED-Net",
    published="2016-12",
    tables=TABLES,
    answers=(
        *(_noise("rednet/1", "14-images", network) for network in ("RED10", "RED20")),
        *(_noise("rednet/2", "BSD200", network) for network in ("RED10", "RED20")),
        *(column(f"rednet/{table}", TABLES, "RED10", RED10) for table in (3, 4, 5)),
        _one_for_all("rednet/6", "σ ", "red10-noise-blind-quick"),
        _one_for_all("rednet/7", "×", "red10-x234-quick"),
        Answers(
            "rednet/figure-3c",
            tuple(
                Answer(
                    f"{kind}, over {every} layers, ours on Set12, σ 70",
                    (kind, every),
                    seeds(recipe),
                    "Set12",
                    70,
                    comparable=False,
                )
                for (kind, every), recipe in SKIPS.items()
            ),
        ),
    ),
    claims=(
        _claim("figure 3(a)", "skips around a bottleneck", "bottleneck-skips", "bottleneck-plain"),
        _claim("figure 3(b)", "without skips 10 layers rather than 20", "depth10-plain", "depth20-plain"),
        _claim("figure 3(b)", "without skips 20 layers rather than 30", "depth20-plain", "depth30-plain"),
        _claim("figure 3(b)", "with skips 30 layers rather than 20", "depth30-skips", "depth20-skips"),
        _claim("figure 3(b)", "30 layers with skips", "depth30-skips", "depth30-plain"),
        _claim(
            "figure 3(c)",
            "symmetric skips rather than ResNet's, over 2 layers",
            "depth30-skips",
            "block2",
            _rather_than_resnets("2"),
        ),
        _claim(
            "figure 3(c)",
            "symmetric skips rather than ResNet's, over 4 layers",
            "symmetric4",
            "block4",
            _rather_than_resnets("4"),
        ),
        _claim("section 4.1", "transposed convolutions rather than plain ones", "depth10-plain", "all-conv"),
    ),
    unanswered={
        "rednet/later": "its columns are no network of ours",
        "rednet/burger": "a network that is not built here",
    },
)
