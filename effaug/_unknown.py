"""The sentence for a value that is not among those accepted."""

import difflib
from collections.abc import Iterable


def unknown(what: str, value: object, accepted: Iterable[object]) -> str:
    """``unknown task 'mnist-rotat' (did you mean 'mnist-rotate'?); accepted: ...``"""
    choices = [str(choice) for choice in accepted]
    close = difflib.get_close_matches(str(value).lower(), choices, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"unknown {what} {value!r}{hint}; accepted: {', '.join(choices)}"
