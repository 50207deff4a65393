"""Kernels that are forked off one process: what they begin with, that they share nothing, and how they end."""

import os
import signal
import sys
import time
from types import SimpleNamespace

import card
import jupyter_client
import kernels
import pytest
from jupyter_client.manager import start_new_kernel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks a process that has loaded BLAS")


@pytest.fixture(scope="module")
def forked(tmp_path_factory):
    """A started process, as the book's extension has it, without stored results to read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EFFAUG_RESULTS", str(tmp_path_factory.mktemp("results")))
        found = kernels.Kernels()
        patch.setenv("JUPYTER_PATH", found.path)
        found.wait()
        yield found
        found.close()


class Kernel:
    """One kernel, and what its code prints."""

    def __init__(self, folder):
        self.manager, self.client = start_new_kernel(kernel_name="python3", cwd=str(folder))

    def says(self, code, timeout=60):
        said = []
        self.client.execute_interactive(
            code, timeout=timeout, output_hook=lambda message: said.append(message["content"])
        )
        return "".join(each.get("text", "") for each in said) or [each["ename"] for each in said if "ename" in each]

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(forked, tmp_path, monkeypatch):
    """Starts kernels in this test's folder."""
    monkeypatch.setenv("OF_THIS_TEST", "yes")
    begun = []

    def begin():
        begun.append(Kernel(tmp_path))
        return begun[-1]

    yield begin
    for each in begun:
        each.close()


def gone(pid):
    """Whether a process ends, within seconds."""
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_kernel_begins_with_the_pages_imports_in_its_folder_and_environment(kernel, tmp_path):
    said = kernel().says(
        "import os, sys; print('effaug.report.figures' in sys.modules, os.getcwd(), os.environ['OF_THIS_TEST'])"
    )
    assert said == f"True {tmp_path} yes\n"


def test_what_one_kernel_defines_is_not_there_in_another(kernel):
    first, second = kernel(), kernel()
    first.says("import effaug.curves; effaug.curves.left = left = 1")
    assert first.says("print(left, effaug.curves.left)") == "1 1\n"
    assert second.says("left") == ["NameError"]
    assert second.says("import effaug.curves; effaug.curves.left") == ["AttributeError"]
    assert first.says("import os; print(os.getpid())") != second.says("import os; print(os.getpid())")


def test_an_interrupt_reaches_the_kernel(kernel):
    begun = kernel()
    begun.client.execute("import time; print('asleep', flush=True); time.sleep(600)")
    # not "execute_input", which a kernel sends before it runs the code: an interrupt in between is lost
    while begun.client.get_iopub_msg(timeout=60)["msg_type"] != "stream":
        pass
    begun.manager.interrupt_kernel()
    assert begun.client.get_shell_msg(timeout=60)["content"]["ename"] == "KeyboardInterrupt"
    time.sleep(0.2)  # a kernel drops what is asked right after an error
    assert begun.says("print('goes on')") == "goes on\n"


def test_a_kernel_ends_with_what_stands_for_it(kernel):
    begun = kernel()
    pid = int(begun.says("import os; print(os.getpid())"))
    os.kill(begun.manager.provisioner.pid, signal.SIGKILL)
    assert gone(pid)


def test_kernels_end_with_their_process_and_a_build_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(kernels.forks, "__file__", str(tmp_path / "missing.py"))
    started = kernels.Kernels()
    with pytest.raises(RuntimeError, match="has ended"):
        started.wait()
    started.close()


def test_the_books_kernels_are_reached_by_files_of_their_own(tmp_path):
    first, second = kernels.manager(str(tmp_path))(), kernels.manager(str(tmp_path))()
    assert first.transport == second.transport == "ipc"
    assert first.ip != second.ip
    assert first.ip.startswith(str(tmp_path))
    assert jupyter_client.AsyncKernelManager().transport == "tcp"


def test_only_extensions_that_say_nothing_are_declared_safe():
    names = {"sphinx_multitoc_numbering": None, "another": None, "unsafe": False}
    extensions = {name: SimpleNamespace(parallel_read_safe=safe) for name, safe in names.items()}
    kernels.declare(SimpleNamespace(extensions=extensions))
    said = {name: each.parallel_read_safe for name, each in extensions.items()}
    assert said == {"sphinx_multitoc_numbering": True, "another": None, "unsafe": False}


def test_a_card_that_is_not_drawn_stops_the_build(tmp_path, monkeypatch):
    connected = []
    monkeypatch.setattr(card, "__file__", str(tmp_path / "missing.py"))
    app = SimpleNamespace(builder=SimpleNamespace(name="html"), srcdir=tmp_path, outdir=tmp_path)
    app.config, app.connect = SimpleNamespace(html_title="Title"), lambda event, call: connected.append(call)
    card.start(app)
    with pytest.raises(RuntimeError, match="was not drawn"):
        connected[0](app, None)
