"""The page "Restore a photo of your own" in a browser, by keyboard: it equals restorelib, nothing is sent."""

import io
import json
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from built import HTML, pages
from export_onnx import Answering
from pace import slow
from PIL import Image
from playwright.sync_api import Page
from print_book import chromium

from restorelib import images, runs
from restorelib.cuts import without
from restorelib.degrade import Bicubic, Jpeg, modcrop
from restorelib.evaluation import restore_image
from restorelib.metrics import Protocol, psnr
from restorelib.motion import moved
from restorelib.sets import LEVELS, temporal_levels

PAGE = "book/try.html"
if PAGE not in pages():
    pytest.skip("the built book has no such page: run make book first", allow_module_level=True)
SCRIPT = (HTML / "_static" / "try" / "library.js").read_text(encoding="utf-8")
LIBRARY = re.search(r'"(https://cdn[^"]+)"', SCRIPT)[1]
PACKAGE = re.search(r"onnxruntime-web@[\d.]+", LIBRARY)[0]
FILES = re.findall(r'name: "(.+)"', SCRIPT)
PROCESSOR = FILES[2:]  # of WebAssembly; a browser without a graphics card fetches no others
LIST = (HTML / "_static" / "try" / "networks.js").read_text(encoding="utf-8").split(" = ")[1]
NETWORKS = {entry["run"]: entry for entry in json.loads(LIST.rstrip(";\n"))}
PATIENCE = 1_200_000  # ms, for networks on a busy machine


def offered(damage):
    """The networks that the page offers for a damage, name -> run."""
    kind, level = damage.split("-")
    mending = {"kind": kind, "level": int(level)}
    return {entry["name"]: run for run, entry in NETWORKS.items() if mending in entry["mends"]}


@dataclass
class Demo:
    """The open page, and what it asked for: (method, address). Everything is done by keyboard."""

    page: Page
    requests: list = field(default_factory=list)

    def part(self, name):
        return self.page.locator(f".rl-try-{name}")

    def wait_until_it_says(self, text):
        self.page.get_by_role("status").filter(has_text=text).wait_for()

    def press(self, name, key="Enter"):
        self.part(name).press(key)

    def give(self, name, content):
        """Choose a file: pixels, stored as PNG, or bytes as they are."""
        content = content if isinstance(content, bytes) else png(content)
        file = {"name": name, "mimeType": "image/png", "buffer": content}
        self.page.get_by_label("Choose one").set_input_files(file)
        self.wait_until_it_says(re.compile(f"^{re.escape(name)}"))

    def choose(self, select, value):
        """One of a select's options, by arrow keys."""
        options = self.part(select).evaluate("select => [...select.options].map(option => option.value)")
        self.press(select, "Home")
        for _ in range(options.index(value)):
            self.press(select, "ArrowDown")
        assert self.part(select).input_value() == value

    def switch(self, name, on):
        if self.part(name).is_visible() and self.part(name).is_checked() != on:
            self.press(name, "Space")

    def start(self):
        self.wait_until_it_is_free()
        self.press("start")

    def wait_until_it_is_free(self):
        self.page.locator(".rl-try-start:enabled").wait_for()

    def restore(self, damage, real=False, only=None, steps=False, cut=()):
        """Start with these choices, the skips from the layers `cut` left out, and wait for the end."""
        self.choose("damage", damage)
        self.switch("real", real)
        self.switch("steps", steps)
        for box in self.part("networks").locator("li > label > input").all():
            if box.is_checked() != (only is None or box.input_value() in only):
                box.press("Space")
        for start in cut:
            self.part("skips").locator(f"[name='{start}']").press("Space")
        self.start()
        self.wait_until_it_says("Done")

    def names(self):
        return self.part("panels").locator("strong").all_inner_texts()

    def panel(self, name):
        return (
            self.part("panels")
            .get_by_role("button")
            .filter(has=self.page.locator(f"strong:text-is('{name}')"))
        )

    def saved(self, name):
        """The picture of a panel as the page saves it, a uint8 image."""
        self.panel(name).press("Enter")
        with self.page.expect_download() as download:
            self.press("save")
        return np.asarray(Image.open(download.value.path()).convert("RGB"))

    def scores(self, name):
        """PSNR and SSIM that a panel shows."""
        words = self.panel(name).inner_text()
        return [float(re.search(form, words)[1]) for form in (r"([\d.]+) dB", r"SSIM ([\d.]+)")]


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def assert_same_picture(shown, expected):
    """Equal but for a few values so near to the middle of two grey levels that they are rounded otherwise."""
    difference = np.abs(shown.astype(int) - expected)
    assert difference.max() <= 1
    assert difference.mean() < 0.002


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The files that the page takes from its content network, as npm's package has them: name -> bytes."""
    if shutil.which("npm") is None:
        pytest.skip("no npm on this machine")
    folder = tmp_path_factory.mktemp("npm")
    command = ("npm", "pack", "--silent", PACKAGE)
    packed = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if packed.returncode:
        pytest.skip(f"npm can't get {PACKAGE}: {packed.stderr.strip()}")
    with tarfile.open(folder / packed.stdout.strip()) as archive:
        return {name: archive.extractfile(f"package/dist/{name}").read() for name in FILES}


