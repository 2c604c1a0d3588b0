"""Numbers of the EDSR paper (Lim, Son, Kim, Nah, Lee, NTIRE 2017, arXiv 1707.02921) and its authors' code."""

from restorelib.papers import Answer, Answers, Claim, Paper, Table, column, parse, printed_gap, seeds, words

TABLE_1 = """
network         blocks width parameters scaling batchnorm loss
SRResNet        16     64    1.5M       –       yes       L2
baseline        16     64    1.5M       –       no        L1
baseline-multi  16     64    3.2M       –       no        L1
EDSR            32     256   43M        0.1     no        L1
MDSR            80     64    8.0M       –       no        L1
"""

TABLE_2 = """
set   scale SRResNet-L2  SRResNet-L1  baseline     baseline-multi EDSR         MDSR         EDSR+        MDSR+
DIV2K 2     34.40/0.9662 34.44/0.9665 34.55/0.9671 34.60/0.9673   35.03/0.9695 34.96/0.9692 35.12/0.9699 35.05/0.9696
DIV2K 3     30.82/0.9288 30.85/0.9292 30.90/0.9298 30.91/0.9298   31.26/0.9340 31.25/0.9338 31.39/0.9351 31.36/0.9346
DIV2K 4     28.92/0.8960 28.92/0.8961 28.94/0.8963 28.95/0.8962   29.25/0.9017 29.26/0.9016 29.38/0.9032 29.36/0.9029
"""  # noqa: E501

TABLE_3 = """
set      scale Bicubic      A+           SRCNN        VDSR         SRResNet     EDSR         MDSR         EDSR+        MDSR+
Set5     2     33.66/0.9299 36.54/0.9544 36.66/0.9542 37.53/0.9587 ?            38.11/0.9601 38.11/0.9602 38.20/0.9606 38.17/0.9605
Set5     3     30.39/0.8682 32.58/0.9088 32.75/0.9090 33.66/0.9213 ?            34.65/0.9282 34.66/0.9280 34.76/0.9290 34.77/0.9288
Set5     4     28.42/0.8104 30.28/0.8603 30.48/0.8628 31.35/0.8838 32.05/0.8910 32.46/0.8968 32.50/0.8973 32.62/0.8984 32.60/0.8982
Set14    2     30.24/0.8688 32.28/0.9056 32.42/0.9063 33.03/0.9124 ?            33.92/0.9195 33.85/0.9198 34.02/0.9204 33.92/0.9203
Set14    3     27.55/0.7742 29.13/0.8188 29.28/0.8209 29.77/0.8314 ?            30.52/0.8462 30.44/0.8452 30.66/0.8481 30.53/0.8465
Set14    4     26.00/0.7027 27.32/0.7491 27.49/0.7503 28.01/0.7674 28.53/0.7804 28.80/0.7876 28.72/0.7857 28.94/0.7901 28.82/0.7876
BSD100   2     29.56/0.8431 31.21/0.8863 31.36/0.8879 31.90/0.8960 ?            32.32/0.9013 32.29/0.9007 32.37/0.9018 32.34/0.9014
BSD100   3     27.21/0.7385 28.29/0.7835 28.41/0.7863 28.82/0.7976 ?            29.25/0.8093 29.25/0.8091 29.32/0.8104 29.30/0.8101
BSD100   4     25.96/0.6675 26.82/0.7087 26.90/0.7101 27.29/0.7251 27.57/0.7354 27.71/0.7420 27.72/0.7418 27.79/0.7437 27.78/0.7425
Urban100 2     26.88/0.8403 29.20/0.8938 29.50/0.8946 30.76/0.9140 ?            32.93/0.9351 32.84/0.9347 33.10/0.9363 33.03/0.9362
Urban100 3     24.46/0.7349 26.03/0.7973 26.24/0.7989 27.14/0.8279 ?            28.80/0.8653 28.79/0.8655 29.02/0.8685 28.99/0.8683
Urban100 4     23.14/0.6577 24.32/0.7183 24.52/0.7221 25.18/0.7524 26.07/0.7839 26.64/0.8033 26.67/0.8041 26.86/0.8080 26.86/0.8082
DIV2K    2     31.01/0.9393 32.89/0.9570 33.05/0.9581 33.66/0.9625 ?            35.03/0.9695 34.96/0.9692 35.12/0.9699 35.05/0.9696
DIV2K    3     28.22/0.8906 29.50/0.9116 29.64/0.9138 30.09/0.9208 ?            31.26/0.9340 31.25/0.9338 31.39/0.9351 31.36/0.9346
DIV2K    4     26.66/0.8521 27.70/0.8736 27.78/0.8753 28.17/0.8841 ?            29.25/0.9017 29.26/0.9016 29.38/0.9032 29.36/0.9029
"""  # noqa: E501

# Track 1 is bicubic shrinking, track 2 an undisclosed one. VICLab did not enter track 2.
TABLE_4 = """
track scale bicubic     VICLab      Lab402      HelloSR     MDSR+       EDSR+
1     2     31.01/0.900 34.29/0.943 34.66/0.946 34.47/0.944 34.83/0.947 34.93/0.948
1     3     28.22/0.822 30.52/0.880 30.83/0.884 30.77/0.882 31.04/0.888 31.13/0.889
1     4     26.65/0.761 28.55/0.845 28.83/0.830 28.82/0.830 29.04/0.836 29.09/0.837
2     2     25.08/0.713 ?           32.92/0.921 33.67/0.930 33.86/0.932 34.00/0.934
2     3     25.81/0.736 ?           30.31/0.871 30.51/0.876 30.67/0.879 30.78/0.881
2     4     21.84/0.583 ?           28.14/0.807 28.54/0.819 28.62/0.821 28.77/0.826
"""

