"""The files of a run in JupyterLab: one page, looked at from all sides."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab

LOG = """
import io, struct, wave, nbtrack
import pyarrow as pa, pyarrow.parquet as pq
def parquet():
    table = {"id": range(250), "score": [(i * 37 % 250) / 3 for i in range(250)],
             "name": [f"<b>{i}</b>" if i % 9 else None for i in range(250)]}
    pq.write_table(pa.table(table), file := io.BytesIO())
    return file.getvalue()
def sound():
    with wave.open(file := io.BytesIO(), "wb") as w:
        w.setparams((1, 2, 8000, 0, "NONE", ""))
        w.writeframes(b"".join(struct.pack("<h", i % 99 * 90) for i in range(8000)))
    return file.getvalue()
PAGE = ('<h1>Report</h1><a href="https://example.com/">out</a><div><template shadowrootmode="open">'
        '<a href="https://example.com/">shadow</a></template></div><img src="https://example.com/x.png">'
        '<script>document.title = "ran"</script><meta http-equiv="refresh" '
        'content="0;url=https://example.com/">')
SVG = ('<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><rect width="300" '
       'height="200" fill="#eef"/><path d="M9 190C60 20 120 160 290 20" fill="none" stroke="teal" '
       'stroke-width="4"/></svg>').encode()
HOSTILE = "<img src=x onerror=alert(1)>"
with nbtrack.run("otter", experiment="wine") as r:
    for path, data in {
        "figures/loss.svg": SVG, "figures/roc.svg": SVG.replace(b"teal", b"crimson"),
        "tables/errors.parquet": parquet(), "tables/bad.csv.gz": b"no gzip",
        "src/train.py": b"def fit(x):\\n    return x * 2\\n" * 3000,
        "notes.md": b"# Notes\\n\\n" + b"Some words that are wrapped. " * 20,
        "config.json": b'{"lr": 0.1, "opt": {"name": "adam"}, "long": %a}' % [*range(250)],
        "report.html": PAGE.encode(), "beep.wav": sound(), "weights.bin": bytes(range(256)) * 40,
        f"{HOSTILE}.txt": b"a <b>text</b>", "empty.txt": b"",
        "model/MLmodel": b"flavors:\\n  sklearn:\\n    sklearn_version: 1.9.1\\n",
    }.items():
        r.keep_artifact(path, data)
"""
LATE = """
import pathlib, time
nbtrack.get_run("otter").keep_artifact("late.txt", b"while it runs")
while not pathlib.Path("seen").exists():
    time.sleep(.05)
