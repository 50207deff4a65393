"""What ``effaug notebook run --html`` tells nbconvert: a page that loads nothing from elsewhere, formulas as MathML."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from mathml import in_notebook  # noqa: E402

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - nbconvert's own
c.HTMLExporter.preprocessors = [in_notebook]
c.HTMLExporter.extra_template_basedirs = [str(HERE)]
c.HTMLExporter.template_name = "page"
