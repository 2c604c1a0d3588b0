"""Numbers of the VDSR paper (Kim, Lee, Lee, CVPR 2016, arXiv 1511.04587)."""

from restorelib.papers import Answer, Answers, Claim, Paper, Table, column, parse, printed_gap, seeds

TABLE_1 = """
lr     network   epoch10 epoch20 epoch40 epoch80
0.1    residual  36.90   36.64  37.12  37.05
0.1    plain     27.42   19.59  31.38  35.66†
0.01   residual  36.74  36.87  36.91  36.93
0.01   plain     30.33  33.59  36.26  36.42
0.001  residual  36.31  36.46  36.52  36.52
0.001  plain     33.97  35.08† 36.11  36.11
"""

TABLE_2 = """
scale  2      3      4      2,3     2,4     3,4     2,3,4
2      37.10  30.05  28.13  37.09  37.03  32.43  37.06
3      30.42 32.89  30.50 33.22   31.20  33.24   33.27
4      28.43 28.73 30.84  28.70  30.86   30.94   30.95
"""

TABLE_3 = """
set      scale Bicubic      A+           RFL           SelfEx        SRCNN        VDSR
Set5     2     33.66/0.9299 36.54/0.9544 36.54/0.9537  36.49/0.9537  36.66/0.9542 37.53/0.9587
Set5     3     30.39/0.8682 32.58/0.9088 32.43/0.9057  32.58/0.9093  32.75/0.9090 33.66/0.9213
Set5     4     28.42/0.8104 30.28/0.8603 30.14/0.8548  30.31/0.8619  30.48/0.8628 31.35/0.8838
Set14    2     30.24/0.8688 32.28/0.9056 32.26/0.9040† 32.22/0.9034  32.42/0.9063 33.03/0.9124
Set14    3     27.55/0.7742 29.13/0.8188 29.05/0.8164† 29.16/0.8196  29.28/0.8209 29.77/0.8314
Set14    4     26.00/0.7027 27.32/0.7491 27.24/0.7451† 27.40/0.7518  27.49/0.7503 28.01/0.7674
BSD100   2     29.56/0.8431 31.21/0.8863 31.16/0.8840† 31.18/0.8855  31.36/0.8879 31.90/0.8960
BSD100   3     27.21/0.7385 28.29/0.7835 28.22/0.7806† 28.29/0.7840  28.41/0.7863 28.82/0.7976
BSD100   4     25.96/0.6675 26.82/0.7087 26.75/0.7054† 26.84/0.7106  26.90/0.7101 27.29/0.7251
Urban100 2     26.88/0.8403 29.20/0.8938 29.11/0.8904† 29.54/0.8967† 29.50/0.8946 30.76/0.9140
Urban100 3     24.46/0.7349 26.03/0.7973 25.86/0.7900† 26.44/0.8088† 26.24/0.7989 27.14/0.8279
Urban100 4     23.14/0.6577 24.32/0.7183 24.19/0.7096† 24.79/0.7374† 24.52/0.7221 25.18/0.7524
"""

TABLES = {
    "vdsr/1": Table(
        "With and without the residual connection, Set5 x2, depth 10, 91 training images",
        "VDSR paper, table 1; unmarked cells agree with the curves of its figure 4",
        parse(TABLE_1, labels=2),
    ),
    "vdsr/2": Table(
        "Scales in training by scale tested, Set5, 91 training images",
        "VDSR paper, table 2",
        parse(TABLE_2, labels=1),
    ),
    "vdsr/3": Table(
        "Benchmark, PSNR and SSIM on luma, border cut",
        "VDSR paper, table 3, as repeated in the comparison table of the EDSR authors (NTIRE 2017); RFL and "
        "SelfEx on Set5 as repeated by the DRRN authors",
        parse(TABLE_3, labels=2),
    ),
}


def _on(scale: int) -> dict[str, tuple[str, int]]:
    return {"Set5": ("Set5", scale)}


PAPER = Paper(
    name="VDSR",
    published="2016-06",
    tables=TABLES,
    answers=(
        Answers(
            "vdsr/1",
            tuple(
                # The end of the paper's training, beside the end of ours.
                Answer(
                    f"{network}, rate {rate}",
                    (rate, network, "epoch80"),
                    seeds(f"vdsr-{network}-lr{rate}"),
                    "Set5",
                    2,
                )
                for rate in ("0.1", "0.01", "0.001")
                for network in ("residual", "plain")
            ),
        ),
        Answers(
            "vdsr/2",
            tuple(
                Answer(
                    f"trained on ×{trained}, tested at ×{tested}",
                    (tested, trained),
                    seeds(f"vdsr-train-x{trained.replace(',', '')}"),
                    "Set5",
                    int(tested),
                )
                for tested, trained in TABLES["vdsr/2"].cells
            ),
        ),
        column("vdsr/3", TABLES, "SRCNN", {2: "srcnn-reduced"}),
        column("vdsr/3", TABLES, "VDSR", "vdsr-reduced"),
    ),
    claims=(
        Claim(
            "table 1",
            "predict the difference, by SGD, at ×2",
            "claim-vdsr-residual-sgd",
            "claim-vdsr-plain-sgd",
            _on(2),
        ),
        *(
            Claim(
                "table 2",
                f"one network for three scales rather than one for ×{scale}",
                "vdsr-train-x234",
                f"vdsr-train-x{scale}",
                _on(scale),
                printed_gap(TABLES["vdsr/2"], (f"{scale}", "2,3,4"), (f"{scale}", f"{scale}")),
            )
            for scale in (3, 4)
        ),
        *(
            Claim(
                "figure 3",
                f"twenty layers rather than ten, at ×{scale}",
                "vdsr-depth20",
                "vdsr-depth10",
                _on(scale),
            )
            for scale in (2, 3, 4)
        ),
    ),
)