"""
CELLS = [
    LOG,
    "files = nbtrack.browse_artifacts('otter')\nfiles",
    "print(files.path)",
    "nbtrack.get_run('otter')",
    LATE,
]


def row(files: Locator, name: str) -> Locator:
    return files.get_by_role("treeitem").filter(has=files.page.get_by_text(name, exact=True))


def test_files_are_found_and_looked_into(lab: Lab) -> None:
    notebook = lab.open(lab.write("files.ipynb", CELLS))
    for cell in range(2):
        notebook.run_cell(cell)
    files = notebook.output(1).locator(".nbt")
    shown = files.get_by_role("region")
    keys = lab.page.keyboard

    # The pictures first, since one came for them.
    expect(shown.locator("img")).to_have_count(2)
    expect(files.get_by_role("status").first).to_contain_text("13 files")
    notebook.screenshot("artifacts_pictures", files)
    shown.get_by_role("button", name="Open figures/loss.svg").click()
    expect(shown).to_contain_text("300 × 200 pixels")
    expect(row(files, "loss.svg")).to_have_attribute("aria-selected", "true")
    notebook.tells(2, "figures/loss.svg")

    # The keyboard goes through the tree.
    row(files, "figures").focus()
    keys.press("ArrowLeft")
    expect(row(files, "figures")).to_have_attribute("aria-expanded", "false")
    expect(row(files, "roc.svg")).to_have_count(0)
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    expect(row(files, "loss.svg")).to_be_focused()
    keys.press("End")
    expect(row(files, "weights.bin")).to_be_focused()
    keys.press("Enter")
    expect(shown).to_contain_text("00000010  10 11 12")
    notebook.screenshot("artifacts_bytes", files)

    # A table in pages, ordered by the kernel.
    row(files, "errors.parquet").click()
    body = shown.locator("tbody tr")
    expect(body).to_have_count(100)
    expect(shown.get_by_role("status")).to_have_text("rows 1–100 of 250 · 3 columns")
    shown.get_by_role("button", name="score double").click()
    expect(shown.locator("th[aria-sort=ascending]")).to_contain_text("score")
    keys.press("Enter")
    expect(shown.locator("th[aria-sort=descending]")).to_contain_text("score")
    expect(body.first.locator("td").nth(1)).to_have_text("83.00")
    notebook.screenshot("artifacts_table", files)
    shown.get_by_role("button", name="Next rows").click()
    shown.get_by_role("button", name="Next rows").click()
    expect(body).to_have_count(50)
    expect(shown.get_by_role("button", name="Next rows")).to_be_disabled()
    keys.press("Escape")
    expect(row(files, "errors.parquet")).to_be_focused()
    row(files, "bad.csv.gz").click()
    expect(shown).to_contain_text("cannot be read as a table")

    # Texts, json, sound, a model.
    row(files, "train.py").click()
    expect(shown).to_contain_text("65.5 kB of 87.0 kB")
    shown.get_by_role("button", name="Show more").click()
    expect(shown.get_by_role("button", name="Show more")).to_have_count(0)
    lines = shown.locator(".nbt-files-code").evaluate("pre => pre.textContent.length")
    assert lines == 87_000
    notebook.screenshot("artifacts_code", files)
    row(files, "config.json").click()
    shown.locator("summary", has_text="opt:").click()
    expect(shown).to_contain_text('name: "adam"')
    shown.locator("summary", has_text="long:").click()
    shown.get_by_role("button", name="Show more of 150", exact=True).click()
    expect(shown.locator(".nbt-json-leaf")).to_have_count(202)
    notebook.screenshot("artifacts_json", files)
    row(files, "beep.wav").click()
    audio = shown.locator("audio")
    expect(audio).to_have_js_property("readyState", 4)
    assert audio.evaluate("sound => Math.round(sound.duration)") == 1
    row(files, "MLmodel").click()
    expect(shown.locator(".nbt-pair")).to_contain_text("sklearn 1.9.1")
    notebook.screenshot("artifacts_model", files)

    # What is hostile stays text, and a page stays in its frame.
    row(files, "report.html").click()
    frame = shown.locator("iframe")
    expect(frame).to_have_attribute("sandbox", "")
    page = shown.frame_locator("iframe")
    expect(page.get_by_role("heading", name="Report")).to_be_visible()
    page.get_by_text("out").click()
    expect(page.get_by_role("heading", name="Report")).to_be_visible()
    expect(page.get_by_text("shadow")).to_have_count(0)
    assert page.locator("html").evaluate("html => html.ownerDocument.title") == ""
    notebook.screenshot("artifacts_html", files)
    row(files, "<img src=x onerror=alert(1)>.txt").click()
    expect(shown).to_contain_text("a <b>text</b>")

    # By name; what is saved; back to all.
    find = files.get_by_role("textbox", name="Filter files by name")
    find.fill("fig svg")
    expect(files.get_by_role("treeitem")).to_have_count(3)
    find.fill("zebra")
    expect(files.get_by_text("No file has that in its name.")).to_be_visible()
    find.press("Escape")
    row(files, "weights.bin").click()
    with lab.page.expect_download() as saved:
        shown.get_by_role("button", name="Download weights.bin").click()
    assert saved.value.path().read_bytes() == bytes(range(256)) * 40
    shown.get_by_role("button", name="Close the file").click()
    expect(shown.locator("img")).to_have_count(2)

    # Dark, and narrow.
    row(files, "errors.parquet").click()
    expect(body).to_have_count(100)
    lab.set_theme("JupyterLab Dark")
    notebook.screenshot("artifacts_dark", files)
    lab.set_theme("JupyterLab Light")
    files.evaluate("root => { root.parentElement.style.width = '400px'; }")
    expect(files).to_have_class("nbt nbt-narrow")
    assert files.evaluate("root => root.scrollWidth <= 400")
    notebook.screenshot("artifacts_narrow", files)

    # The same in a run's own view.
    notebook.run_cell(3)
    run = notebook.output(3).locator(".nbt")
    run.get_by_role("tab", name="Files").click()
    row(run, "config.json").click()
    expect(run.get_by_role("region")).to_contain_text("lr: 0.1")
    notebook.screenshot("run_files", run)

    # While a cell runs, too.
    notebook.start_cell(4)
    row(run, "late.txt").click()
    expect(run.get_by_role("region")).to_contain_text("while it runs")
    (notebook.path.parent / "seen").touch()
    notebook.wait_until_idle()

    # And what stays when the kernel is gone.
    lab.command("kernelmenu:shutdown")
    expect(files.get_by_text("The kernel that drew this is gone")).to_be_visible()
    expect(body).to_have_count(100)
    assert lab.page_errors == []