def serve(files):
    """Answers for the content network."""

    def answer(route):
        body = files[route.request.url.removeprefix(LIBRARY)]
        route.fulfill(body=body, headers={"access-control-allow-origin": "*"})

    return answer


@pytest.fixture(scope="module")
def opened(browser, site, library):
    """`opened()` opens the page, also with some of the library's files altered, or after a script of ours."""
    tabs = []

    def open_page(altered=None, script=""):
        page = browser.new_page()
        page.add_init_script(script)
        page.set_default_timeout(PATIENCE)
        tabs.append(page)
        demo = Demo(page)
        page.on("request", lambda request: demo.requests.append((request.method, request.url)))
        page.route(f"{LIBRARY}*", serve(library | (altered or {})))
        page.goto(site + PAGE)
        demo.wait_until_it_says("Press Start")
        return demo

    yield open_page
    for page in tabs:
        page.close()


@pytest.fixture(scope="module")
def demo(opened):
    return opened()


# ---------------------------------------------------------------- the whole way, as a reader goes it


@pytest.fixture(scope="module")
def shrunk(demo, bundled):
    """The photo that every network for it enlarged two times, and the page."""
    photo = bundled["chelsea"][60:221, 100:431]
    before = len(demo.requests)
    demo.give("whiskers.png", photo)
    demo.wait_until_it_says("331×161 pixels")
    at_start = len(demo.requests)
    demo.restore("shrunk-2")
    demo.before, demo.after = demo.requests[:at_start], demo.requests[at_start:]
    assert before <= at_start
    return demo, photo


def test_a_photo_is_shrunk_and_restored_by_every_network(shrunk):
    demo, photo = shrunk
    demo.wait_until_it_says("Done on the processor (WebAssembly): the middle 330×160 of 331×161 pixels")
    networks = offered("shrunk-2")
    assert demo.names() == ["Original", "Damaged", "Bicubic", *networks]
    clean = modcrop(images.to_tensor(photo), 2)
    small = demo.saved("Damaged")
    assert_same_picture(small, images.to_image(Bicubic(2, enlarge=False)(clean)))
    for name, run in networks.items():
        expected = restore_image(runs.load(run), small, 2)
        shown = demo.saved(name)
        assert_same_picture(shown, expected)
        again = Protocol(border=2).score(images.to_tensor(shown), clean)
        assert demo.scores(name) == [pytest.approx(again[key], abs=0.01) for key in ("psnr", "ssim")]


