"""What is heard of forums can be asked of forums and of segments, and by nobody who answers about a person."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.infra.conftest import Assembly
from tests.infra.test_bundles import bundle
from tests.infra.test_routes import declared

HEARING = {"services.scoring.handlers.mentions", "services.scoring.handlers.feeds"}


@pytest.mark.capability("002-8")
def test_only_two_functions_reach_mentions_and_no_route_of_theirs_names_a_person(prod: Assembly) -> None:
    """By the roles' policies, so over all routes, the export and every other service."""
    reach = set()
    for template in prod.templates.values():
        resources = template["Resources"]
        table = [
            name for name in resources if name.startswith("Mentions") and "Table" in resources[name]["Type"]
        ]
        for one in resources.values():
            if one["Type"] != "AWS::IAM::Policy" or not any(name in str(one["Properties"]) for name in table):
                continue
            roles = {role["Ref"] for role in one["Properties"]["Roles"]}
            reach |= {
                function["Properties"]["Handler"].removesuffix(".handler")
                for function in resources.values()
                if function["Type"] == "AWS::Lambda::Function"
                and function["Properties"]["Role"]["Fn::GetAtt"][0] in roles
            }
    assert reach == HEARING
    routes = {route for module, keys in declared(prod).items() if module in HEARING for route in keys}
    assert routes == {
        "POST /mentions",
        "GET /forums/{name}/sentiment",
        "GET /segments/{name}/sentiment",
    }


def test_the_lexicon_and_the_parser_are_in_the_bundle_of_those_who_hear_and_in_no_other() -> None:
    folder = bundle("scoring", "scoring-mentions")
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import services.scoring.handlers.mentions; "
        "import services.scoring.handlers.feeds; assert 'vaderSentiment' not in sys.modules; "
        "from services.scoring.adapters.vader import Vader; assert Vader().of('I love it', 'en') > 0.5; "
        "from services.scoring.adapters.feed_xml import FeedXml; "
        "assert FeedXml().read(b'<rss><channel><item><title>x</title></item></channel></rss>')"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not list(bundle("scoring").glob("vader*"))
