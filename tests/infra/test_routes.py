"""The routes a resolver answers are the routes the template puts on the API, service by service."""

from __future__ import annotations

import importlib
import re
from collections import defaultdict

from tests.infra.conftest import Assembly


def declared(assembly: Assembly) -> dict[str, set[str]]:
    """Handler module → its route keys, followed from route over integration to function."""
    found: dict[str, set[str]] = defaultdict(set)
    for template in assembly.templates.values():
        resources = template["Resources"]
        for resource in resources.values():
            if resource["Type"] != "AWS::ApiGatewayV2::Route":
                continue
            integration = resource["Properties"]["Target"]["Fn::Join"][1][1]["Ref"]
            uri = resources[integration]["Properties"]["IntegrationUri"]
            function = resources[uri["Fn::GetAtt"][0]]
            module = function["Properties"]["Handler"].removesuffix(".handler")
            found[module].add(resource["Properties"]["RouteKey"])
    return found


def answered(module: str) -> set[str]:
    app = importlib.import_module(module).app
    rules = [*app._static_routes, *app._dynamic_routes]
    return {f"{route.method} " + re.sub(r"<(\w+)>", r"{\1}", route.path) for route in rules}


def test_resolver_and_template_agree(prod: Assembly) -> None:
    modules = declared(prod)
    assert len(modules) >= 6
    for module, keys in modules.items():
        assert answered(module) == keys, module
