"""Every region of every partition that botocore knows, with and without FIPS and dual stack, for every service that
we call: ours against botocore's endpoint rules. The pseudo-regions (aws-global, …) are refused by ours: a Lambda
function is in a region."""
import itertools
import json
import subprocess
import sys

import botocore.session
from botocore.endpoint_provider import EndpointProvider

# The name of ours -> botocore's.
SERVICES = {"lambda": "lambda", "ssm": "ssm", "cloudwatch": "cloudwatch", "sts": "sts", "sso": "sso", "sso-oidc": "sso-oidc"}


def main():
    loader = botocore.session.Session().get_component("data_loader")
    partitions = loader.load_data("partitions")
    regions = [region for partition in partitions["partitions"] for region in partition["regions"]]
    cases = list(itertools.product(regions, (0, 1), (0, 1)))
    lines = "".join(f"{region} {fips} {dual}\n" for region, fips, dual in cases)
    out = subprocess.run([sys.argv[1], "endpoints"], input=lines, capture_output=True, text=True, check=True).stdout
    answers = [json.loads(line) for line in out.splitlines()]
    assert len(answers) == len(cases), (len(answers), len(cases))
    names = set().union(*answers) - {"error"}
    providers = {}
    for name in names:
        rules = loader.load_service_model(SERVICES.get(name, name), "endpoint-rule-set-1")
        providers[name] = EndpointProvider(rules, partitions)
    compared = refused = 0
    for (region, fips, dual), answer in zip(cases, answers):
        if region.endswith("-global"):
            assert "error" in answer, (region, answer)
            refused += 1
            continue
        for name, provider in providers.items():
            theirs = provider.resolve_endpoint(Region=region, UseFIPS=bool(fips), UseDualStack=bool(dual)).url
            ours = "https://" + answer.get(name, f"? {answer}")
            assert ours == theirs, f"{name} in {region}, FIPS {fips}, dual stack {dual}: {ours}, botocore {theirs}"
            compared += 1
    assert len(providers) >= 6 and compared > 1000, (providers.keys(), compared)
    print(f"endpoints: {len(regions)} regions of {len(partitions['partitions'])} partitions, {len(providers)} services: "
          f"{compared} addresses agree, {refused} of pseudo-regions are refused")


if __name__ == "__main__":
    main()