def test_nothing_leaves_before_start_and_nothing_is_uploaded(shrunk, site):
    demo, _ = shrunk
    assert {method for method, _ in demo.requests} == {"GET"}
    asked = {url for _, url in demo.before if not url.startswith(("blob:", "data:"))}
    assert {url for url in asked if not url.startswith(site) or ".onnx" in url} == set()
    after = {url for _, url in demo.after if not url.startswith(("blob:", "data:"))}
    own = {url.removeprefix(site) for url in after if url.startswith(site)}
    assert {url for url in after if not url.startswith(site)} == {LIBRARY + name for name in PROCESSOR}
    files = {NETWORKS[run]["file"] for run in offered("shrunk-2").values()}
    assert {url for url in own if not url.endswith(".js")} == {f"_static/try/{file}" for file in files}


def test_both_sides_zoom_and_move_in_step(shrunk):
    demo, _ = shrunk
    demo.press("stage", "0")
    whole = picture_of(demo.page)
    demo.press("stage", "+")
    zoomed = picture_of(demo.page)
    assert demo.part("zoom").inner_text().endswith("%")
    assert zoomed != whole
    demo.press("stage", "ArrowRight")
    assert picture_of(demo.page) != zoomed
    demo.press("out")
    assert picture_of(demo.page) == whole
    assert demo.part("zoom").inner_text() == "whole"
    demo.press("in")
    demo.press("whole")
    assert picture_of(demo.page) == whole


def picture_of(page):
    """What the stage shows, once it is drawn."""
    page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    return page.locator(".rl-try-stage canvas").evaluate("canvas => canvas.toDataURL()")


def test_the_border_and_the_picture_are_dragged(shrunk):
    demo, _ = shrunk
    demo.press("stage", "0")
    drag(demo, 0.5, 0.25)
    assert float(demo.part("border").input_value()) == pytest.approx(25, abs=1)
    demo.press("stage", "+")
    before = picture_of(demo.page)
    drag(demo, 0.8, 0.6)
    assert float(demo.part("border").input_value()) == pytest.approx(25, abs=1)
    assert picture_of(demo.page) != before


def drag(demo, start, end):
    """Across the stage, between shares of its width."""
    demo.part("stage").scroll_into_view_if_needed()
    box = demo.part("stage").bounding_box()
    demo.page.mouse.move(box["x"] + start * box["width"], box["y"] + box["height"] / 2)
    demo.page.mouse.down()
    demo.page.mouse.move(box["x"] + end * box["width"], box["y"] + box["height"] / 2)
    demo.page.mouse.up()


def test_the_border_and_the_sides_are_chosen_by_keyboard(shrunk):
    demo, _ = shrunk
    demo.choose("left", "0")
    demo.choose("right", "3")
    picture_of(demo.page)
    assert demo.part("panels").locator("[aria-pressed=true] strong").inner_text() == demo.names()[3]
    demo.press("border", "Home")
    right = picture_of(demo.page)
    demo.press("border", "End")
    left = picture_of(demo.page)
    assert left != right
    demo.choose("right", "0")
    demo.press("border", "Home")
    assert picture_of(demo.page) == left


def test_the_original_has_no_errors(shrunk):
    demo, _ = shrunk
    brightest = """canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
        .reduce((most, value, i) => i % 4 === 3 ? most : Math.max(most, value), 0)"""
    canvas = demo.page.locator(".rl-try-stage canvas")
    demo.press("stage", "+")  # shrunk to the stage, equal pictures may be rounded to neighbouring levels
    demo.press("border", "Home")
    demo.switch("error", True)
    demo.choose("right", "0")
    picture_of(demo.page)
    assert canvas.evaluate(brightest) == 0
    demo.choose("right", "2")
    picture_of(demo.page)
    assert canvas.evaluate(brightest) > 100
    demo.switch("error", False)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_accessible_with_its_results(shrunk, scheme, width):
    demo, _ = shrunk
    demo.page.set_viewport_size({"width": width, "height": 800})
    demo.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    found = Axe().run(demo.page, context=".rl-try", options={"preload": False}).response["violations"]
    assert [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]] == []
    assert demo.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