BASELINE = """
set      scale baseline
Set5     2     37.99/0.9604
Set5     3     34.37/0.9270
Set5     4     32.09/0.8938
Set14    2     33.57/0.9175
Set14    3     30.28/0.8417†
Set14    4     28.58/0.7813
BSD100   2     32.16/0.8994
BSD100   3     29.09/0.8052†
BSD100   4     27.57/0.7357
Urban100 2     31.98/0.9272
Urban100 3     28.15/0.8527†
Urban100 4     26.04/0.7849
"""

PYTORCH = """
set   scale baseline EDSR  baseline-multi MDSR
DIV2K 2     34.61    35.03 34.63          34.92
DIV2K 3     30.92    31.26 30.94          31.22
DIV2K 4     28.95    29.25 28.97          29.24
"""

TABLES = {
    "edsr/1": Table(
        "The networks compared",
        "EDSR paper, table 1",
        words(TABLE_1, labels=1),
    ),
    "edsr/2": Table(
        "From SRResNet to EDSR, 10 validation images of DIV2K, PSNR and SSIM on RGB, scale + 6 pixels cut",
        "EDSR paper, table 2",
        parse(TABLE_2, labels=2),
    ),
    "edsr/3": Table(
        "Benchmark, PSNR and SSIM on luma, scale pixels cut; DIV2K: on RGB, scale + 6 pixels cut",
        "EDSR paper, table 3, as an image in the authors' repository github.com/LimBee/NTIRE2017; the SSIM "
        "on DIV2K takes the three channels for a volume and compares with no other",
        parse(TABLE_3, labels=2),
    ),
    "edsr/4": Table(
        "The NTIRE 2017 challenge on super-resolution, test pictures of DIV2K",
        "EDSR paper, table 4, as ranked by the challenge; EDSR+ on track 1 x4 is the checked network (the "
        "file handed in scored 26.91 / 0.752), and for VICLab the paper's text prints another SSIM",
        parse(TABLE_4, labels=2),
    ),
    "edsr/baseline": Table(
        "The authors' 16x64 baselines on the benchmarks, PSNR and SSIM on luma, scale pixels cut",
        "not in the EDSR paper; as repeated in the README of SRTransGAN",
        parse(BASELINE, labels=2),
    ),
    "edsr/pytorch": Table(
        "Trained again in PyTorch by the authors, DIV2K 0801 to 0900, PSNR on RGB, scale + 6 pixels cut",
        "not in the EDSR paper; README of github.com/sanghyun-son/EDSR-PyTorch",
        parse(PYTORCH, labels=2),
    ),
}

EDSR = {scale: f"edsr-x{scale}-reduced" for scale in (2, 3, 4)}
# A network of table 2 and a scale -> our ablation of it.
LADDER = {
    ("SRResNet-L2", 2): "edsr-ladder-srresnet-l2",
    ("SRResNet-L1", 2): "edsr-ladder-srresnet",
    ("baseline", 2): "edsr-ladder-edsr",
    ("baseline", 3): "edsr-alone-x3",
    ("baseline", 4): "edsr-alone-x4",
    **{("baseline-multi", scale): "mdsr" for scale in (2, 3, 4)},
}


def _on(scale: int) -> dict[str, tuple[str, int]]:
    return {dataset: (dataset, scale) for dataset in ("Set5", "BSD100")}


def _on_div2k(scale: int, better: str, worse: str) -> str:
    """What table 2 gives, on pictures of DIV2K."""
    labels = (("DIV2K", str(scale), network) for network in (better, worse))
    return f"{printed_gap(TABLES['edsr/2'], *labels)}, DIV2K"


PAPER = Paper(
    name="EDSR",
    published="2017-07",
    tables=TABLES,
    answers=(
        Answers(
            "edsr/2",
            tuple(
                Answer(
                    f"{network} ×{scale}, ours on Set5",
                    ("DIV2K", str(scale), network),
                    seeds(recipe),
                    "Set5",
                    scale,
                    comparable=False,
                )
                for (network, scale), recipe in LADDER.items()
            ),
        ),
        column("edsr/baseline", TABLES, "baseline", EDSR),
        column("edsr/3", TABLES, "EDSR", EDSR),
        column("edsr/3", TABLES, "MDSR", "mdsr-reduced"),
        column("edsr/3", TABLES, "EDSR+", {scale: f"{run}+" for scale, run in EDSR.items()}),
        column("edsr/3", TABLES, "MDSR+", "mdsr-reduced+"),
    ),
    claims=(
        Claim(
            "table 2",
            "L1 rather than L2, in SRResNet",
            "edsr-ladder-srresnet",
            "edsr-ladder-srresnet-l2",
            _on(2),
            _on_div2k(2, "SRResNet-L1", "SRResNet-L2"),
        ),
        Claim(
            "table 2",
            "neither batch normalisation nor outer ReLUs",
            "edsr-ladder-edsr",
            "edsr-ladder-srresnet",
            _on(2),
            _on_div2k(2, "baseline", "SRResNet-L1"),
        ),
        Claim("figure 4", "×4 from ×2 rather than from scratch", "edsr-x4-from-x2", "edsr-alone-x4", _on(4)),
        *(
            Claim(
                "table 2",
                f"one network for three scales, with the updates of one, at ×{scale}",
                "mdsr-short",
                LADDER["baseline", scale],
                _on(scale),
                _on_div2k(scale, "baseline-multi", "baseline"),
            )
            for scale in (2, 3, 4)
        ),
    ),
    unanswered={
        "edsr/1": "sizes of networks",
        "edsr/4": "a challenge whose test pictures were never published",
        "edsr/pytorch": "the authors' second training, quoted nowhere yet",
    },
)
