"""Every region of every partition, every service that is called, FIPS and dual stack: our address is the one
that botocore's endpoint rules give."""
import os
import subprocess
import sys

import botocore.session
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

SERVICES = ("lambda", "ssm", "cloudwatch", "sts", "sso", "sso-oidc", "sts-legacy")


def rules(loader, name):
    return EndpointProvider(loader.load_service_model(name, "endpoint-rule-set-1"), loader.load_data("partitions"))


def theirs(provider, service, region, fips, dual_stack):
    params = {"Region": region, "UseFIPS": bool(fips), "UseDualStack": bool(dual_stack)}
    if service.startswith("sts"):
        params["UseGlobalEndpoint"] = service == "sts-legacy"
    try:
        endpoint = provider.resolve_endpoint(**params)
    except EndpointProviderError as refused:
        return f"refused: {refused}"
    schemes = endpoint.properties.get("authSchemes", [{}])
    return f"{endpoint.url} {schemes[0].get('signingRegion', region)}"


def main():
    loader = botocore.session.Session().get_component("data_loader")
    partitions = loader.load_data("partitions")["partitions"]
    regions = [r for p in partitions for r in p["regions"] if not r.endswith("-global")]
    assert len(partitions) >= 8 and len(regions) >= 40, (len(partitions), len(regions))
    providers = {s: rules(loader, s.removesuffix("-legacy")) for s in SERVICES}
    cases = [(s, r, f, d) for s in SERVICES for r in regions for f in (0, 1) for d in (0, 1)]
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    env.update(AWS_CONFIG_FILE="/nonexistent/config", AWS_SHARED_CREDENTIALS_FILE="/nonexistent/credentials")
    run = subprocess.run([sys.argv[1], "endpoints"], input="".join("%s %s %d %d\n" % c for c in cases), env=env,
                         capture_output=True, text=True, timeout=60, check=True)
    ours = run.stdout.splitlines()
    assert len(ours) == len(cases), (len(ours), len(cases), run.stderr)
    wrong = 0
    for case, mine in zip(cases, ours):
        want = theirs(providers[case[0]], *case)
        if mine != want and not (mine.startswith("refused") and want.startswith("refused")):
            wrong += 1
            print("%s %s fips=%d dual=%d" % case, "ours", mine, "botocore", want)
    print(f"{len(cases)} endpoints in {len(regions)} regions of {len(partitions)} partitions, {wrong} differ")
    return wrong > 0


sys.exit(main())