# ---------------------------------------------------------------- other damages and choices


@pytest.mark.parametrize(
    ("damage", "only"),
    [
        ("shrunk-3", {"edsr-x3-reduced"}),
        ("shrunk-4", {"memnet-quick"}),
        ("noise-50", {"red20-noise50-quick"}),
        ("jpeg-10", {"memnet-jpeg-quick"}),
        ("shake-13", {"mtrnn-quick"}),
    ],
)
def test_a_photo_that_is_bad_already_is_restored_as_by_the_library(demo, bundled, damage, only):
    photo = bundled["astronaut"][60:101, 180:231]
    demo.give("face.png", photo)
    demo.restore(damage, real=True, only=only)
    demo.wait_until_it_says("all 51×41 pixels of face.png")
    kind, level = damage.split("-")
    (run,) = only
    scale = int(level) if kind == "shrunk" else 1
    assert demo.names() == ["Photo", NETWORKS[run]["name"]]
    assert_same_picture(demo.saved(NETWORKS[run]["name"]), restore_image(runs.load(run), photo, scale))
    assert "no score" in demo.part("caption").inner_text()


def test_steps_are_shown_on_the_way_to_the_result(demo, bundled):
    photo = bundled["coffee"][150:190, 200:244]
    demo.give("cup.png", photo)
    demo.restore("shake-7", only={"mtrnn-quick"}, steps=True)
    network = runs.load("mtrnn-quick")
    steps = NETWORKS["mtrnn-quick"]["steps"]
    assert demo.names() == ["Original", "Damaged", *(f"MT-RNN, {step}" for step in steps), "MT-RNN"]
    damaged = images.to_tensor(demo.saved("Damaged"))
    with torch.no_grad():
        found = network(damaged, every=True)
    for name, picture in zip(demo.names()[2:], found, strict=True):
        assert_same_picture(demo.saved(name), images.to_image(picture))


def test_skips_are_cut_as_by_the_library(demo, bundled):
    photo = bundled["coffee"][150:190, 200:244]
    demo.give("cup.png", photo)
    demo.restore("noise-50", real=True, only={"red20-noise50-quick"}, cut=(4, 8))
    name = "RED20 without 4, 8"
    assert demo.names() == ["Photo", name]
    network = without(runs.load("red20-noise50-quick"), (4, 8))
    assert_same_picture(demo.saved(name), restore_image(network, photo, 1))


def test_noise_has_its_strength_in_luma(demo):
    demo.give("grey.png", np.full((120, 150, 3), 128, np.uint8))
    demo.restore("noise-30", only={"red10-noise30-quick"})
    luma = images.rgb_to_ycbcr(images.to_tensor(demo.saved("Damaged")))[0, 0] * 255
    assert luma.std().item() == pytest.approx(30, rel=0.03)
    assert luma.mean().item() == pytest.approx(16 + 128 * 219 / 255, abs=1)


def test_jpeg_is_nearly_the_librarys(demo, bundled):
    photo = bundled["astronaut"][40:120, 160:256]
    demo.give("face.png", photo)
    demo.restore("jpeg-10", only={"memnet-jpeg-quick"})
    clean = images.to_tensor(photo)
    ours = Jpeg(10)(clean)
    theirs = images.to_tensor(demo.saved("Damaged"))
    assert psnr(theirs, ours) > psnr(ours, clean) + 3


def test_a_shake_is_the_librarys(demo, noise):
    clean = images.to_tensor(noise(31, 44, 3), torch.float64)
    path, found = demo.page.evaluate(
        """async ([width, height, planes]) => {
            const {randomPath, shaken} = await import("../_static/try/shake.js");
            const [path, clean] = [randomPath(5), planes.map(plane => Float64Array.from(plane))];
            const levels = [7, 13].map(level => shaken({width, height, planes: clean}, path, level).planes);
            return [path, levels.map(each => each.map(plane => Array.from(plane)))];
        }""",
        [44, 31, clean[0].flatten(1).tolist()],
    )
    frames = moved(clean, torch.tensor(path, dtype=torch.float64)[:, None])
    expected = temporal_levels(frames)
    for level, planes in zip((7, 13), found, strict=True):
        there = torch.tensor(planes, dtype=torch.float64).view_as(clean)
        assert (there - expected[LEVELS.index(level)]).abs().max() < 0.51 / 255 + 1e-4


