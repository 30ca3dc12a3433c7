#!/usr/bin/env python3
"""spdx.py MAP DEPS BINARY VERSION COMMIT EPOCH: print the bill of materials of a build, SPDX 2.3 as JSON: the program, its
executable with checksums, and each library that is linked into it."""

import datetime
import hashlib
import json
import pathlib
import sys
import urllib.parse
import uuid

from linked import libraries

NONE = "NOASSERTION"


def package(library):
    person, _, _ = library.maintainer.partition("<")
    version = urllib.parse.quote(library.version, safe=".-~")
    return {
        "SPDXID": f"SPDXRef-Package-{library.source}",
        "name": library.source,
        "versionInfo": library.version,
        "supplier": f"Organization: Debian ({person.strip()})",
        "downloadLocation": NONE,
        "filesAnalyzed": False,
        "licenseConcluded": NONE,
        "licenseDeclared": library.licence,
        "copyrightText": NONE,
        "comment": "Linked in: " + ", ".join(sorted(library.archives)),
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": f"pkg:deb/debian/{library.source}@{version}?arch=source",
        }],
    }


def steelyard(version, commit, binary):
    # By the rule of SPDX: the hash of the hashes of all files, of which there is one.
    code = hashlib.sha1(hashlib.sha1(binary).hexdigest().encode()).hexdigest()
    return {
        "SPDXID": "SPDXRef-Package-steelyard",
        "name": "steelyard",
        "versionInfo": version,
        "supplier": NONE,
        "downloadLocation": NONE,
        "filesAnalyzed": True,
        "packageVerificationCode": {"packageVerificationCodeValue": code},
        "licenseInfoFromFiles": [NONE],
        "licenseConcluded": NONE,
        "licenseDeclared": NONE,
        "licenseComments": "The project's own licence is not decided.",
        "copyrightText": NONE,
        "primaryPackagePurpose": "APPLICATION",
        "sourceInfo": f"built from commit {commit}",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": f"pkg:generic/steelyard@{version}",
        }],
    }


def executable(binary):
    return {
        "SPDXID": "SPDXRef-File-steelyard",
        "fileName": "./usr/bin/steelyard",
        "fileTypes": ["BINARY"],
        "checksums": [{"algorithm": name, "checksumValue": hashlib.new(name.lower(), binary).hexdigest()}
                      for name in ("SHA1", "SHA256")],
        "licenseConcluded": NONE,
        "licenseInfoInFiles": [NONE],
        "copyrightText": NONE,
    }


def relationship(one, kind, other):
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def main():
    map_path, deps, binary_path, version, commit, epoch = sys.argv[1:]
    binary = pathlib.Path(binary_path).read_bytes()
    found = libraries(map_path, deps)
    ours, file = "SPDXRef-Package-steelyard", "SPDXRef-File-steelyard"
    # The same bytes have the same name, other bytes another one.
    name = uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(binary).hexdigest())
    created = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    print(json.dumps({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"steelyard-{version}",
        "documentNamespace": f"urn:uuid:{name}",
        "creationInfo": {"created": created, "creators": [f"Tool: steelyard-package-{version}"]},
        "packages": [steelyard(version, commit, binary), *map(package, found)],
        "files": [executable(binary)],
        "relationships": [
            relationship("SPDXRef-DOCUMENT", "DESCRIBES", ours),
            relationship(ours, "CONTAINS", file),
            *(relationship(ours, "STATIC_LINK", f"SPDXRef-Package-{library.source}") for library in found),
        ],
    }, indent=2))


if __name__ == "__main__":
    main()
