"""The page "Restore a photo of your own" in a browser: it equals torch and uploads nothing."""

import base64
import io
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
from export_onnx import RUN, SCALE
from PIL import Image
from playwright.sync_api import Page

from restorelib import images, runs
from restorelib.degrade import Bicubic, bicubic_up, modcrop
from restorelib.metrics import Protocol

PAGE = "book/try.html"
if PAGE not in pages():
    pytest.skip("the built book has no such page: run make book first", allow_module_level=True)
SCRIPT = (HTML / "_static" / "restoring.js").read_text(encoding="utf-8")
LIBRARY = re.search(r'"(https://cdn[^"]+)"', SCRIPT)[1]
PACKAGE = re.search(r"onnxruntime-web@[\d.]+", LIBRARY)[0]
FILES = re.findall(r'name: "(.+)"', SCRIPT)
PATIENCE = 300_000  # ms, for a network on a busy machine


@dataclass
class Demo:
    """The open page, and what it asked for: (method, address)."""

    page: Page
    requests: list = field(default_factory=list)

    def wait_until_it_says(self, text):
        self.page.get_by_role("status").filter(has_text=text).wait_for()

    def give(self, name, content):
        """Choose a file: pixels, stored as PNG, or bytes as they are."""
        content = content if isinstance(content, bytes) else png(content)
        file = {"name": name, "mimeType": "image/png", "buffer": content}
        self.page.get_by_label("Choose a photo").set_input_files(file)

    def canvas(self, label):
        """What a canvas shows, as a uint8 image."""
        address = self.page.get_by_label(label, exact=True).evaluate("canvas => canvas.toDataURL()")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB"))


def assert_same_picture(shown, expected):
    """Equal but for a few values so near to the middle of two grey levels that they are rounded otherwise."""
    difference = np.abs(shown.astype(int) - expected)
    assert difference.max() <= 1
    assert difference.mean() < 0.002


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


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


@pytest.fixture(scope="module")
def opened(browser, site, library):
    """`opened()` opens the page; `opened(altered)` with some of the library's files as given."""
    tabs = []

    def serve(files):
        def answer(route):
            body = files[route.request.url.removeprefix(LIBRARY)]
            route.fulfill(body=body, headers={"access-control-allow-origin": "*"})

        return answer

    def open_page(altered=None):
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        tabs.append(page)
        demo = Demo(page)
        page.on("request", lambda request: demo.requests.append((request.method, request.url)))
        page.route(f"{LIBRARY}*", serve(library | (altered or {})))
        page.goto(site + PAGE)
        return demo

    yield open_page
    for page in tabs:
        page.close()


@pytest.fixture(scope="module")
def demo(opened):
    """The page, started."""
    demo = opened()
    demo.page.get_by_role("button", name="Start").click()
    demo.wait_until_it_says("Ready")
    return demo


@pytest.fixture(scope="module")
def network():
    return runs.load(RUN)


def test_the_network_equals_torch(demo, network, noise):
    small = images.to_tensor(noise(37, 53, 3))
    restored = demo.page.evaluate(
        """async ([width, height, data]) => {
            const page = await import("../_static/restoring.js");
            const small = {width, height, data: Float64Array.from(data)};
            const {data: restored} = await page.restoreInTiles(await page.load(), small, 24, () => {});
            return Array.from(restored);
        }""",
        [53, 37, small.flatten().tolist()],
    )
    with torch.no_grad():
        expected = network(small, SCALE)
    assert (torch.tensor(restored).view_as(expected) - expected).abs().max() < 1e-4


def test_bicubic_and_psnr_equal_the_librarys(demo, noise):
    clean = images.to_tensor(noise(34, 46, 3), torch.float64)
    small, large, psnr = demo.page.evaluate(
        """async ([width, height, data]) => {
            const {shrink, enlarge, psnr} = await import("../_static/restoring.js");
            const clean = {width, height, data: Float64Array.from(data)};
            const small = shrink(clean), large = enlarge(small);
            return [Array.from(small.data), Array.from(large.data), psnr(large, clean)];
        }""",
        [46, 34, clean.flatten().tolist()],
    )
    degradation = Bicubic(SCALE, enlarge=False)
    expected = degradation(clean)
    small = torch.tensor(small, dtype=torch.float64).view_as(expected)
    # What lies exactly between two grey levels may be rounded either way.
    assert (small - expected).abs().max() < 1.01 / 255
    assert ((small - expected).abs() > 1e-9).double().mean() < 0.01
    expected = bicubic_up(small, SCALE)
    assert torch.tensor(large, dtype=torch.float64).view_as(expected).allclose(expected, rtol=0, atol=1e-12)
    assert psnr == pytest.approx(Protocol.usual(degradation).score(expected, clean)["psnr"], abs=1e-3)


