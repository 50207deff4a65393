"""The explorer in a browser: led through choices by mouse and keyboard, its numbers are those of results/."""

import csv
import io
from pathlib import Path

import pytest
from scipy import stats

from effaug.report.labels import policy_label
from effaug.study.protocols import REPETITIONS
from effaug.study.results import Results

STORED = Path(__file__).parents[2] / "results"
DEFAULT = {"dataset": "mnist", "augmentation": "rotate", "score": "influence", "features": "refit"}
DEFAULT |= {"protocol": "reconstruction"}
CHOICES = (
    {"dataset": "digits", "augmentation": "crop", "score": "loss", "features": "frozen", "protocol": "paper"},
    {"dataset": "cifar10", "augmentation": "rotate", "features": "frozen", "protocol": "reconstruction"},
    {"dataset": "smallnorb", "score": "loss", "features": "frozen", "protocol": "released-code"},
    {"dataset": "mnist", "augmentation": "translate", "protocol": "paper", "features": "frozen", "score": "margin"},
)


@pytest.fixture
def explorer(page, book):
    """The page, opened from the file system."""
    page.goto((book / "book" / "explorer.html").as_uri())
    page.wait_for_selector("#ex-chart svg")
    return page


def expected(choice: dict, policies: list[str]) -> dict[str, dict[int, str]]:
    """Mean and half width of each policy by budget, as the page has them, from the stored rows."""
    task = f"{choice['dataset']}-{choice['augmentation']}"
    frame = Results(STORED).curves(choice["protocol"], tasks=[task], features=choice["features"])
    frame = frame[frame.score.isin(["", choice["score"]]) & frame.policy.isin([*policies, "full"])]
    found = {}
    for (policy, budget), rows in frame.groupby(["policy", "budget"]):
        values, half = 100 * rows.accuracy, float("nan")
        if len(values) > 1:
            half = stats.t.ppf(0.975, len(values) - 1) * values.sem()
        found.setdefault(policy_label(policy), {})[budget] = (values.mean(), half)
    return found


def table(page, name: str) -> dict[str, dict[str, str]]:
    """A table's cells by the headings of row and column."""
    heads = page.locator(f"{name} thead th").all_inner_texts()
    rows = [row.locator("th, td").all_inner_texts() for row in page.locator(f"{name} tbody tr").all()]
    return {row[0].replace("\n", " ").strip(): dict(zip(heads[1:], row[1:], strict=True)) for row in rows}


def check_numbers(page, choice: dict) -> None:
    checked = page.locator("[name=policy]:checked").evaluate_all("boxes => boxes.map(box => box.value)")
    wanted, seen = expected(choice, checked), table(page, "#ex-numbers")
    assert set(seen) == set(wanted)
    assert len(checked) > 1
    for policy, by_budget in wanted.items():
        cells = {int(head): text for head, text in seen[policy].items() if head != "seeds" and text}
        assert set(cells) == set(by_budget)
        for budget, (mean, half) in by_budget.items():
            first, _, second = cells[budget].replace("\n", " ").partition("±")
            assert float(first) == pytest.approx(mean, abs=0.005 + 1e-9)
            assert (not second) if half != half else float(second) == pytest.approx(half, abs=0.005 + 1e-9)
    assert page.locator(".ex-points path").count() == sum(
        len(found) for policy, found in wanted.items() if policy != policy_label("full")
    )


def test_it_opens_with_the_numbers_of_the_first_choice(explorer):
    check_numbers(explorer, DEFAULT)
    aucs = table(explorer, "#ex-aucs")
    assert len(aucs) == 11
    for row in aucs.values():
        assert float(row["ours - paper"]) == pytest.approx(float(row["AUC"]) - float(row["paper"]), abs=1e-9)


