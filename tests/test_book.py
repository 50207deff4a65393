"""README's commands, and the book that one of them builds, in a copy of the project."""

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
README = (ROOT / "README.md").read_text()
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines() if line.strip()
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project's files in a folder of their own, with this environment as its .venv."""
    folder = tmp_path_factory.mktemp("project") / "effaug"
    ignored = shutil.ignore_patterns(".*", "_build", "*.egg-info", "__pycache__", "kernel-ipc-*")
    shutil.copytree(ROOT, folder, ignore=ignored)
    (folder / ".venv").symlink_to(BIN.parent)
    (folder / ".venv" / ".ready").touch()
    return folder


def run(command: str, folder: Path) -> subprocess.CompletedProcess:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        shlex.split(command),
        cwd=folder,
        env=os.environ | {"PATH": path, "EFFAUG_RESULTS": "", "EFFAUG_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def book(copy):
    """The built book, and what `make book` printed."""
    done = run("nice make book", copy)  # its pages are read side by side: other tests' seconds come first
    assert done.returncode == 0, done.stdout + done.stderr
    return copy / "_build" / "html", done.stdout


class Page(HTMLParser):
    """A page's links and its ids."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loaded, self.linked, self.images = [], [], 0
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.images += tag in ("img", "svg")
        if tag in ("script", "img", "source", "iframe") and found.get("src"):
            self.loaded.append(found["src"])
        if tag == "link" and found.get("href") and found.get("rel") not in ("canonical", "next", "prev"):
            self.loaded.append(found["href"])
        if tag == "a" and found.get("href"):
            self.linked.append(found["href"])


@pytest.mark.slow
def test_make_book_prints_where_the_book_is(book):
    html, printed = book
    assert f"The book: {html}/index.html" in printed
    assert (html / "index.html").exists()


@pytest.mark.slow
def test_every_page_of_the_contents_is_built_and_holds_no_traceback(book):
    html, _ = book
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    pages = [contents["root"], *(c["file"] for part in contents["parts"] for c in part["chapters"])]
    assert {f"notebooks/{path.stem}" for path in (ROOT / "notebooks").glob("*.ipynb")} <= set(pages)
    for page in pages:
        text = (html / f"{page}.html").read_text()
        assert "Traceback" not in text
        assert "ParameterError" not in text
    figures = ["quickstart", "random_policies", "refinements", "deterministic_policies", "extreme_points", "networks"]
    for name in [*figures, "score_distributions", "data_and_augmentations", "experiment"]:
        assert Page(html / "notebooks" / f"{name}.html").images >= 1, name


@pytest.mark.slow
def test_every_figure_says_in_words_what_it_shows(book):
    html, _ = book
    described = 0
    for path in [html / "book" / "intro.html", *(html / "notebooks").glob("*.html")]:
        for image in BeautifulSoup(path.read_text(), "html.parser").select("article img, figure.exhibit > svg"):
            assert len(image.get("alt", image.get("aria-label", "")).split()) > 4, f"{path.name}: {image}"
            described += 1
    assert described >= 100


@pytest.mark.slow
def test_every_table_and_figure_of_the_paper_is_where_the_contents_say(book):
    html, _ = book
    linked = [re.split(r"#", target) for target in Page(html / "book" / "contents.html").linked if ".html#" in target]
    places = {name: page for page, name in linked if re.fullmatch(r"(table|figure)-\d+", name)}
    assert set(places) == {f"table-{k}" for k in range(1, 21)} | {f"figure-{k}" for k in range(1, 18)}
    for name, page in places.items():
        soup = BeautifulSoup((html / "book" / page).read_text(), "html.parser")
        (place,) = soup.find_all(id=name)
        shown = place.find_next("table" if name.startswith("table") else "svg")
        assert shown is not None, name
        section = place.find_parent("section") or place.find_next("section")
        assert section in shown.parents, name


@pytest.mark.slow
def test_no_page_loads_anything_from_elsewhere_and_no_link_is_broken(book):
    html, _ = book
    for path in html.rglob("*.html"):
        if "_static" in path.parts:
            continue
        page = Page(path)
        for target in page.loaded:
            assert not re.match(r"(https?:)?//", target), f"{path} loads {target}"
        local = [t for t in page.loaded + page.linked if not re.match(r"(https?:)?//|mailto:|data:|#", t)]
        for target in local:
            assert (path.parent / re.split(r"[?#]", target)[0]).exists(), f"{path} links to {target}"


@pytest.mark.slow
@pytest.mark.parametrize("command", [c for c in COMMANDS if not c.startswith("make")])
def test_readme_command_runs(copy, command):
    done = run(command, copy)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_make_reproduce_finds_stored_results_again(copy):
    done = run("make reproduce TASKS=digits-crop JOBS=2", copy)
    assert done.returncode == 0, done.stderr
    assert "mean AUC: found again" in done.stdout


def test_readme_names_the_two_commands_and_ci_runs_the_second():
    assert COMMANDS[:2] == ["make book", "make test"]
    assert "make test" in (ROOT / ".ci" / "run").read_text().splitlines()


def test_readme_python_runs_as_it_stands(tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.S)
    done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"179 \[(\s*\d+){10}\]\n", done.stdout), done.stdout


def test_readme_inline_commands_are_real():
    inline = [c for c in re.findall(r"`([^`\n]+)`", README) if c.startswith("effaug ")]
    assert inline
    for command in inline:
        done = run(f"{command} --help" if "--help" not in command else command, ROOT)
        assert done.returncode == 0, (command, done.stderr)


def test_readme_says_what_is_stored():
    """Task by task: which scores, under which protocols, with how many seeds."""
    from effaug.study.results import Results

    table = Results(ROOT / "results").table()
    rows = re.findall(
        r"^\| `([a-z0-9]+)((?:-[a-z]+)?)`((?:, `-[a-z]+`)*).*?\| (.*?) \| (.*?) \| (.*?) \| (\d+) \|$", README, re.M
    )
    described = set()
    for dataset, first, more, features, scores, protocols, seeds in rows:
        kind = "refit" if "refit" in features else "frozen"
        augmentations = [first, *re.findall("-[a-z]+", more)] if first else ["-translate", "-rotate", "-crop"]
        for task in (dataset + augmentation for augmentation in augmentations):
            of_kind = table[(table.task == task) & (table.features == kind)]
            for protocol in protocols.replace("`", "").split(", "):
                names = fnmatch.filter(of_kind.protocol.unique(), protocol)
                assert names, (task, protocol)
                for name in names:
                    described.add((task, kind, name))
                    stored = of_kind[of_kind.protocol == name]
                    assert set(stored.score) - {""} == set(scores.split(", ")), (task, kind, name)
                    random = stored[stored.policy.str.startswith(("random", "baseline"))]
                    counts = random.groupby(["score", "policy"]).seed.nunique()
                    assert set(counts) == {int(seeds)}, (task, kind, name)
    assert described == set(zip(table.task, table.features, table.protocol, strict=True))


def test_the_books_own_data_example_runs_as_it_stands(tmp_path):
    examples = re.findall(r"```python\n(.*?)```", (ROOT / "book" / "rerun.md").read_text(), re.S)
    setup = "from sklearn.datasets import make_blobs\nimport numpy as np\n"
    setup += (
        "x, y = make_blobs(600, n_features=60, centers=2, cluster_std=20, random_state=0)\nfeatures, labels = x, y\n"
        "np.save('features.npy', x)\n"
    )
    setup += "both = np.stack([x, x + 1], axis=1)\ntrain, test = both[:300], both[300:]\n"
    setup += "train_labels, test_labels = y[:300], y[300:]\n"
    setup += "from sklearn.datasets import load_digits\ndigits = load_digits()\n"
    setup += "images, parity = digits.images[:200, :, :, None].astype(np.uint8), digits.target[:200] % 2\n"
    setup += "x_train, y_train, x_test, y_test = images[:100], parity[:100], images[100:], parity[100:]\n"
    check = "\nassert len(chosen) == 60 and len(curve.accuracies) == 5 and sorted(curve.order) == list(range(300))\n"
    check += "assert found.points.tolist() == chosen.tolist()\n"
    check += "assert len(set(spread)) == len(set(middle)) == 50\n"
    code = setup + "".join(examples) + check
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
