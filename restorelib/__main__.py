"""The command line: restorelib train | evaluate | score | image | data | bench | runs | show | scoreboard."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from accelerate import PartialState

from restorelib import runs, saving, scoring, sets
from restorelib.degrade import Bicubic, Degradation
from restorelib.downloads import ARCHIVES, fetch, gigabytes
from restorelib.errors import RestoreError
from restorelib.evaluation import evaluate as evaluate_set
from restorelib.evaluation import restore_image
from restorelib.opening import open_picture
from restorelib.output import json_of, run_command, shown
from restorelib.plan import as_text
from restorelib.plan import plan as make_plan
from restorelib.queue import work
from restorelib.recipes import HEADLINES, PROFILES, RECIPES, find
from restorelib.records import Record, Score

LISTED = {
    "name",
    "network",
    "task",
    "profile",
    "parameters",
    "updates",
    "minutes",
    "hardware",
    "seed",
    "scores",
}

LARGEST = 2**29  # pixels of a result: colour in float32 takes 6 GB then, several times over

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def train(
    recipe: Annotated[str | None, typer.Argument(help=f"{', '.join(HEADLINES)} or another")] = None,
    profile: Annotated[str, typer.Option(help=", ".join(PROFILES))] = "quick",
    out: Annotated[Path | None, typer.Option(help="folder of the run; default: runs/RECIPE-PROFILE")] = None,
    minutes: Annotated[float | None, typer.Option(help="stop after this time; the schedule fits it")] = None,
    checkpoint_seconds: Annotated[float, typer.Option(help="how often the state is saved")] = 60,
    compiled: Annotated[bool, typer.Option("--compile", help="use torch.compile")] = False,
    queue: Annotated[bool, typer.Option("--queue", help="make the runs the book wants and lacks")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="with --queue: list the runs, train nothing")] = False,
    listing: Annotated[bool, typer.Option("--list", help="list all recipes and their profiles")] = False,
) -> None:
    """Train a recipe and leave a run folder; start it again to continue one that was interrupted.

    With --queue, --out is the folder of all runs. Within --minutes the five headline runs come first, each
    with a share of the time that its schedule ends with; such a run does not replace the whole one. Other
    runs are cut off by the time and continued the next time. --plan trains nothing: it measures networks for
    five seconds each, as far as the time goes, and prints how long runs take and what share each gets.
    """
    if listing:
        for name, profiles in RECIPES.items():
            print(f"{name}: {', '.join(profiles)}")
        return
    if minutes is not None and not 0 < minutes < math.inf:
        raise RestoreError("--minutes must be positive, and finite")
    if not 0 <= checkpoint_seconds < math.inf:
        raise RestoreError("--checkpoint-seconds must be 0 or more, and finite")
    if queue == (recipe is not None):
        raise RestoreError("name a recipe (restorelib train --list lists them) or give --queue")
    if plan and not queue:
        raise RestoreError("--plan shows what --queue would do; give both")
    if plan:
        print(as_text(make_plan(out or runs.runs_folder(), minutes), minutes))
        return
    if queue:
        work(out or runs.runs_folder(), minutes, checkpoint_seconds)
        return
    chosen = find(recipe, profile)
    folder = runs.make(chosen, profile, out, minutes, checkpoint_seconds, compiled=compiled)
    if not PartialState().is_main_process:  # the first process writes the record and tells
        return
    about = runs.record(folder)
    print(f"{folder}: {about.updates} updates in {about.minutes} minutes on {about.hardware}")
    for score in about.scores:
        print(_line(score))


@app.command()
def evaluate(
    run: Annotated[
        str, typer.Argument(help="a shipped run, a run folder, bicubic, blurred, tv/30, official/vdsr")
    ],
    set_: Annotated[str, typer.Option("--set", help="a set's name or a folder of images")] = "bundled",
    scale: Annotated[int | None, typer.Option(help="default: the first it was trained for")] = None,
    level: Annotated[
        int | None, typer.Option(help="sigma, JPEG quality or temporal level; default as for --scale")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Score a run on a set of pictures under the papers' protocol."""
    network = runs.load(run)
    degradation = _asked(scoring.scored_under(set_, network.record.task)[0], scale, level)
    protocol = scoring.protocol_of(set_, degradation)
    score = Score(set=set_, **evaluate_set(network, sets.load_set(set_), degradation, protocol))
    if as_json:
        print(json_of({"run": run, **score.model_dump(mode="json")}))
        return
    for picture in score.images:
        print(f"  {shown(picture.name):24} {picture.psnr:6.2f} dB  SSIM {picture.ssim:.4f}")
    print(_line(score))


@app.command("score")
def add_score(
    run: Annotated[str, typer.Argument(help="a run folder; in a checkout, also a shipped run")],
    set_: Annotated[str, typer.Option("--set", help="a set's name or a folder of images")],
) -> None:
    """Add the scores of a set to a run's record, under all of its task; earlier ones of that set go."""
    for score in runs.add_scores(run, set_):
        print(_line(score))


def _asked(usual: Degradation, scale: int | None, level: int | None) -> Degradation:
    """The degradation to score under: the usual one, or that at the scale or level asked for."""
    if isinstance(usual, Bicubic) and level is not None:
        raise RestoreError("this run is for super-resolution; say --scale in place of --level")
    if not isinstance(usual, Bicubic) and scale is not None:
        raise RestoreError("this run is not for super-resolution; say --level in place of --scale")
    if scale is not None and scale < 2:
        raise RestoreError("--scale must be 2 or more")
    if level is not None and level < 1:
        raise RestoreError("--level must be 1 or more")
    return replace(usual, **{usual.key: scale or level or usual.parameter})