@pytest.mark.parametrize("wanted", CHOICES, ids=lambda choice: "-".join(choice.values()))
def test_choices_by_mouse_show_what_is_stored(explorer, wanted):
    for name, value in wanted.items():
        explorer.select_option(f"select[name={name}]", value)
    explorer.locator("#ex-policies label", has_text="random inverse").click()
    shown = {name: explorer.input_value(f"select[name={name}]") for name in DEFAULT}
    assert wanted.items() <= shown.items()
    check_numbers(explorer, shown)


def test_choices_by_keyboard_show_what_is_stored(explorer):
    explorer.focus("select[name=dataset]")
    explorer.keyboard.press("ArrowDown")
    assert explorer.input_value("select[name=dataset]") == "cifar10"
    for _ in range(2):
        explorer.keyboard.press("Tab")
    explorer.keyboard.press("ArrowDown")
    assert explorer.input_value("select[name=score]") == "loss"
    while explorer.evaluate("document.activeElement.value") != "random_proportional_update":
        explorer.keyboard.press("Tab")
    explorer.keyboard.press("Space")
    assert explorer.evaluate("document.activeElement.value") == "random_proportional_update"  # still in focus
    assert explorer.is_checked("[value=random_proportional_update]")
    check_numbers(explorer, {**DEFAULT, "dataset": "cifar10", "score": "loss", "features": "frozen"})


def test_arrow_keys_go_from_point_to_point_and_tell_its_value(explorer):
    explorer.focus(".ex-points path[tabindex='0']")
    explorer.keyboard.press("ArrowRight")
    explorer.keyboard.press("ArrowRight")
    explorer.keyboard.press("ArrowDown")
    told = explorer.evaluate("document.activeElement.getAttribute('aria-label')")
    mean, half = expected(DEFAULT, ["random_proportional"])["random proportional"][10]
    assert told == f"random proportional, 10 points augmented: {mean:.2f} ± {half:.2f} %, 5 seeds"
    assert explorer.locator("#ex-tip").inner_text() == told
    explorer.keyboard.press("Enter")
    assert explorer.input_value("select[name=budget]") == "10"
    assert explorer.evaluate("document.activeElement.getAttribute('aria-label')") == told
    explorer.keyboard.press("ArrowUp")
    assert explorer.locator("#ex-tip").inner_text().startswith("random, 10 points augmented: ")


def test_the_pointer_shows_a_value_and_a_click_chooses_the_budget(explorer):
    point = explorer.locator(".ex-points path").nth(5)
    point.hover()
    assert explorer.locator("#ex-tip").inner_text() == point.get_attribute("aria-label")
    point.click()
    assert explorer.input_value("select[name=budget]") == "250"
    explorer.mouse.move(5, 5)
    assert explorer.locator("#ex-tip").is_hidden() or explorer.locator(".ex-points path:focus").count()


def test_a_link_restores_its_choice(explorer, book):
    explorer.select_option("select[name=dataset]", "smallnorb")
    explorer.select_option("select[name=budget]", "10")
    explorer.uncheck("[value=baseline]")
    link, text = explorer.get_attribute("#ex-link", "href"), explorer.locator("#ex-numbers").inner_text()
    assert link.startswith("file:")
    explorer.goto("about:blank")
    explorer.goto(link)
    explorer.wait_for_selector("#ex-chart svg")
    assert explorer.locator("#ex-numbers").inner_text() == text
    assert explorer.input_value("select[name=budget]") == "10"
    assert not explorer.is_checked("[value=baseline]")
    explorer.evaluate("location.hash = 'dataset=digits&augmentation=nonsense&policies=baseline+nobody'")
    explorer.wait_for_function("document.querySelector('select[name=dataset]').value == 'digits'")
    assert explorer.input_value("select[name=augmentation]") == "translate"
    assert list(table(explorer, "#ex-numbers")) == ["random", "all points"]


def test_the_file_holds_what_is_shown(explorer):
    with explorer.expect_download() as download:
        explorer.click("#ex-csv")
    assert download.value.suggested_filename == "mnist-rotate-influence-refit-reconstruction.csv"
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    seen = table(explorer, "#ex-numbers")
    assert len(rows) == sum(1 for row in seen.values() for head, text in row.items() if head != "seeds" and text)
    for row in rows:
        text = f"{row['accuracy_percent']} ± {row['half_width_95']}"
        assert seen[policy_label(row["policy"])][row["budget"]].replace("\n", " ") == text
        assert (row["task"], row["stored_as"]) == ("mnist-rotate", "released-code")


