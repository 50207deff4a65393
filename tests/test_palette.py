"""effaug.report.palette: colours that are told apart, on either page and by colour-blind readers, and by marker."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from effaug.policies import POLICIES
from effaug.report import figures, palette
from effaug.report.view import view_of
from effaug.scores import SCORES

COLOURS = {
    name: value for name, value in vars(palette).items() if isinstance(value, str) and value.startswith("#")
}  # fmt: skip
# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
BLIND = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(rgb, 0, 1)
    f = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(first, second):
    high, low = sorted((linear(each) @ [0.2126, 0.7152, 0.0722] for each in (first, second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", palette.PAGES)
@pytest.mark.parametrize("name", COLOURS)
def test_every_colour_stands_out_from_either_page(name, page):
    assert contrast(COLOURS[name], page) >= 3


@pytest.fixture(scope="module")
def drawn():
    """The lines of each of the paper's figures of policies."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "policy_panels", lambda view, number, lines, finding: found.update({number: lines}))
        for score in SCORES:
            shown = view_of(dataset="digits", score=score)
            for draw in (figures.figure_3, figures.figure_9, figures.figure_10):
                draw(shown, f"{draw.__name__} by {score}")
            for draw in (figures.figure_14, figures.figure_15, figures.figure_16):
                draw(shown)
    return found


def test_a_policy_looks_alike_in_every_figure(drawn):
    looks = {}
    for line in itertools.chain.from_iterable(drawn.values()):
        assert looks.setdefault((line.policy, line.score), (line.colour, line.marker)) == (
            line.colour,
            line.marker,
        )
    assert len(looks) > 20


def test_no_two_lines_of_a_figure_share_a_colour_or_a_marker(drawn):
    for number, lines in drawn.items():
        assert len({line.colour for line in lines}) == len(lines), number
        assert len({line.marker for line in lines}) == len(lines), number


@pytest.mark.parametrize("kind", BLIND)
def test_colour_blind_readers_tell_the_lines_of_a_figure_apart(drawn, kind):
    for number, lines in drawn.items():
        for pair in itertools.combinations(lines, 2):
            first, second = (lab(np.array(BLIND[kind]) @ linear(line.colour)) for line in pair)
            assert np.linalg.norm(first - second) >= 15, (number, pair)


def test_every_policy_has_a_look():
    for policy, score in itertools.product(POLICIES, SCORES):
        colour, marker = palette.look(policy, score)
        assert colour in COLOURS.values()
        assert marker
