"""``zcrepro score module:function``: a right score, or one line that names the network, the cause and the remedy."""

import importlib
import json
import os
import subprocess
import sys

import pytest
import torch
from torch import nn

import zcrepro
from zcrepro import cli
from zcrepro.commands._networks import _remedy
from zcrepro.images.noise import random_batch
from zcrepro.networks.generators import seeded

PROXIES = ["params", "snip", "nwot", "jacov"]
SMALL = {"--shape": ["3", "4", "4"], "--batch-size": ["8"]}

BEGINNING = """\
import abc, functools, sys, warnings
import torch
from torch import nn

def net(classes=10):
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, classes))

class Around(nn.Module):
    def __init__(self, inner=None):
        super().__init__()
        self.inner = inner or net()
    def forward(self, x):
        return self.after(self.inner(x))
    def after(self, x):
        return x

"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A function that writes the module ``own`` to the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)

    def write(source, name="own.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
        importlib.invalidate_caches()

    yield write
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("own", "pack"):
            del sys.modules[name]


def scored(capsys, name="own:make", *options):
    """Return the exit status of ``zcrepro score``, and what it writes to stdout and to stderr."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["score", name, "--format", "json", *given(*options)])
    captured = capsys.readouterr()
    return ended.value.code, captured.out, captured.err


def given(*options):
    """Return the options, and those of a small network that are not among them."""
    usual = SMALL | {"--proxies": PROXIES}
    return [*options, *(word for key in usual if key not in options for word in (key, *usual[key]))]


def refused(capsys, *arguments):
    """Return the one line by which ``zcrepro score`` refuses a network."""
    status, out, err = scored(capsys, *arguments)
    assert (status, out) == (1, ""), err
    (line,) = (line for line in err.splitlines() if not line.startswith("scoring: "))
    assert line.startswith("zcrepro: error: ")
    return line.removeprefix("zcrepro: error: ")


def line_of(source, text):
    """Return the number of the first line of ``source`` that contains ``text``."""
    return next(number for number, line in enumerate(source.splitlines(), start=1) if text in line)


RIGHT = {
    "function": "def make(): return net()",
    "lambda": "make = lambda: net()",
    "partial": "make = functools.partial(net, classes=10)",
    "class": "make = Around",
    "default argument": "def make(width=3): return net()",
    "cached function of an old module": "@functools.wraps(net)\ndef make(*sizes): return net()",
    "callable object": "class Maker:\n    def __call__(self): return net()\nmake = Maker()",
    "evaluation mode": "def make(): return net().eval()",
    "frozen": "def make(): return net().requires_grad_(False)",
    "without parameters": "def make(): return nn.Sequential(nn.AdaptiveAvgPool2d((2, 5)), nn.Flatten(), Ten())\n"
    "class Ten(nn.Module):\n    def forward(self, x): return x[:, :10]",
    "prints": "print('noise')\ndef make():\n    print('noise')\n    return Loud()\n"
    "class Loud(Around):\n    def after(self, x): print('noise'); return x",
    "warns": "def make():\n    warnings.warn('beware')\n    return net()",
    "draws at import": "torch.rand(3)\ndef make(): return net()",
    "pair": "class make(Around):\n    def after(self, x): return x, x[:, :3]",
    "mapping": "class make(Around):\n    def after(self, x): return {'features': x[:, :3], 'logits': x}",
    "images changed in place": "def make(): return nn.Sequential(nn.ReLU(inplace=True), net())",
    "images overwritten": "class make(Around):\n    def forward(self, x):\n        x.mul_(0.5)\n        return self.inner(x)",
    "not contiguous": "class make(Around):\n"
    "    def after(self, x): return x.t().contiguous().t()\n"
    "    def forward(self, x): return self.after(self.inner(x.transpose(2, 3)))",
    "channels last": "def make(): return net().to(memory_format=torch.channels_last)",
    "casts its input": "class make(Around):\n"
    "    def __init__(self): super().__init__(net().double())\n"
    "    def forward(self, x): return self.inner(x.double())",
    "counts its calls": "class make(Around):\n"
    "    calls = 0\n"
    "    def after(self, x): self.calls += 1; return x",
    "drops": "def make(): return nn.Sequential(net(), nn.Dropout(0.5))",
    "fixed batch size": "class make(Around):\n    def after(self, x): return x.view(8, 10)",
    "no evaluation mode": "class make(Around):\n    def eval(self): raise RuntimeError('no')",
    "compiled": "def make(): return torch.compile(net())",
    "made without gradients": "def make():\n    with torch.no_grad(): return net()",
    "made in inference mode": "def make():\n    with torch.inference_mode(): return net()",
    "without values": "def make(): return net().to('meta')",
    "traced": "def make(): return torch.jit.trace(net(), torch.zeros(8, 3, 4, 4))",
    "default type of torch": "def make():\n"
    "    torch.set_default_dtype(torch.float64)\n"
    "    try: return net().float()\n"
    "    finally: torch.set_default_dtype(torch.float32)",
}


