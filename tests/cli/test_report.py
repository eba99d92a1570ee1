"""The report page in a real browser: headless Chromium, driven through its DevTools pipe with nothing but the standard library.

Looks for script errors and for requests to any network, moves the mouse over the map, and opens pages made from hostile names and from few parts. A second
browser takes a plain picture of a page, without a script that waits for anything: what has been drawn when the page has loaded must be all of it.
"""
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

from harness import BAD_DATA, FASHION, TOOL, USAGE, Skip, main, need, run

IMAGES, LABELS = FASHION / "t10k-images-idx3-ubyte.gz", FASHION / "t10k-labels-idx1-ubyte.gz"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 90  # seconds, on a busy machine


class Browser:
    """One page of a headless browser. Commands are JSON ended by a zero byte, written to its descriptor 3 and answered on its descriptor 4."""

    def __init__(self, width, height):
        command_read, self.commands = os.pipe()
        self.answers, answer_write = os.pipe()
        self.folder = tempfile.mkdtemp(prefix="persihash-chromium-")

        def place_pipes():  # in the child: by way of high numbers, since 3 and 4 may be taken
            os.dup2(command_read, 103), os.dup2(answer_write, 104)
            os.dup2(103, 3), os.dup2(104, 4)

        self.process = subprocess.Popen(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe", f"--user-data-dir={self.folder}", "about:blank"],
            preexec_fn=place_pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(command_read), os.close(answer_write)
        self.buffer, self.n_calls, self.session, self.events = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def close(self):
        os.close(self.commands), os.close(self.answers)  # it leaves when its pipe ends
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def receive(self, seconds):
        end = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            if not select.select([self.answers], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            chunk = os.read(self.answers, 1 << 16)
            assert chunk, "the browser has gone"
            self.buffer += chunk
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.n_calls += 1
        message = {"id": self.n_calls, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive(PATIENCE)
            if answer.get("id") == self.n_calls:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)
            if answer.get("method") == "Page.javascriptDialogOpening":  # or the page waits for ever
                os.write(self.commands, json.dumps({"id": 0, "method": "Page.handleJavaScriptDialog", "params": {"accept": True}, "sessionId": self.session}).encode() + b"\0")

    def ask(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, expression, what):
        end = time.monotonic() + PATIENCE
        while not self.ask(expression):
            assert time.monotonic() < end, f"waited in vain for {what}"
            time.sleep(0.05)

    def open(self, path, fragment=""):
        """Opens a report and waits until it has drawn itself; then nothing may have gone wrong."""
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri() + fragment)
        self.wait_for("document.documentElement && (document.documentElement.dataset.drawn || document.documentElement.dataset.error)", "the page")
        self.check()

    def check(self):
        fault = self.ask("document.documentElement.dataset.error || ''")
        assert not fault, fault
        for event in self.events:
            name, params = event.get("method"), event.get("params")
            assert name not in ("Runtime.exceptionThrown", "Page.javascriptDialogOpening"), params
            assert name != "Log.entryAdded" or params["entry"]["level"] not in ("error", "warning"), params["entry"]
            assert name != "Runtime.consoleAPICalled" or params["type"] not in ("error", "warning", "assert"), params
            if name == "Network.requestWillBeSent":
                assert params["request"]["url"].split(":")[0] in ("file", "data", "blob"), params["request"]["url"][:200]

    def move_to(self, x, y, *clicks):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x - 9, y=y)
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in clicks:
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def place_of(self, item):
        """Where the map shows an item, in pixels of the window."""
        return self.ask(f"""(() => {{ const plot = $("map-plot"), {{ xaxis, yaxis }} = plot._fullLayout, box = plot.getBoundingClientRect();
            return [box.x + xaxis._offset + xaxis.l2p(data.map.x[{item}]), box.y + yaxis._offset + yaxis.l2p(data.map.y[{item}])]; }})()""")


