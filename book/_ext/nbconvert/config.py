"""What ``effaug notebook run --html`` tells nbconvert: a page that loads nothing from elsewhere, formulas as MathML."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from mathml import in_notebook  # noqa: E402

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - nbconvert's own
c.HTMLExporter.preprocessors = [in_notebook, "nbconvert.preprocessors.TagRemovePreprocessor"]
c.TagRemovePreprocessor.enabled = True
c.TagRemovePreprocessor.remove_input_tags = {"hide-input", "remove-input"}  # what the book folds or hides
c.HTMLExporter.exclude_input_prompt = c.HTMLExporter.exclude_output_prompt = True
c.HTMLExporter.extra_template_paths = [str(HERE.parents[1] / "_static")]  # the book's style sheets
c.HTMLExporter.extra_template_basedirs = [str(HERE)]
c.HTMLExporter.template_name = "page"