@pytest.mark.parametrize("kind", RIGHT)
@pytest.mark.filterwarnings("ignore:beware", "ignore:`torch.jit:DeprecationWarning")
def test_a_network_of_any_make_has_the_scores_that_python_gives_it(kind, own, capsys):
    own(BEGINNING + RIGHT[kind])
    status, out, err = scored(capsys, "own:make", "--seed", "3")
    assert status == 0, err
    with seeded(nn.Module(), 3):
        model = importlib.import_module("own").make()
    expected = zcrepro.score(model, *random_batch(8, (3, 4, 4), 10, 3), PROXIES, 3)
    rows = {row["proxy"]: row for row in json.loads(out)["scores"]}
    assert {name: rows[name]["status"] for name in PROXIES} == expected.status
    known = {name: value for name, value in expected.items() if value == value}
    assert {name: rows[name]["score"] for name in known} == pytest.approx(known, rel=1e-6)
    assert bool(known) == (kind not in ("made in inference mode", "without values", "traced"))


def test_what_a_network_is_named_by_may_be_in_a_package_or_a_class(own, capsys):
    own("", "pack/__init__.py")
    own(BEGINNING, "pack/base.py")
    own("from .base import net\nclass Zoo:\n    @staticmethod\n    def make(): return net()", "pack/zoo.py")
    assert scored(capsys, "pack.zoo:Zoo.make")[0] == 0


def test_a_draw_does_not_depend_on_the_draws_before_it(own, capsys):
    own(BEGINNING + "torch.rand(5)\ndef make(): return net()")

    def values(*options):
        return {r["proxy"]: r for r in json.loads(scored(capsys, "own:make", *options)[1])["scores"]}

    single = [values("--seed", str(seed))["snip"]["score"] for seed in (0, 1)]
    both = values("--draws", "2")["snip"]
    assert [both["lowest"], both["highest"]] == pytest.approx(sorted(single), rel=1e-6)


