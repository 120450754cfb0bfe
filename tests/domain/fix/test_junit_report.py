"""JUnit XML of several writers is added up; whatever is no such report is none, and nothing in it is expanded."""

from __future__ import annotations

import pytest

from app.domain.fix import junit_report
from app.domain.fix.counts import Counts, Source
from app.domain.fix.junit_report import MAX_REPORT_BYTES
from app.domain.fix.reading import read_counts


def junit(collected: int, executed: int, failed: int, skipped: int, *failing: str) -> Counts:
    return Counts(collected, executed, failed, skipped, failing, Source.JUNIT)


SUREFIRE = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="com.example.ShelfTest" tests="4" errors="1" skipped="1" failures="1">
  <properties><property name="a" value="b"/></properties>
  <testcase name="adds" classname="com.example.ShelfTest" time="0.01"><system-out>fine</system-out></testcase>
  <testcase name="takes" classname="com.example.ShelfTest"><failure message="no">trace</failure></testcase>
  <testcase name="breaks" classname="com.example.ShelfTest"><error/><failure/></testcase>
  <testcase name="later" classname="com.example.ShelfTest"><skipped/></testcase>
</testsuite>"""
GOOGLETEST = (
    b'<testsuites><testsuite name="S"><testcase name="a" status="run" classname="S"/>'
    b'<testcase name="b" status="notrun" classname="S"/></testsuite></testsuites>'
)
BROKEN_SUITE = b'<testsuites><testsuite name="cannot load"><error message="no"/></testsuite></testsuites>'
QUOTING = b'<testsuite><testcase name="html"><failure><![CDATA[<!DOCTYPE html>]]></failure></testcase></testsuite>'
EMPTY = b"<testsuites/>"

BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><testsuite><testcase name="&c;"/></testsuite>'
NO_REPORTS = {
    "nothing": b"",
    "no XML": b"all green",
    "cut": SUREFIRE[:300],
    "another root": b"<html><testsuite/></html>",
    "a bomb": BOMB,
    "an external entity": b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><testsuite/>',
    "another encoding": "<!DOCTYPE a><testsuite/>".encode("utf-16"),
    "another encoding by declaration": b'<?xml version="1.0" encoding="utf-16"?>' + "<testsuite/>".encode("utf-16-le"),
    "undecodable": b'<testsuite name="\xff"/>',
    "too large": b"<testsuite>" + b" " * MAX_REPORT_BYTES + b"</testsuite>",
}


@pytest.mark.parametrize(
    ("reports", "counts"),
    [
        ([SUREFIRE], junit(4, 3, 2, 1, "com.example.ShelfTest.breaks", "com.example.ShelfTest.takes")),
        ([GOOGLETEST], junit(2, 1, 0, 1)),
        ([BROKEN_SUITE], junit(0, 0, 1, 0, "cannot load")),
        ([QUOTING], junit(1, 1, 1, 0, "html")),
        ([EMPTY], junit(0, 0, 0, 0)),
        ([SUREFIRE, b"no report", GOOGLETEST],
         junit(6, 4, 2, 2, "com.example.ShelfTest.breaks", "com.example.ShelfTest.takes")),
    ],
)  # fmt: skip
def test_reports_are_added_up(reports: list[bytes], counts: Counts) -> None:
    assert read_counts("3 passed in 0.1s", reports) == counts


@pytest.mark.parametrize("name", NO_REPORTS)
def test_what_is_no_report_counts_for_nothing(name: str) -> None:
    assert read_counts("", [NO_REPORTS[name]]) is None
    words = read_counts("3 passed in 0.1s", [NO_REPORTS[name]])

    assert words is not None
    assert words.source is Source.RUNNER


def test_a_deep_document_is_read_like_a_flat_one() -> None:
    deep = b"<testsuite>" * 200_000 + b'<testcase name="a"/>' + b"</testsuite>" * 200_000

    assert read_counts("", [deep]) == junit(1, 1, 0, 0)


def test_a_case_within_a_case_is_one() -> None:
    assert read_counts("", [b'<testsuite><testcase name="a"><testcase name="b"/></testcase></testsuite>']) == junit(
        1, 1, 0, 0
    )


def test_many_failures_keep_their_number_and_the_first_names() -> None:
    cases = b"".join(b'<testcase name="t%06d"><failure/></testcase>' % number for number in range(12_000))
    counts = read_counts("", [b"<testsuite>" + cases + b"</testsuite>"] * 2)

    assert counts is not None
    assert counts.failed == 24_000
    assert (len(counts.failing), counts.failing[0], counts.failing[-1]) == (200, "t000000", "t000199")


def test_reports_are_read_up_to_a_number_and_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = read_counts("", [GOOGLETEST] * (junit_report.MAX_REPORTS + 1))

    assert counts is not None
    assert counts.collected == 2 * junit_report.MAX_REPORTS

    monkeypatch.setattr(junit_report, "_MAX_TOTAL_BYTES", 2 * len(GOOGLETEST))
    assert read_counts("", [GOOGLETEST] * 5) == junit(4, 2, 0, 2)