def test_what_is_not_stored_is_said_with_its_command(explorer):
    explorer.select_option("select[name=score]", "margin")
    status = explorer.locator("#ex-status").inner_text()
    assert "Nothing is stored yet for MNIST, rotated, by SVM margin" in status
    command = "effaug run mnist-rotate --score margin --features refit --protocol reconstruction"
    assert explorer.locator("#ex-missing").inner_text() == command
    assert explorer.locator("#ex-chart").is_hidden()
    explorer.select_option("select[name=score]", "loss")
    check_numbers(explorer, {**DEFAULT, "score": "loss"})


@pytest.mark.parametrize(("budget", "count"), [("0", 0), ("1", 1), ("10", 10), ("100", 16)])
def test_as_many_images_are_shown_as_are_chosen(explorer, budget, count):
    explorer.select_option("select[name=budget]", budget)
    for images in explorer.locator("#ex-images section").all():
        assert images.locator("[role=img]").count() == count
    drawn = explorer.locator("#ex-images [role=img]").evaluate_all(
        "all => all.map(each => getComputedStyle(each).backgroundImage.slice(0, 26))"
    )
    assert set(drawn) <= {'url("data:image/png;base64'}


def test_commands_are_copied(explorer):
    line = explorer.locator("#ex-shows-0").inner_text()
    assert line.startswith("effaug notebook run random_policies -p dataset=mnist -p augmentation=rotate ")
    explorer.locator("[data-copies=ex-shows-0]").click()
    explorer.wait_for_function("document.querySelector('#ex-status').innerText.startsWith('Cop')")
    assert explorer.locator("#ex-status").inner_text() == f"Copied: {line}"


def test_means_over_networks_name_each_and_have_a_command_for_each(explorer):
    explorer.select_option("select[name=dataset]", "cifar10")
    explorer.wait_for_selector("#ex-computes-2", state="attached")
    first, others = next(iter(REPETITIONS.items()))
    told = explorer.locator("#ex-origin").text_content()
    labels = Results(STORED).labels("cifar10-rotate", "reconstruction")
    assert f"where this is the mean over protocols {', '.join(labels)}, frozen: " in told
    lines = [explorer.locator(f"#ex-{name}").text_content() for name in ("computes", "computes-1", "computes-2")]
    assert [line.rpartition(" --weights ")[2] for line in lines] == [first, *others]
    with explorer.expect_download() as download:
        explorer.click("#ex-csv")
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert {row["stored_as"] for row in rows} == {"; ".join(labels)}


def test_a_phone_shows_all_of_it(watched, book):
    page, watch = watched(width=375, theme="dark")
    page.goto((book / "book" / "explorer.html").as_uri())
    for dataset in ("digits", "cifar10", "mnist"):
        page.select_option("select[name=dataset]", dataset)
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        assert page.locator("#ex-chart svg").bounding_box()["width"] <= 375
    assert not watch.problems, "\n".join(watch.problems)


@pytest.mark.parametrize(("dataset", "features"), [("mnist", "refit"), ("cifar10", "frozen"), ("smallnorb", "frozen")])
def test_the_front_page_leads_to_the_curves_that_it_draws(page, book, dataset, features):
    page.goto((book / "book" / "intro.html").as_uri())
    page.locator(f"section.answer h2 a[href*='dataset={dataset}']").click()
    page.wait_for_selector("#ex-chart svg")
    choice = {"dataset": dataset, "augmentation": "translate", "score": "influence", "features": features}
    choice |= {"protocol": "reconstruction"}
    assert {name: page.locator(f"select[name={name}]").input_value() for name in choice} == choice
    check_numbers(page, choice)