browser = None  # one for all tests: starting it takes a second
full_page = None  # a FullPage
COUNT, WIDTH, HEIGHT = 120, 1400, 1100
PLACE_OF = "(() => { const box = document.querySelector('%s').getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom].map(Math.round); })()"


class FullPage:
    """A page of all parts, and a plain browser that takes its picture while the tests go on."""

    def __init__(self, folder):
        self.folder, self.path, self.picture = folder, folder / "report.html", folder / "plain.png"
        need(IMAGES, "dataset-fashion-mnist")
        run("diagram", IMAGES, "--labels", LABELS, "--count", COUNT, "-o", folder / "set.npz", "-q")
        run("encode", folder / "set.npz", "-o", folder / "codes.npz", "-q")
        run("cluster", folder / "codes.npz", "--elbow", "-o", folder / "clusters.npz", "-q")
        run("distance", folder / "set.npz", "--metric", "wasserstein", "--sample", "90", "-o", folder / "exact.npy", "-q")
        (folder / "commands.txt").write_text("persihash demo\n")
        run("report", IMAGES, "--count", COUNT, "--codes", folder / "codes.npz", "--diagrams", folder / "set.npz", "--clusters", folder / "clusters.npz",
            "--exact", folder / "exact.npy", "--commands", folder / "commands.txt", "--title", "A title", "-o", self.path, "-q")
        self.plain = subprocess.Popen(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", f"--user-data-dir={folder}/plain",
             f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={self.picture}", "--dump-dom", self.path.as_uri()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def a_full_page_draws_everything_and_asks_no_network(_):
    folder, page = full_page.folder, full_page.path
    browser.open(page, "#item=7")
    assert browser.ask("$('item').dataset.item + state.isPinned") == "7true"
    browser.press("Escape")
    assert browser.ask("document.title") == "A title"
    assert browser.ask("document.querySelectorAll('#map-plot .scatterlayer path.point').length") == COUNT
    assert browser.ask("document.querySelectorAll('#agreement-plot .heatmaplayer image').length") == 1  # 4005 pairs: counted in cells
    assert browser.ask("document.querySelectorAll('#elbow-plot .scatterlayer path.point').length") == 20 + 1
    assert browser.ask("document.querySelectorAll('#sizes-plot .barlayer path').length") == browser.ask("clusters.sizes.length")
    stages = browser.ask("$('stages').textContent")
    assert f"{COUNT}images" in stages and "64-bitcodes" in stages and "Spearman" in stages, stages
    assert browser.ask("$('commands').textContent").endswith("persihash demo")
    assert browser.ask("document.querySelectorAll('#cards .tile').length") == browser.ask("examples.groups.reduce((sum, group) => sum + group.items.length, 0)")
    for title in ("Diagrams", "Codes", "Clusters", "Exact distances"):
        assert title in browser.ask("$('tables').textContent")
    links = browser.ask("[...document.querySelectorAll('#tables a')].map((link) => link.getAttribute('href'))")
    assert links == ["./set.npz", "./codes.npz", "./clusters.npz", "./exact.npy"], links
    # a thumbnail shows the very image, a diagram some points
    assert browser.ask("""(() => { const canvas = imageOf(0, 28), pixels = canvas.getContext('2d').getImageData(0, 0, 28, 28).data;
        return Math.max(...pixels) > 128 && new Set(pixels).size > 8; })()""")
    assert browser.ask("""(() => { const canvas = diagramCanvas(0, 150), pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let coloured = 0; for (let i = 0; i < pixels.length; i += 4) coloured += Math.abs(pixels[i] - pixels[i + 2]) > 60; return coloured; })()""") > 10
    # outside of data and plotly the page names no address but that of SVG
    text = page.read_text()
    own = text[:text.index('<script type="application/json"')] + text[text.index("<script>"):text.index("<script>/* plotly.js")]
    assert set(re.findall(r"https?://[^\s\"'<>]*", own)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"(src|href)=", text.split("<script>")[0])


def pointing_at_the_map_shows_the_item(_):
    folder = full_page.folder
    lonely = """(() => { const { x, y } = data.map; let best = 0, far = -1; /* the item with the most room around it */
        for (let i = 0; i < n; i++) { let room = Infinity; for (let j = 0; j < n; j++) if (j !== i) room = Math.min(room, Math.hypot(x[i] - x[j], y[i] - y[j]));
          if (room > far) { far = room; best = i; } } return best; })()"""
    item = browser.ask(lonely)
    browser.move_to(*browser.place_of(item))
    browser.wait_for(f"$('item').dataset.item === '{item}'", "the hover")
    assert browser.ask("document.querySelectorAll('#item .faces canvas').length") == 2  # image and diagram
    assert browser.ask("document.querySelectorAll('#map-plot .ring:not(.near)').length") == 1
    browser.move_to(*browser.place_of(item), "mousePressed", "mouseReleased")
    browser.wait_for("state.isPinned", "the pin")
    other = (item + 1) % COUNT
    browser.move_to(*browser.place_of(other))
    time.sleep(0.2)
    assert browser.ask("state.item") == item  # pinned
    browser.press("Escape")
    assert not browser.ask("state.isPinned")
    # neighbours are those that NumPy finds
    near = browser.ask(f"nearest({item}, 5)")
    import numpy as np
    bits = np.unpackbits(np.load(folder / "codes.npz")["codes"], axis=1)
    distances = (bits != bits[item]).sum(1)
    order = [int(i) for i in np.argsort(distances, kind="stable") if i != item][:5]
    assert [(found["item"], found["distance"]) for found in near] == [(i, int(distances[i])) for i in order]
    # the switch and the legend
    for button in range(browser.ask("document.querySelectorAll('#colour-by button').length")):
        browser.ask(f"document.querySelectorAll('#colour-by button')[{button}].click()")
    browser.ask("document.querySelectorAll('#colour-by button')[1].click()")
    browser.ask("document.querySelector('#legend .chip').click()")
    browser.wait_for(f"document.querySelectorAll('#map-plot .scatterlayer path.point').length === {COUNT} - labels.sizes[0]", "the legend to hide a class")
    browser.check()


def a_page_is_complete_when_it_has_loaded(_):
    dom = full_page.plain.communicate(timeout=PATIENCE)[0].decode()
    assert 'data-drawn="yes"' in dom and "data-error" not in dom
    map_plot = dom[dom.index('id="map-plot"'):dom.index('id="legend"')]
    assert len(re.findall(r'<path class="point\b', map_plot)) == COUNT
    assert dom.count('class="main-svg') >= 4 and dom.count("<canvas") > 20
    try:
        from PIL import Image
    except ImportError:
        raise Skip("Pillow is missing (Debian package python3-pil)") from None
    picture = Image.open(full_page.picture).convert("RGB")
    assert picture.size == (WIDTH, HEIGHT)
    for selector, least in (("#map-plot", 100), ("#item .faces canvas.image", 16), ("#item .faces canvas.diagram", 16)):
        n_colours = len(picture.crop(browser.ask(PLACE_OF % selector)).getcolors(1 << 20))
        assert n_colours >= least, f"{selector}: {n_colours} colours, at least {least} expected"


def hostile_names_and_labels_are_shown_as_text(folder):
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)><b>"
    with open(folder / "set.csv", "w") as file:
        file.write("diagram,dim,birth,death,name,label\n")
        for i in range(24):
            for k in range(5):
                file.write(f'{i},{k % 2},{0.1 * k + 0.01 * i},{1 + 0.2 * k + 0.05 * (i % 7)},"{hostile}{i}",{i % 3}\n')
    run("encode", folder / "set.csv", "-o", folder / "codes.npz", "-q")
    run("cluster", folder / "codes.npz", "-k", "3", "-o", folder / "clusters.npz", "-q")
    (folder / "commands.txt").write_text("persihash " + hostile)
    page = folder / "report.html"
    run("report", "--codes", folder / "codes.npz", "--diagrams", folder / "set.csv", "--clusters", folder / "clusters.npz", "--commands", folder / "commands.txt",
        "--title", hostile, "-o", page, "-q")
    browser.open(page)
    time.sleep(0.2)
    browser.check()
    assert browser.ask("document.title") == hostile and browser.ask("$('title').textContent") == hostile
    assert hostile in browser.ask("$('commands').textContent") and hostile in browser.ask("document.querySelector('#item .name').textContent")
    assert browser.ask("document.querySelectorAll('img, b').length") == 0
    assert browser.ask("document.querySelectorAll('script').length") == 4  # data, page.js, plotly, the call that draws