def _line(score: Score) -> str:
    return f"{shown(score.set)}, {score.key} {score.parameter}: {score.psnr:.2f} dB, SSIM {score.ssim:.4f}"


@app.command(help=f"Restore one picture of your own.\n\n{saving.HELP}")
def image(
    source: Annotated[Path, typer.Argument(metavar="IN")],
    target: Annotated[Path, typer.Argument(metavar="OUT")],
    run: Annotated[str, typer.Option(help="a run, as for evaluate")],
    scale: Annotated[
        int | None,
        typer.Option(help="how many times larger the result is; default: the first it was trained for, or 1"),
    ] = None,
    tile: Annotated[int | None, typer.Option(help="side of the squares restored at a time")] = None,
) -> None:
    """Restore one picture; what would keep OUT from being written is known before anything is computed."""
    if scale is not None and scale < 1:
        raise RestoreError("--scale must be 1 or more")
    if tile is not None and tile < 1:
        raise RestoreError("--tile must be 1 or more")
    saving.check_target(target)
    network, picture = runs.load(run), open_picture(source)
    if scale is None:
        usual = network.record.task[0]
        scale = usual.scale if isinstance(usual, Bicubic) else 1
    height, width = (scale * side for side in picture.pixels.shape[:2])
    if height * width > LARGEST:
        most = f"more than the {LARGEST:,} that are possible"
        raise RestoreError(f"--scale {scale} would give {width}x{height} pixels, {most}")
    saving.check_target(target, (height, width))
    restored = restore_image(network, picture.pixels, scale, tile)
    saving.write_picture(target, restored, picture.profile)
    print(f"{shown(str(target))} written")


@app.command()
def data(
    name: Annotated[str | None, typer.Argument(help="a set to fetch; none: list the sets")] = None,
) -> None:
    """List the sets, or make sure one of them is here.

    Sets of gigabytes are fetched by no other command. They go to RESTORELIB_DATA if that is set, else to the
    cache; what breaks off, the same command continues.
    """
    if name is None:
        for known in sets.set_names():
            print(f"{known}: {sets.set_size(known)} images")
        for large in ARCHIVES:
            print(f"{large}: {gigabytes(large)}, fetched only when it is asked for")
    elif name in (*ARCHIVES, *sets.LARGE):
        folder = fetch(name.split("/")[0]).parent / name
        print(f"{name}: {sum(1 for _ in folder.rglob('*.png'))} images in {folder}")
    else:
        print(f"{name}: {len(sets.load_set(name))} images")


@app.command()
def bench(
    networks: Annotated[list[str] | None, typer.Argument(help="default: all that have a recipe")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    compiled: Annotated[bool, typer.Option("--compile", help="time torch.compile too")] = False,
) -> None:
    """Measure what training costs on this machine, and what each choice of the loop gives."""
    from restorelib.bench import bench, results

    result = bench(tuple(networks or ()), compiled)
    print(json_of(result) if as_json else results.as_text(result))


@app.command("runs")
def list_runs(as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """List the trained networks that come with the book, and what else has scores."""
    records = [runs.record(name) for name in runs.shipped()]
    if as_json:
        told = [
            {**record.model_dump(mode="json", include=LISTED), "reproduces": runs.reproduces(record)}
            for record in records
        ]
        print(json_of(told))
        return
    for record in records:
        cost = f"{record.minutes} minutes on {record.hardware}"
        print(f"{record.name}: {record.parameters:,} parameters, {cost}")
    print(f"Not trained here: {', '.join(runs.untrained())}")


@app.command()
def show(
    run: Annotated[str, typer.Argument(help="a shipped run or a run folder")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Show where a number comes from: a run's recipe, cost and scores, and the pages that use it."""
    record, path = runs.record(run), runs.record_path(run) or runs.folder_of(run) / "record.json"
    pages = runs.pages(record.name)
    if as_json:
        again = {"reproduces": runs.reproduces(record)} if isinstance(record, Record) else {}
        told = {**record.model_dump(mode="json"), **again, "record": str(path), "pages": pages}
        print(json_of(told))
        return
    print(f"{record.name}: {path}")
    if isinstance(record, Record):
        _print_training(record)
    print("Scores")
    for score in record.scores:
        print(f"  {_line(score)}")
    print(f"Pages: {', '.join(pages) or 'none'}")


def _print_training(record: Record) -> None:
    again = "trains it again" if runs.reproduces(record) else "is another training now"
    name = record.name.removesuffix(f"-{record.profile}")
    print(f"Recipe: restorelib train {name} --profile {record.profile} {again}")
    for key, value in record.recipe.chosen().items():
        print(f"  {key:14} {json.dumps(value)}")
    print(f"Cost: {record.updates:,} updates in {record.minutes} minutes on {record.hardware}")
    print(
        f"  {record.images_per_second} patches/s, {record.peak_memory_mb:,} MiB, precision {record.precision}"
    )
    for update, what in record.accidents or ():
        print(f"  accident at update {update:,}: {what}")
    print(f"  seed {record.seed}, torch {record.torch}, commit {record.commit}")


@app.command("scoreboard")
def print_scoreboard() -> None:
    """Print the book's page on every row of every table it reproduces."""
    from restorelib import scoreboard

    print(scoreboard.page(), end="")


def main() -> None:
    """Run the command line; what the user can mend is one line on stderr, without a traceback."""
    run_command(app, "restorelib")


if __name__ == "__main__":
    main()
