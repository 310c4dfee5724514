"""The registry in JupyterLab: promoted, refused by a gate, past it, and rolled back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

import nbtrack
from nbtrack.events import InputRead
from nbtrack.tracking.active import current_store
from tests.browser.lab import Lab, Notebook

START = """
import nbtrack, os
os.environ["NBTRACK_USER"] = "ann"
registry = nbtrack.Registry()
"""
SHOW = "panel = nbtrack.RegistryPanel('fraud'); panel"
TELL = "print([(v.version, v.stage, v.how) for v in registry.search_model_versions()][::-1])"
OTHER = """
import subprocess, sys, textwrap
done = subprocess.run([sys.executable, "-c", textwrap.dedent('''
    import nbtrack
    r = nbtrack.Registry()
    r.request_transition("fraud", 3, "Staging", "for the trial")
    r.transition_stage("fraud", 2, "Production", comment="from elsewhere")
''')], env={**os.environ, "NBTRACK_USER": "eve", "NBTRACK_STORE": str(registry._store.path)})
"""
BUSY = """
import time
deadline = time.monotonic() + 60
while registry.get_registered_model("fraud").in_production != (2,) and time.monotonic() < deadline:
    time.sleep(.05)
print("in Production:", *registry.get_registered_model("fraud").in_production)
"""
SET = "panel.model, panel.version = 'fraud', 3"


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a model of four versions and two gates, of which the last meets one."""
    place = tmp_path_factory.mktemp("filled") / ".nbtrack"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBTRACK_USER", "ann")
        registry = nbtrack.Registry(place)
        for number, accuracy in enumerate([0.9, 0.93, 0.91, 0.94], 1):
            with nbtrack.run("forest", store=place, n_estimators=100 * number) as run:
                run.log(accuracy=accuracy, f1=accuracy - 0.02, loss=1 - accuracy)
                run.keep_artifact("model/MLmodel", str(accuracy).encode())
                run.keep_inputs(
                    InputRead(0, "", name, "frame", digest * 16)
                    for name, digest in (("test", "d1"), ("train", f"t{number}"))
                )
                run.judge("clean" if number < 4 else "stale")
                run.observe({"git.commit": f"c0ffee{number}" * 5})
            registry.register(f"runs:/{run.id}/model", "fraud", description=f"forest of {number}00")
        registry.update_registered_model("fraud", "tells fraud from trade")
        registry.create_registered_model("churn")
        registry.transition_stage("fraud", 1, "Production", comment="to begin with")
        registry.set_registered_model_alias("fraud", "champion", 1)
        registry.set_gates("fraud", metric="accuracy", data="test", verdict=True)
    current_store(place).close()
    return place


@pytest.fixture
def notebook(lab: Lab, filled: Path) -> Notebook:
    shutil.copytree(filled, lab.folder / ".nbtrack")
    notebook = lab.open(lab.write("registry.ipynb", [START, SHOW, TELL, OTHER, BUSY, SET]))
    notebook.run_cell(0)
    notebook.run_cell(1)
    return notebook


@pytest.fixture
def panel(notebook: Notebook) -> Locator:
    root = notebook.output(1).locator(".nbt")
    expect(root.locator("[data-state=drawn]")).to_be_visible()
    return root


def card(panel: Locator, version: int) -> Locator:
    return panel.get_by_role("button", name=f"Version {version},")


def column(panel: Locator, stage: str) -> Locator:
    return panel.locator(f".nbt-reg-column[data-stage={stage}] .nbt-reg-card b")


def decide(panel: Locator, action: str, comment: str, confirm: str, why: str = "") -> None:
    """Press a button, write why, and confirm."""
    panel.get_by_role("button", name=action, exact=True).click()
    panel.get_by_role("textbox", name="Comment").fill(comment)
    if why:
        panel.get_by_role("textbox", name="Why past the gates").fill(why)
    panel.locator("form").get_by_role("button", name=confirm).click()


def test_a_version_is_promoted_with_a_comment(panel: Locator, notebook: Notebook) -> None:
    expect(column(panel, "Production")).to_have_text(["1"])
    expect(column(panel, "None")).to_have_text(["4", "3", "2"])
    card(panel, 2).click()
    expect(panel.get_by_role("heading", name="Version 2")).to_be_visible()
    metric = panel.locator("tr[data-metric=accuracy] td")
    expect(metric).to_have_text(["0.93", "0.9", "+0.03"])
    expect(panel.locator(".nbt-reg-met")).to_have_count(2)
    panel.get_by_role("button", name="Promote to Production").click()
    expect(panel.locator("form")).to_contain_text(
        "Version 2 goes to Production, and version 1 to Archived."
    )
    notebook.screenshot("registry_confirm", panel)
    panel.get_by_role("textbox", name="Comment").fill("better on the same test data")
    panel.locator("form").get_by_role("button", name="Promote").click()
    expect(column(panel, "Production")).to_have_text(["2"])
    expect(column(panel, "Archived")).to_have_text(["1"])
    expect(panel.locator("form")).to_be_hidden()
    first = panel.locator(".nbt-reg-change").first
    expect(first).to_contain_text("version 2 to Production")
    expect(first).to_contain_text("better on the same test data")
    expect(first).to_contain_text("ann")
    notebook.tells(2, "[(1, 'Archived', ''), (2, 'Production', ''), (3, 'None', '')")
    assert notebook.lab.page_errors == []