def few_parts_make_a_page_too(folder):
    run("synth", "--count", "30", "--points", "12", "-o", folder / "set.npz", "-q")
    run("encode", folder / "set.npz", "-o", folder / "codes.npz", "-q")
    run("cluster", folder / "codes.npz", "-k", "2", "-o", folder / "clusters.npz", "-q")
    (folder / "two").mkdir()
    run("synth", "--count", "2", "--points", "12", "-o", folder / "two.npz", "-q")
    run("encode", folder / "two.npz", "--bits", "24", "-o", folder / "two_codes.npz", "-q")
    for name, parts in {"codes": ("--codes", folder / "codes.npz"), "clusters": ("--clusters", folder / "clusters.npz"),
                        "two": ("--codes", folder / "two_codes.npz", "--diagrams", folder / "two.npz")}.items():
        page = folder / ("two/two.html" if name == "two" else name + ".html")
        run("report", *parts, "-o", page, "-q")
        browser.open(page)
        assert browser.ask("$('map').hidden") == (name == "clusters")
        assert browser.ask("$('agreement').hidden && $('elbow').hidden")
        assert browser.ask("$('item').textContent.includes('Item ')")
        assert "persihash synth" in browser.ask("$('commands').textContent")  # as the files remember
    assert browser.ask("document.querySelectorAll('#map-plot path.point').length") == 2
    assert browser.ask("document.querySelector('#tables a').getAttribute('href')") == "./../two.npz"