def test_a_shake_is_drawn(demo):
    demo.choose("damage", "shake-7")
    line = demo.part("path").locator("polyline")
    before = line.get_attribute("points")
    demo.press("again")
    random = line.get_attribute("points")
    assert random != before
    demo.part("path").scroll_into_view_if_needed()
    box = demo.part("path").bounding_box()
    mouse = demo.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
    mouse.up()
    points = [tuple(map(float, point.split(","))) for point in line.get_attribute("points").split()]
    assert len(points) == 7
    assert points[3] == (0, 0)
    assert points[-1][0] - points[0][0] == pytest.approx(4, abs=0.3)
    assert {y for _, y in points} == {0}


@pytest.mark.parametrize("run", ["edsr-x2-quick", "vdsr-quick", "red20-noise30-quick", "memnet-quick"])
def test_a_network_equals_torch(demo, run):
    network = runs.load(run)
    picture = torch.rand(1, network.channels, 21, 34)
    found = demo.page.evaluate(
        """async ([file, planes, skips]) => {
            const {fetchLibrary, fetchNetwork} = await import("../_static/try/library.js");
            const {openLibrary, openNetwork} = await import("../_static/try/session.js");
            window.opened ??= await openLibrary(await fetchLibrary("wasm"));
            const run = await openNetwork(window.opened, await fetchNetwork({file}));
            const found = await run({width: 34, height: 21, planes}, skips);
            return found.map(({planes}) => planes.map(plane => Array.from(plane)));
        }""",
        [NETWORKS[run]["file"], picture[0].flatten(1).tolist(), [1] * len(NETWORKS[run]["skips"])],
    )
    with torch.no_grad():
        expected = Answering(network)(picture)
    expected = torch.cat(expected) if isinstance(expected, tuple) else expected
    assert (torch.tensor(found).view_as(expected) - expected).abs().max() < 1e-4


# ---------------------------------------------------------------- what does not go as planned


def test_it_can_be_stopped_and_keeps_what_it_has(demo, noise):
    demo.choose("damage", "noise-50")
    demo.switch("real", True)
    demo.give("large.png", noise(700, 900, 3))
    demo.start()
    demo.part("time").filter(has_text="left").wait_for()
    demo.press("stop")
    demo.wait_until_it_says("Stopped")
    demo.wait_until_it_is_free()
    demo.wait_until_it_says("Stopped")
    assert len(demo.names()) == 2


def test_twelve_megapixels_are_begun_with_and_stopped(demo):
    demo.choose("damage", "jpeg-10")
    demo.switch("real", True)
    demo.give("phone.png", np.full((3000, 4000, 3), 200, np.uint8))
    demo.wait_until_it_says("phone.png: 4000×3000 pixels")
    demo.start()
    demo.part("time").filter(has_text="left").wait_for()
    demo.press("stop")
    demo.wait_until_it_says("Stopped")


def test_a_camera_held_sideways_gives_an_upright_photo(demo, bundled):
    photo = Image.fromarray(bundled["chelsea"][100:140, 120:200])
    exif = photo.getexif()
    exif[274] = 6
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=95, exif=exif)
    demo.give("sideways.jpg", buffer.getvalue())
    demo.wait_until_it_says("sideways.jpg: 40×80 pixels")


