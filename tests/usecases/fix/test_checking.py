"""How the project's checks are run for a fix, and what is read of them."""

from __future__ import annotations

from tests.usecases.fix.doubles import Files
from tests.usecases.fix.stand import Stand

JUNIT = b'<testsuite tests="2" failures="0" errors="0" skipped="0"><testcase name="a"/><testcase name="b"/></testsuite>'


async def test_a_report_for_machines_is_read_and_one_that_is_too_large_is_not() -> None:
    for report, told in ((JUNIT, "2 ran, 0 failed, 0 skipped, exit 0"), (b"x" * ((8 << 20) + 1), "| exit 0 |")):

        def writes(_line: str, files: Files, report: bytes = report) -> int:
            assert isinstance(files, dict)
            files[".revwright-junit.xml"] = report
            return 0

        stand = Stand(check=writes)
        assert await stand.attend() == "delivered"
        assert told in stand.told