def test_a_gate_refuses_an_override_passes_it_and_a_roll_back_undoes_it(
    panel: Locator, notebook: Notebook
) -> None:
    card(panel, 4).click()
    expect(panel.locator(".nbt-reg-unmet")).to_contain_text("the run's verdict is stale")
    panel.get_by_role("button", name="Promote to Production").click()
    form = panel.locator("form")
    expect(form.locator(".nbt-reg-unmet")).to_have_count(1)
    form.get_by_role("button", name="Promote").click()
    problem = panel.get_by_role("alert")
    expect(problem).to_contain_text("Version 4 of 'fraud' does not go to Production")
    expect(column(panel, "Production")).to_have_text(["1"])
    notebook.screenshot("registry_refused", panel)
    panel.get_by_role("textbox", name="Why past the gates").fill("the shop is down")
    form.get_by_role("button", name="Promote past 1 gate").click()
    expect(column(panel, "Production")).to_have_text(["4"])
    expect(problem).to_be_hidden()
    expect(card(panel, 4)).to_contain_text("override")
    notebook.screenshot("registry_override", panel)
    decide(panel, "Roll back to 1", "4 is too slow", "Roll back")
    expect(column(panel, "Production")).to_have_text(["1"])
    expect(panel.locator(".nbt-reg-change").first).to_contain_text("version 1 back to Production")
    # It stays told, wherever the version goes.
    expect(card(panel, 4)).to_contain_text("roll back")
    notebook.tells(2, "(4, 'Archived', 'roll back')")


def test_a_request_is_approved_and_another_rejected(panel: Locator, notebook: Notebook) -> None:
    card(panel, 2).click()
    decide(panel, "Ask for Production", "please look", "Ask")
    request = panel.locator(".nbt-reg-request")
    expect(request).to_contain_text("ann asks for Production: please look")
    expect(panel.locator(".nbt-reg-side .nbt-reg-waiting")).to_have_text("1")
    notebook.screenshot("registry_request", panel)
    decide(panel, "Approve", "so it is", "Approve")
    expect(column(panel, "Production")).to_have_text(["2"])
    expect(request).to_have_count(0)
    card(panel, 3).click()
    decide(panel, "Ask for Production", "", "Ask")
    decide(panel, "Reject", "not better", "Reject")
    expect(panel.locator(".nbt-reg-change").first).to_contain_text("request for version 3 rejected")
    expect(column(panel, "Production")).to_have_text(["2"])


def test_what_another_kernel_decides_is_seen_and_who_was_late_is_told(
    panel: Locator, notebook: Notebook
) -> None:
    card(panel, 3).click()
    panel.get_by_role("button", name="Archive", exact=True).click()
    panel.get_by_role("textbox", name="Comment").fill("what I typed")
    notebook.run_cell(3)
    expect(column(panel, "Production")).to_have_text(["2"])
    expect(panel.get_by_role("textbox", name="Comment")).to_have_value("what I typed")
    panel.locator("form").get_by_role("button", name="Archive").click()
    expect(panel.get_by_role("alert")).to_contain_text("version 2 of 'fraud' went to Production")
    expect(panel.get_by_role("alert")).to_contain_text("by eve")
    # Told once, it may be repeated.
    panel.locator("form").get_by_role("button", name="Archive").click()
    expect(column(panel, "Archived")).to_have_text(["3", "1"])


def test_it_is_decided_while_a_cell_runs(panel: Locator, notebook: Notebook, lab: Lab) -> None:
    card(panel, 2).click()
    expect(panel.get_by_role("heading", name="Version 2")).to_be_visible()
    notebook.start_cell(4)
    decide(panel, "Promote to Production", "while it runs", "Promote")
    expect(column(panel, "Production")).to_have_text(["2"])
    # The cell itself waited for it.
    expect(notebook.output(4)).to_contain_text("in Production: 2")


def test_it_is_used_with_the_keyboard_alone(panel: Locator) -> None:
    card(panel, 4).focus()
    card(panel, 4).press("ArrowDown")
    expect(card(panel, 3)).to_be_focused()
    card(panel, 3).press("ArrowRight")
    expect(card(panel, 1)).to_be_focused()
    card(panel, 1).press("ArrowLeft")
    card(panel, 4).press("ArrowDown")
    card(panel, 3).press("ArrowDown")
    card(panel, 2).press("Enter")
    expect(panel.get_by_role("heading", name="Version 2")).to_be_visible()
    expect(card(panel, 2)).to_be_focused()
    promote = panel.get_by_role("button", name="Promote to Production")
    promote.focus()
    promote.press("Enter")
    box = panel.get_by_role("textbox", name="Comment")
    expect(box).to_be_focused()
    box.press("Escape")
    expect(panel.locator("form")).to_be_hidden()
    expect(promote).to_be_focused()


def test_it_follows_theme_and_traits_and_fits_a_narrow_place(
    panel: Locator, notebook: Notebook, lab: Lab
) -> None:
    card(panel, 4).click()
    expect(panel.get_by_role("heading", name="Version 4")).to_be_visible()
    colours = []
    for theme in ("Light", "Dark"):
        lab.set_theme(f"JupyterLab {theme}")
        colours.append(panel.evaluate("root => getComputedStyle(root).color"))
        notebook.screenshot(f"registry_{theme.lower()}", panel)
    assert colours[0] != colours[1]
    lab.set_theme("JupyterLab Light")
    panel.get_by_role("button", name="churn").click()
    expect(panel.locator(".nbt-reg-name")).to_have_text("churn")
    expect(panel.locator(".nbt-reg-card")).to_have_count(0)
    notebook.run_cell(5)
    expect(panel.get_by_role("heading", name="Version 3")).to_be_visible()
    panel.evaluate("root => { root.parentElement.style.width = '400px'; }")
    expect(panel).to_have_class("nbt nbt-narrow")
    assert panel.evaluate("root => root.scrollWidth <= 400")
    notebook.screenshot("registry_narrow", panel)
    assert lab.page_errors == []
