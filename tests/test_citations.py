"""What is cited, and where a reader finds it."""

from zcrepro.report.citations import PAPERS, SOURCES, URLS, citations


def test_everything_that_is_cited_has_an_address():
    assert URLS.keys() == PAPERS.keys() | SOURCES.keys()
    assert all(url.startswith("https://") for url in URLS.values())


def test_papers_come_before_data_and_each_is_cited_once():
    found = citations(["EZNAS", "zcrepro", "EZNAS"], ["eznas", "nds_darts", "nds_enas", "embedded"])
    assert [each.url for each in found] == [URLS["EZNAS"], URLS["nds_darts"]]
    assert [each.text for each in found] == [PAPERS["EZNAS"], SOURCES["nds_darts"]]