HEAD = "epoch,similarity,quantisation,mse,perceptual,generator,discriminator,codes,distinct,constant_bits,balance,spearman,seconds\n"


def a_training_log_is_drawn_beside_the_items_or_alone(folder):
    run("train", "pdgan", "-o", folder / "m.safetensors", "--width", "0.015625", "--points", "8", "--count", "24", "--batch", "8", "--epochs", "3", "--diagram-weight", "0.1", "-t", "1", "-q",
        env={"OMP_WAIT_POLICY": "passive"})
    hostile = folder / "<img src=x onerror=alert(2)>.csv"
    hostile.write_text(HEAD + "1,0.5,0.3,0.01,0,0,0,200,1,64,0,nan,2\n")  # all codes alike, no generator
    long = folder / "long.csv"
    long.write_text(HEAD + "".join(f"{e},{1 / e},0.3,0.01,1,2,1e-{min(e, 30)},200,{e % 200},0,0.5,{'nan' if e % 2 else e / 6000},1\n" for e in range(1, 5001)))
    n_drawn = {"plots": "document.querySelectorAll('#training .main-svg').length && document.querySelectorAll('#training .subplot').length",
               "lines": "document.querySelectorAll('#training path.js-line').length", "points": "document.querySelectorAll('#training path.point').length"}

    page = folder / "alone.html"
    run("report", "--log", folder / "m.csv", "-o", page, "-q")
    browser.open(page)
    assert browser.ask("['map', 'item', 'agreement', 'elbow', 'sizes', 'groups'].every((id) => $(id).hidden) && !$('training').hidden")
    assert [browser.ask(n_drawn[what]) for what in ("plots", "lines", "points")] == [9, 9, 27]
    cells = browser.ask("[...document.querySelectorAll('#training-table td')].map((cell) => cell.textContent)")
    assert cells[0] == "m.csv" and cells[1] == "3" and cells[5].endswith(" of 200"), cells
    assert "1training3 epochs" in browser.ask("$('stages').textContent")
    assert browser.ask("document.querySelector('#tables a').getAttribute('href')") == "./m.csv"

    run("report", "--log", f"{folder}/m.csv,{hostile},{long}", "-o", page, "-q")
    browser.open(page)
    time.sleep(0.2)
    browser.check()
    assert browser.ask("document.querySelectorAll('#training-table tbody tr').length") == 3
    assert browser.ask("[...document.querySelectorAll('#training-legend .text')].map((name) => name.textContent)") == ["m.csv", hostile.name, "long.csv"]
    assert browser.ask("document.querySelectorAll('img').length") == 0
    assert "5,000" in browser.ask("$('training-table').textContent") and "some epochs" in browser.ask("$('training-note').textContent")
    assert browser.ask("$('losses-plot')._fullLayout.yaxis.type") == "log"

    run("report", "--log", hostile, "-o", page, "-q")
    browser.open(page)
    assert "undefined: all codes alike" in browser.ask("$('held-out-plot').textContent")
    assert browser.ask(n_drawn["plots"]) == 6 and browser.ask(n_drawn["points"]) == 5  # but for those without values, and without a generator

    run("synth", "--count", "9", "--points", "8", "-o", folder / "set.npz", "-q")
    run("encode", folder / "set.npz", "--model", folder / "m.safetensors", "-o", folder / "codes.npz", "-q", env={"OMP_WAIT_POLICY": "passive"})
    run("report", "--codes", folder / "codes.npz", "--log", folder / "m.csv", "-o", page, "-q")
    browser.open(page)
    assert browser.ask("document.querySelectorAll('#map-plot path.point').length") == 9 and browser.ask(n_drawn["lines"]) == 9