def test_a_photo_is_shrunk_restored_shown_and_scored(demo, network, bundled):
    photo = bundled["chelsea"][100:161, 120:191]
    demo.page.get_by_label("What happens to it").select_option("shrink")
    demo.give("whiskers.png", photo)
    demo.wait_until_it_says("Done: the central 70×60 of 71×61 pixels of whiskers.png")
    clean = modcrop(images.to_tensor(photo), SCALE)
    degradation = Bicubic(SCALE, enlarge=False)
    small = degradation(clean)
    with torch.no_grad():
        restored = network(small, SCALE)
    expected = {"enlarged by bicubic": bicubic_up(small, SCALE), "restored by the network": restored}
    caption = demo.page.locator(".rl-try figcaption").inner_text()
    scores = map(float, re.findall(r"[\d.]+(?= dB)", caption))
    for label, score in zip(expected, scores, strict=True):
        assert_same_picture(demo.canvas(f"The photo, {label}"), images.to_image(expected[label]))
        again = Protocol.usual(degradation).score(expected[label], clean)["psnr"]
        assert score == pytest.approx(again, abs=0.02)


def test_a_photo_is_enlarged_as_it_is(demo, network, bundled):
    photo = bundled["astronaut"][60:93, 180:231]
    demo.page.get_by_label("What happens to it").select_option("enlarge")
    demo.give("face.png", photo)
    demo.wait_until_it_says("Done: all 51×33 pixels of face.png, now 102×66")
    with torch.no_grad():
        expected = images.to_image(network(images.to_tensor(photo), SCALE))
    assert_same_picture(demo.canvas("The photo, restored by the network"), expected)
    assert "No PSNR" in demo.page.locator(".rl-try figcaption").inner_text()


def test_of_a_large_photo_the_centre_is_used(demo, noise):
    demo.page.get_by_label("What happens to it").select_option("enlarge")
    demo.give("wide.png", noise(16, 3000, 3))
    demo.wait_until_it_says("Done: the central 512×16 of 3000×16 pixels of wide.png, now 1024×32")


def test_a_dropped_photo_is_taken(demo, opened, noise):
    drop = """(box, bytes) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([Uint8Array.from(bytes)], "dropped.png", {type: "image/png"}));
        box.dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
    }"""
    photo = list(png(noise(20, 24, 3)))
    demo.page.locator(".rl-try").evaluate(drop, photo)
    demo.wait_until_it_says("pixels of dropped.png")
    early = opened()
    early.page.locator(".rl-try").evaluate(drop, photo)
    early.wait_until_it_says("Press Start first")


def test_the_border_moves_by_keyboard(demo, noise):
    demo.give("photo.png", noise(20, 20, 3))
    demo.wait_until_it_says("pixels of photo.png")
    clip = "canvas => getComputedStyle(canvas).clipPath"
    left = demo.page.locator(".rl-try .rl-top")
    border = demo.page.get_by_role("slider", name="bicubic on the left of the border")
    border.press("Home")
    assert left.evaluate(clip) == "inset(0px 100% 0px 0px)"
    border.press("End")
    assert left.evaluate(clip) == "inset(0px 0% 0px 0px)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_while_it_works(demo, noise, scheme):
    demo.give("photo.png", noise(20, 20, 3))
    demo.wait_until_it_says("pixels of photo.png")
    demo.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    found = Axe().run(demo.page, context=".rl-try", options={"preload": False}).response["violations"]
    assert [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]] == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("notes.txt", b"no picture", "notes.txt is not a picture that this browser can read"),
        ("icon.png", np.zeros((15, 40, 3), np.uint8), "icon.png has fewer than 16×16 pixels"),
    ],
)
def test_what_cannot_be_restored_is_said_in_one_line(demo, name, content, message):
    demo.give(name, content)
    demo.wait_until_it_says(message)
    assert demo.page.locator(".rl-try-result").is_hidden()


def test_nothing_is_uploaded(demo, site):
    own = {url for _, url in demo.requests if url.startswith((site, "blob:", "data:"))}
    assert {method for method, _ in demo.requests} == {"GET"}
    assert {url for _, url in demo.requests} - own == {LIBRARY + name for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_an_altered_library_is_refused(opened, library, name):
    altered = opened({name: library[name] + b"\n"})
    altered.page.get_by_role("button", name="Start").click()
    altered.wait_until_it_says("The demonstration can't start")
    assert altered.page.get_by_label("Choose a photo").is_disabled()