def test_a_dropped_photo_is_taken(demo, noise):
    drop = """(box, bytes) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([Uint8Array.from(bytes)], "dropped.png", {type: "image/png"}));
        box.dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
    }"""
    demo.page.locator(".rl-try").evaluate(drop, list(png(noise(20, 24, 3))))
    demo.wait_until_it_says("dropped.png: 24×20 pixels")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("notes.txt", b"no picture", "notes.txt is not a picture that this browser can read"),
        ("phone.heic", b"\0\0\0\x24ftypheic\0\0\0\0mif1heic", "phone.heic is a HEIC photo"),
        ("icon.png", np.zeros((15, 40, 3), np.uint8), "icon.png has fewer than 16×16 pixels"),
    ],
)
def test_what_cannot_be_restored_is_said_in_one_line(demo, name, content, message):
    demo.give(name, content)
    demo.wait_until_it_says(message)
    assert demo.part("result").is_hidden()


@pytest.mark.parametrize("name", PROCESSOR)
def test_an_altered_library_is_refused(opened, library, name):
    altered = opened({name: library[name] + b"\n"})
    altered.start()
    altered.wait_until_it_says("That failed")
    altered.wait_until_it_is_free()


def test_where_the_graphics_card_fails_the_processor_takes_its_place(opened, bundled):
    promising = "Object.defineProperty(navigator, 'gpu', {value: {requestAdapter: async () => ({info: {}})}})"
    demo = opened(script=promising)
    demo.give("face.png", bundled["astronaut"][60:93, 180:231])
    demo.restore("shrunk-2", only={"edsr-x2-quick"})
    demo.wait_until_it_says("Done on the processor")
    assert {url for _, url in demo.requests if url.startswith(LIBRARY)} == {LIBRARY + name for name in FILES}


@slow
@pytest.mark.parametrize("run", ["vdsr-quick", "memnet-quick", "mtrnn-quick"])
def test_with_a_graphics_card_it_equals_the_library(browser, site, library, bundled, run):
    photo = bundled["astronaut"][60:84, 180:212]
    alpha = np.full((*photo.shape[:2], 1), 255, np.uint8)
    # Chromium computes what a graphics card would.
    flags = ["--no-sandbox", "--enable-unsafe-webgpu"]
    with browser.browser_type.launch(executable_path=chromium(), args=flags) as graphical:
        page = graphical.new_page()
        page.set_default_timeout(PATIENCE)
        page.route(f"{LIBRARY}*", serve(library))
        page.goto(site + PAGE)
        found = page.evaluate(
            """async ([about, bytes]) => {
                const {Pool} = await import("../_static/try/pool.js");
                const pool = await Pool.open("webgpu");
                await pool.load(about);
                const piece = {width: 32, height: 24, data: Uint8ClampedArray.from(bytes)};
                const kept = {left: 0, top: 0, width: 32, height: 24};
                const given = {run: about.run, skips: [], piece, scale: 1, kept, count: 1};
                const [{data}] = await pool.helpers[0].ask("restore", given);
                return Array.from(data);
            }""",
            [NETWORKS[run], np.concatenate([photo, alpha], 2).flatten().tolist()],
        )
    shown = np.array(found, np.uint8).reshape(24, 32, 4)[..., :3]
    assert_same_picture(shown, restore_image(runs.load(run), photo))


@slow
def test_two_megapixels_from_a_cold_start_are_as_by_the_library(opened, bundled):
    photo = np.asarray(Image.fromarray(bundled["coffee"]).resize((1600, 1200), Image.Resampling.BICUBIC))
    demo = opened()
    demo.give("coffee.png", photo)
    demo.restore("shrunk-2", only={"edsr-x2-quick"})
    demo.wait_until_it_says("all 1600×1200 pixels of coffee.png")
    expected = restore_image(runs.load("edsr-x2-quick"), demo.saved("Damaged"), 2)
    assert_same_picture(demo.saved("EDSR"), expected)


def test_a_link_names_the_damage(demo, site):
    demo.page.goto("about:blank")
    demo.page.goto(f"{site}{PAGE}#noise-50")
    demo.wait_until_it_says("Press Start")
    assert demo.part("damage").input_value() == "noise-50"