WRONG = {  # source after the beginning -> what the line says
    "syntax error": ("def make(:", ["'own' cannot be imported: SyntaxError", "line"]),
    "indentation": ("def make():\nreturn 1", ["IndentationError", "own.py, line"]),
    "null byte": ("\0", ["SyntaxError", "null bytes"]),
    "error at import": ("x = 1 / 0  # here", ["'own' cannot be imported: ZeroDivisionError", "HERE"]),
    "error without words": ("assert False  # here", ["'own' cannot be imported: AssertionError (", "HERE"]),
    "error of many words": ("raise ValueError('why ' * 1000)  # here", ["ValueError: why why", "HERE"]),
    "error of many lines": ("raise KeyError('a\\nb')  # here", ["KeyError: 'a\\nb'", "HERE"]),
    "exit at import": ("sys.exit(0)  # here", ["'own' cannot be imported: it calls sys.exit(0)", "HERE"]),
    "exit with words": ("sys.exit('done')  # here", ["it calls sys.exit('done')", "HERE"]),
    "base exception": ("class Stop(BaseException): pass\nraise Stop('now')  # here", ["Stop: now", "HERE"]),
    "missing import": ("import no_such_module  # here", ["No module named 'no_such_module'", "HERE"]),
    "circular import": ("from own import make  # here", ["cannot import name 'make'", "HERE"]),
    "relative import": ("from .base import make  # here", ["ImportError: attempted relative import", "HERE"]),
    "absent": ("", ["'own:make' cannot be found: ", "module 'own' has no attribute 'make'"]),
    "number": ("make = 5", ["own:make is no function but of type int"]),
    "module": ("make = sys", ["own:make is no function but of type module"]),
    "network": ("make = net()", ["own:make is a network; draws need new weights"]),
    "needs an argument": ("def make(x): return x", ["own:make needs arguments", "'x'"]),
    "class that needs one": ("make = nn.Linear", ["own:make needs arguments", "'in_features'"]),
    "error": ("def make():\n    raise KeyError('x')  # here", ["own:make failed: KeyError: 'x'", "HERE"]),
    "error below": ("def make():\n    return nn.Conv2d(3, 4, 3, groups=2)  # here", ["divisible", "HERE"]),
    "exit": ("def make():\n    sys.exit(0)  # here", ["own:make failed: it calls sys.exit(0)", "HERE"]),
    "recursion": ("def make(): return make()", ["own:make failed: RecursionError"]),
    "out of memory": ("def make():\n    raise MemoryError  # here", ["own:make failed: MemoryError", "HERE"]),
    "too large": ("def make(): return nn.Linear(10**7, 10**7)  # here", ["own:make failed: ", "HERE"]),
    "None": ("def make(): pass", ["own:make returned a NoneType, not a torch.nn.Module"]),
    "returns a class": (
        "def make(): return Around",
        ["own:make returned the class Around; let it return an"],
    ),
    "list": ("def make(): return [net()]", ["own:make returned a list"]),
    "weights": ("def make(): return net().state_dict()", ["own:make returned a OrderedDict"]),
    "generator": ("def make(): yield net()", ["own:make returned a generator"]),
    "coroutine": ("async def make(): return net()", ["own:make returned a coroutine"]),
    "abstract": (
        "class make(abc.ABC, nn.Module):\n    @abc.abstractmethod\n    def forward(self, x): ...",
        ["own:make failed: TypeError: Can't instantiate abstract class make"],
    ),
    "never initialised": ("class make(nn.Module):\n    def __init__(self): pass", ["super().__init__()"]),
    "initialised late": (
        "class make(nn.Module):\n    def __init__(self): self.inner = net()  # here",
        ["own:make failed: AttributeError: cannot assign module before", "HERE"],
    ),
    "without forward": ("class make(nn.Module): pass", ["own:make: ", "missing the required", "forward"]),
    "two inputs": ("class make(Around):\n    def forward(self, x, y): return x", ["own:make: ", "'y'"]),
    "error in forward": (
        "class make(Around):\n    def after(self, x):\n        return self.missing  # here",
        ["own:make: ", "has no attribute 'missing'", "HERE"],
    ),
    "exit in forward": (
        "class make(Around):\n    def after(self, x): sys.exit()  # here",
        ["SystemExit", "HERE"],
    ),
    "fewer classes": ("def make(): return net(3)", ["own:make has 3 classes, and not 10; say --classes 3"]),
    "more classes": ("def make(): return net(20)", ["own:make has 20 classes, and not 10; say --classes 20"]),
    "other images": (
        "def make(): return nn.Sequential(nn.Flatten(), nn.Linear(12, 10))",
        ["own:make: the network cannot process images of shape (8, 3, 4, 4)", "say --shape"],
    ),
    "one channel": ("def make(): return nn.Conv2d(1, 10, 4)", ["own:make: ", "1 channels", "say --shape"]),
    "double": (
        "def make(): return net().double()",
        ["own:make: ", "let own:make return it as torch.float32"],
    ),
    "half": ("def make(): return net().half()", ["own:make: ", "weights of torch.float16: let own:make"]),
    "bfloat16": ("def make(): return net().bfloat16()", ["own:make: ", "weights of torch.bfloat16"]),
    "one layer double": ("def make(): return nn.Sequential(net(), nn.Linear(10, 10).double())", ["float64"]),
    "vector": ("class make(Around):\n    def after(self, x): return x[:, 0]", ["own:make: ", "shape (8,)"]),
    "maps": ("def make(): return nn.Conv2d(3, 10, 1)", ["own:make: ", "(8, 10, 4, 4)"]),
    "complex": (
        "class make(Around):\n    def after(self, x): return x + 0j",
        ["own:make: ", "torch.complex64"],
    ),
    "labels": (
        "class make(Around):\n    def after(self, x): return x.argmax(1)",
        ["own:make: ", "torch.int64"],
    ),
    "integers": (
        "class make(Around):\n    def after(self, x): return x.long()",
        ["own:make: ", "torch.int64"],
    ),
    "nothing": ("class make(Around):\n    def after(self, x): pass", ["own:make: ", "returns a NoneType"]),
    "no logits": ("class make(Around):\n    def after(self, x): return {}", ["own:make: ", "of nothing"]),
    "lazy": (
        "def make(): return nn.Sequential(nn.Flatten(), nn.LazyLinear(10))",
        ["own:make: ", "lazy layers"],
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_with_a_network_is_one_line(kind, own, tmp_path, capsys):
    source, said = WRONG[kind]
    own(BEGINNING + source)
    line = refused(capsys)
    for part in said:
        place = (
            f"(line {line_of(BEGINNING + source, '# here')} of {tmp_path}/own.py)" if part == "HERE" else part
        )
        assert place in line
    assert len(line) < 700


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lost:make", "'lost' cannot be imported: ModuleNotFoundError: No module named 'lost'"),
        ("own.py:make", "'own.py:make' is not module:function, as in package.module:function, without .py"),
        ("./own:make", "is not module:function"),
        ("folder/own:make", "is not module:function"),
        ("own:", "is not module:function"),
        (":make", "is not module:function"),
        ("own:make()", "is not module:function"),
        ("own:make:more", "is not module:function"),
        (".own:make", "is not module:function"),
        ("own.deeper:make", "'own' is not a package"),
        ("own:make.deeper", "'function' object has no attribute 'deeper'"),
        ("builtins:len", "needs arguments"),
        ("os:path", "os:path is no function but of type module"),
    ],
)
def test_a_name_that_leads_nowhere_is_one_line(name, said, own, capsys):
    own(BEGINNING + "def make(): return net()")
    assert said in refused(capsys, name)


