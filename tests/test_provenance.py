"""Digests of code and settings: what reruns, and what does not."""

import os

import pytest

from zcrepro import provenance


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package whose sources a test may edit."""
    import shutil

    copy = tmp_path / "zcrepro"
    shutil.copytree(provenance.ROOT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "ROOT", copy)
    forget()
    yield copy
    forget()


def forget():
    """Forget the sources that were read: in a run they do not change."""
    provenance.imports.cache_clear()
    provenance._files.cache_clear()


def digest(stage, **settings):
    forget()
    return provenance.code_digest(provenance.stage_modules(stage, settings))


ZEN = {"space": "nasbench201", "images": "cifar10", "proxies": ["zen"]}
SNIP = ZEN | {"proxies": ["snip", "nwot"]}


def edit(path):
    path.write_text(path.read_text() + "\n# edited\n")


def test_touching_every_source_changes_no_digest(package):
    before = digest("extract", **ZEN)
    for path in package.rglob("*.py"):
        os.utime(path, (0, 0))
    assert digest("extract", **ZEN) == before


def test_an_edit_of_a_proxy_changes_its_own_group_and_no_other(package):
    zen, snip = digest("extract", **ZEN), digest("extract", **SNIP)
    edit(package / "proxies" / "zen.py")
    assert digest("extract", **ZEN) != zen
    assert digest("extract", **SNIP) == snip


@pytest.mark.parametrize(
    "shared", ["seeds.py", "files/parquet.py", "proxies/engine.py", "spaces/cell.py", "images/base.py"]
)
def test_an_edit_of_what_all_jobs_import_changes_all(package, shared):
    zen, snip = digest("extract", **ZEN), digest("extract", **SNIP)
    edit(package / shared)
    assert digest("extract", **ZEN) != zen
    assert digest("extract", **SNIP) != snip


@pytest.mark.parametrize(
    "unrelated",
    [
        "report/table.py",
        "report/tables/zcp_table1.py",
        "cli.py",
        "__init__.py",
        "provenance.py",
        "progress.py",
    ],
)
def test_an_edit_of_the_report_or_the_command_line_recomputes_no_feature(package, unrelated):
    before = digest("extract", **ZEN), digest("evolve", method="srgp"), digest("search", space="nasbench201")
    edit(package / unrelated)
    after = digest("extract", **ZEN), digest("evolve", method="srgp"), digest("search", space="nasbench201")
    assert before == after


def test_an_edit_of_one_table_leaves_the_others(package):
    first, second = digest("table", table="zcp_table1"), digest("table", table="srgp_runs")
    edit(package / "report" / "tables" / "zcp_table1.py")
    assert digest("table", table="zcp_table1") != first
    assert digest("table", table="srgp_runs") == second


def test_an_edit_of_the_pages_template_remakes_the_page(package):
    before = digest("report")
    edit(package / "report" / "page" / "stage.html.j2")
    assert digest("report") != before


NESTED = """
import zcrepro.seeds
class A:
    def f(self, x):
        match x:
            case 1:
                from zcrepro import registry
        with x:
            for _ in x:
                pass
            else:
                from zcrepro.files import parquet
        try:
            import zcrepro.checkout as c
        except ValueError:
            from zcrepro.files.csv import read_csv
        else:
            import zcrepro.progress
        finally:
            if x:
                pass
            elif not x:
                from zcrepro import settings
"""


def test_imports_are_found_in_blocks_of_every_kind(package):
    (package / "nested.py").write_text(NESTED)
    names = ["seeds", "registry", "files.parquet", "checkout", "files.csv", "progress", "settings"]
    assert sorted(provenance.imports("zcrepro.nested")) == sorted(f"zcrepro.{name}" for name in names)


def test_packages_hold_no_code_of_their_own_so_that_leaving_them_out_is_right():
    import ast

    for path in provenance.ROOT.glob("*/**/__init__.py"):
        body = ast.parse(path.read_text()).body
        assert len(body) == 1, path
        assert isinstance(body[0], ast.Expr), path


def test_every_stage_names_a_function_of_its_own_name():
    import importlib

    for stage, module in provenance.STAGES.items():
        assert callable(getattr(importlib.import_module(module), stage)), stage


def test_settings_digests_do_not_depend_on_the_order_of_keys_but_on_which_key_has_which_value():
    assert provenance.settings_digest({"p": 1, "q": 2}) == provenance.settings_digest({"q": 2, "p": 1})
    assert provenance.settings_digest({"p": 1, "q": 2}) != provenance.settings_digest({"p": 2, "q": 1})


def test_a_misspelt_plugin_is_named():
    with pytest.raises(ValueError, match=r"zcrepro\.spaces\.nasbench202"):
        digest("extract", space="nasbench202")


def test_a_proxy_belongs_to_the_pass_that_its_file_imports():
    groups = provenance.pass_groups(["params", "zen", "snip", "nwot", "synflow"])
    assert groups == {
        "structure": ["params"],
        "zen": ["zen"],
        "gradients": ["snip", "nwot"],
        "synflow": ["synflow"],
    }