def logs_that_cannot_be_drawn_are_refused(folder):
    log, page = folder / "m.csv", folder / "page.html"
    for text, fault in ((HEAD, "without an epoch"), ("", "empty"), ("epoch,loss\n1,2\n", "no column is called 'similarity'"),
                        (HEAD + "1,0.5,0.3,0.01,0,0,0,200,1,64,0,nan", "line 2, the last, has no line break")):
        log.write_text(text)
        _, err = run("report", "--log", log, "-o", page, code=BAD_DATA)
        assert fault in err and "m.csv" in err, err
    run("report", "--log", folder / "other.csv", "-o", page, code=BAD_DATA)
    for names in ("", f"{log},", f",{log}"):
        run("report", "--log", names, "-o", page, code=USAGE)
    run("report", "-o", page, code=USAGE)
    assert not page.exists()


def the_page_forbids_itself_the_network(_):
    """Of the page opened last."""
    assert browser.ask("fetch('https://example.org/').then(() => 'fetched', () => 'refused')") == "refused"
    assert any(event.get("method") == "Log.entryAdded" and "Content Security Policy" in event["params"]["entry"]["text"] for event in browser.events)


if __name__ == "__main__":
    missing = [what for what, is_there in (("Chromium (Debian package chromium)", CHROMIUM), (f"the tool {TOOL}", pathlib.Path(TOOL).exists())) if not is_there]
    if missing:
        print(f"SKIP: missing: {', '.join(missing)}")
        sys.exit(77)
    if os.path.isdir("/dev/shm"):
        tempfile.tempdir = "/dev/shm"  # a browser's many small files
    with tempfile.TemporaryDirectory() as folder:
        try:
            full_page = FullPage(pathlib.Path(folder))
        except Skip as reason:
            print(f"SKIP: {reason}")
            sys.exit(77)
        browser = Browser(WIDTH, HEIGHT)
        try:
            main([a_full_page_draws_everything_and_asks_no_network, pointing_at_the_map_shows_the_item, a_page_is_complete_when_it_has_loaded,
                  hostile_names_and_labels_are_shown_as_text, few_parts_make_a_page_too, a_training_log_is_drawn_beside_the_items_or_alone,
                  logs_that_cannot_be_drawn_are_refused, the_page_forbids_itself_the_network])
        finally:
            full_page.plain.kill()
            browser.close()