@pytest.mark.parametrize("taken", ["json.py", "zcrepro/__init__.py", "torch.py", "sys.py"])
def test_a_module_that_python_hides_is_named_with_the_one_that_hides_it(taken, own, capsys):
    own("def make(): pass", taken)
    module = taken.partition("/")[0].removesuffix(".py")
    line = refused(capsys, f"{module}:make")
    assert f"{taken} is hidden by the module {module} of " in line
    assert "rename yours" in line


@pytest.mark.parametrize(
    "options",
    [
        ["--batch-size", str(10**13)],
        ["--batch-size", str(10**30)],
        ["--shape", "3", str(10**10), str(10**10)],
        ["--classes", str(10**30)],
        ["--seed", str(2**70)],
    ],
)
def test_a_size_that_no_machine_has_is_one_line(options, own, capsys):
    own(BEGINNING + "def make(): return net()")
    assert options[-1] in refused(capsys, "own:make", *options)


def test_an_unknown_proxy_is_named_before_a_network_is_made(own, capsys):
    own("print('imported')")
    assert "did you mean 'snip'" in refused(capsys, "own:make", "--proxies", "snipp")


def test_a_network_that_is_kept_cannot_be_drawn_anew(own, capsys):
    own(BEGINNING + "@functools.cache\ndef make(): return net()")
    assert scored(capsys)[0] == 0
    assert "own:make returned the network of the draw before" in refused(capsys, "own:make", "--draws", "2")


def test_weights_on_another_device_are_named_with_the_remedy():
    said = _remedy("own:make", nn.Linear(2, 2, device="meta"), torch.zeros(1))
    assert said == "it has weights on meta: let own:make return it on cpu"


def test_two_names_of_one_proxy_are_no_fault_of_the_network(own, capsys):
    own(BEGINNING + "def make(): return net()")
    assert refused(capsys, "own:make", "--proxies", "snip", "snip").startswith(
        "two proxies have the same name"
    )


def test_the_interrupt_key_ends_a_command_without_a_traceback(own, capsys):
    own(BEGINNING + "def make(): raise KeyboardInterrupt")
    assert scored(capsys) == (130, "", "")


def test_other_defaults_of_torch_leave_the_batch_as_it_is():
    expected = random_batch(4, (3, 2, 2), 5, 0)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    try:
        found = random_batch(4, (3, 2, 2), 5, 0)
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("kind", ["exit at import", "error in forward", "recursion"])
def test_a_process_of_its_own_ends_with_one_line_and_status_1(kind, tmp_path):
    source, said = WRONG[kind]
    (tmp_path / "own.py").write_text(BEGINNING + source)
    command = [sys.executable, "-m", "zcrepro", "score", "own:make", *given()]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True)
    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("scoring: "))
    assert (done.returncode, done.stdout) == (1, "")
    assert line.startswith("zcrepro: error: ")
    assert said[0] in line
