"""What botocore makes of an environment: botocore_resolve.py credentials|settings [PROFILE], one JSON line."""
import json
import sys

import botocore.session

# ours -> botocore's
SERVICES = {"lambda": "lambda", "ssm": "ssm", "cloudwatch": "cloudwatch", "sso": "sso", "sso-oidc": "sso-oidc", "sts": "sts"}


def credentials(session):
    found = session.get_credentials()
    if found is None:
        return {"error": "none"}
    frozen = found.get_frozen_credentials()
    session.get_scoped_config()  # botocore looks at the profile when it makes a client
    return {"method": found.method, "access_key": frozen.access_key, "secret_key": frozen.secret_key, "token": frozen.token}


def settings(session):
    answer = {}
    for ours, theirs in SERVICES.items():
        client = session.create_client(theirs, aws_access_key_id="a", aws_secret_access_key="b")
        answer[ours] = client.meta.endpoint_url.rstrip("/")
        answer["region"] = client.meta.region_name
        if ours == "sts":  # its rules say where it is signed for
            found = client._ruleset_resolver.construct_endpoint(
                client.meta.service_model.operation_model("GetCallerIdentity"), {}, {})
            schemes = found.properties.get("authSchemes") or [{}]
            answer["sts"] = found.url.rstrip("/")
            answer["sts_region"] = schemes[0].get("signingRegion", client.meta.region_name)
    return answer


def main():
    session = botocore.session.Session(profile=sys.argv[2] if len(sys.argv) > 2 else None)
    try:
        answer = {"credentials": credentials, "settings": settings}[sys.argv[1]](session)
    except Exception as error:  # noqa: BLE001 - compared
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
