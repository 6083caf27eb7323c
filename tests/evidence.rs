//! A package says what is in it and what it was made from, and other tools understand it.

use serde_json::Value;

use crate::fixture::{hello, tool};
use crate::flavorpack;
use crate::scene::Test;
use crate::wheel_index::{PASSWORD, serve};
use crate::wheelhouse;

/// Holds a bill against CycloneDX's published schema and resolves every reference in it.
const VALIDATE: &str = r"
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
text = open(sys.argv[1]).read()
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
sys.exit(f'{error}' if error else 0)
";

/// Opens an envelope with nothing of ours: Python's Ed25519 over DSSE's encoding.
const OPEN: &str = r"
import base64, json, sys
from cryptography.hazmat.primitives.serialization import load_pem_public_key
envelope = json.load(open(sys.argv[1]))
key = load_pem_public_key(open(sys.argv[2], 'rb').read())
kind, payload = envelope['payloadType'].encode(), base64.b64decode(envelope['payload'])
message = b'DSSEv1 %d %s %d %s' % (len(kind), kind, len(payload), payload)
key.verify(base64.b64decode(envelope['signatures'][0]['sig']), message)
print(json.loads(payload)['predicateType'])
";

fn inspect(t: &Test, package: &std::path::Path, view: &[&str]) -> Value {
    let mut arguments = vec!["inspect", package.to_str().expect("UTF-8")];
    arguments.extend(view);
    t.flavor(arguments).success().json()
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect()
}

#[test]
fn the_bill_of_materials_is_complete_and_valid() {
    let t = Test::new();
    for package in [hello(), tool()] {
        let bill = inspect(&t, &package.path, &["--sbom"]);
        let file = t.file("bill.json", bill.to_string());
        t.call(
            flavorpack::installed("python"),
            ["-c".as_ref(), VALIDATE.as_ref(), file.as_os_str()],
        )
        .success();
    }
    let bill = inspect(&t, &hello().path, &["--sbom"]);
    let names = names(&bill["components"]);
    for name in [
        "click",
        "rich",
        "hello",
        "cpython",
        "flavor-launcher",
        "lib/libcrypto.so.3",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    let click = &bill["components"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["name"] == "click")
        .expect("click");
    assert!(
        click["purl"]
            .as_str()
            .is_some_and(|purl| purl.starts_with("pkg:pypi/click@"))
    );
    assert_eq!(click["licenses"][0]["expression"], "BSD-3-Clause");
    assert_eq!(click["hashes"][0]["alg"], "SHA-256");
}

#[test]
fn what_a_wheel_carries_inside_is_on_the_bill() {
    let t = wheelhouse::project();
    let inner = r#"{"bomFormat":"CycloneDX","components":[{"name":"libgreet","version":"3","purl":"pkg:generic/libgreet@3",
            "licenses":[{"license":{"id":"MIT"}}],"hashes":[{"alg":"MD5","content":"0"},{"alg":"SHA-256","content":"abababababababababababababababababababababababababababababababab"}]}]}"#;
    let files = [
        ("greeting.py", "WORD = 'hello'\n"),
        ("greeting-2.5.dist-info/sboms/auditwheel.cdx.json", inner),
    ];
    wheelhouse::wheel(&t, "greeting", "2.5", &files);
    let package = t
        .flavor(["pack", "--quiet", "--manifest", "app"])
        .success()
        .line()
        .to_owned();
    let bill = inspect(&t, package.as_ref(), &["--sbom"]);
    let greeting = &bill["components"][0];
    assert_eq!(greeting["version"], "2.5");
    assert_eq!(greeting["components"][0]["purl"], "pkg:generic/libgreet@3");
    assert_eq!(
        greeting["components"][0]["licenses"][0]["expression"],
        "MIT"
    );
    assert!(
        greeting["components"][0]["hashes"][0]["content"]
            .as_str()
            .is_some_and(|digest| digest.starts_with("abab"))
    );
    let wheel = &greeting["externalReferences"][0];
    assert_eq!(wheel["url"], "greeting-2.5-py3-none-any.whl");
    let digest = t
        .call(
            "sha256sum",
            [t.path("wheels/greeting-2.5-py3-none-any.whl")],
        )
        .success();
    assert!(
        digest
            .stdout()
            .starts_with(wheel["hashes"][0]["content"].as_str().expect("a digest"))
    );
}

#[test]
fn a_wheel_from_an_index_is_on_the_bill_whichever_tool_installed_it() {
    for tool in ["pip", "uv"] {
        let mut t = wheelhouse::project();
        let (_server, port) = serve(&t);
        t.unset("PIP_FIND_LINKS");
        t.unset("PIP_NO_INDEX");
        t.set(
            "PIP_INDEX_URL",
            format!("http://ali:{PASSWORD}@127.0.0.1:{port}/simple"),
        );
        t.set("PIP_CACHE_DIR", t.path("downloads/pip"));
        t.set("UV_CACHE_DIR", t.path("downloads/uv"));
        if tool == "uv" {
            t.prepend_path(&flavorpack::uv_directory());
        }
        let package = t
            .flavor(["pack", "--quiet", "--manifest", "app"])
            .success()
            .line()
            .to_owned();
        let wheel =
            &inspect(&t, package.as_ref(), &["--sbom"])["components"][0]["externalReferences"][0];
        assert_eq!(wheel["url"], "greeting-2.0-py3-none-any.whl", "{tool}");
        let digest = t
            .call(
                "sha256sum",
                [t.path("wheels/greeting-2.0-py3-none-any.whl")],
            )
            .success();
        assert!(
            digest
                .stdout()
                .starts_with(wheel["hashes"][0]["content"].as_str().expect("a digest")),
            "{tool}"
        );
    }
}

#[test]
fn the_provenance_names_sources_and_is_signed_by_the_packages_key() {
    let t = Test::new();
    t.flavor(["keygen", "--out-dir", "keys"]).success();
    t.script("true");
    t.call("git", ["init", "--quiet", "."]).success();
    let commit = [
        "-c",
        "user.name=n",
        "-c",
        "user.email=e",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "first",
    ];
    t.call("git", commit).success();
    let package = t.pack_with(&[
        "--private-key",
        "keys/flavor-private.key",
        "--compress",
        "3",
    ]);
    let statement = inspect(&t, &package, &["--provenance"]);
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    let definition = &statement["predicate"]["buildDefinition"];
    assert_eq!(definition["externalParameters"]["options"]["compress"], 3);
    let materials = definition["resolvedDependencies"]
        .as_array()
        .expect("a list");
    let head = t.call("git", ["rev-parse", "HEAD"]).success();
    let digest = |name: &str| {
        &materials
            .iter()
            .find(|one| one["name"] == name)
            .expect(name)["digest"]
    };
    assert_eq!(digest("repository")["gitCommit"], head.line());
    let manifest = t.call("sha256sum", ["pyproject.toml"]).success();
    assert!(
        manifest
            .stdout()
            .starts_with(digest("manifest")["sha256"].as_str().expect("a digest"))
    );
    let launcher = t
        .flavor(["inspect", "--json", package.to_str().expect("UTF-8")])
        .success()
        .json();
    let subject = statement["subject"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["name"] == "launcher");
    assert_eq!(
        subject.expect("the launcher")["digest"]["sha256"],
        launcher["launcher"]["sha256"]
    );

    let envelope = inspect(&t, &package, &["--provenance", "--envelope"]);
    let file = t.file("envelope.json", envelope.to_string());
    let key = t.path("keys/flavor-public.key");
    let opened = t.call(
        flavorpack::installed("python"),
        [
            "-c".as_ref(),
            OPEN.as_ref(),
            file.as_os_str(),
            key.as_os_str(),
        ],
    );
    assert_eq!(opened.success().line(), "https://slsa.dev/provenance/v1");
}

#[test]
fn licences_are_listed() {
    let t = Test::new();
    let package = hello().path.to_str().expect("UTF-8");
    let text = t.flavor(["inspect", "--licenses", package]).success();
    assert!(
        text.stdout()
            .lines()
            .any(|line| line.starts_with("click ") && line.ends_with("BSD-3-Clause")),
        "{text}"
    );
    // Said by a classifier alone.
    assert!(
        text.stdout()
            .lines()
            .any(|line| line.starts_with("mdurl ") && line.ends_with("MIT License")),
        "{text}"
    );
    let json = t
        .flavor(["inspect", "--licenses", "--json", package])
        .success()
        .json();
    assert!(names(&json["licenses"]).contains(&"rich"));
}

#[test]
fn a_start_does_not_read_the_attestation() {
    let t = Test::new();
    t.script("ls -A $FLAVOR_WORKENV; find \"$FLAVOR_CACHE_DIR\" | grep -c attestation");
    let package = t.pack();
    let run = t.call(&package, [""; 0]);
    assert!(!run.stdout().contains("_attestation"), "{run}");
    assert_eq!(run.stdout().lines().last(), Some("0"), "{run}");
}

#[test]
fn a_bill_that_a_build_writes_says_nothing_of_the_build() {
    let t = wheelhouse::project();
    let bill = r"
        import json, os, time, uuid
        bill = {
            'bomFormat': 'CycloneDX', 'specVersion': '1.5', 'serialNumber': f'urn:uuid:{uuid.uuid4()}',
            'metadata': {'timestamp': str(time.time_ns()), 'component': {'type': 'library', 'name': 'offline'}},
            'components': [{'type': 'library', 'name': 'inner', 'version': '3', 'bom-ref': f'path+file://{os.getcwd()}#3'}],
        }
        out.writestr(f'{info}/sboms/build.cdx.json', json.dumps(bill))
";
    let back_end = wheelhouse::BACKEND.replace(
        "        out.writestr(f'{info}/METADATA'",
        &format!("{bill}        out.writestr(f'{{info}}/METADATA'"),
    );
    wheelhouse::wheel(&t, "tinybackend", "2.0", &[("tinybackend.py", &back_end)]);
    let run = t
        .flavor(["pack", "--manifest", "app", "--check-reproducible"])
        .success();
    assert!(run.stderr().contains("reproducible: "), "{run}");
    t.flavor(["extract", "--quiet", run.line(), "app", "out"])
        .success();
    let said = t
        .call(
            "sh",
            [
                "-c",
                "cat out/lib/*/site-packages/offline-1.0.dist-info/sboms/build.cdx.json",
            ],
        )
        .success();
    let bill = said.json();
    assert_eq!(
        (bill.get("serialNumber"), bill["metadata"].get("timestamp")),
        (None, None),
        "{said}"
    );
    assert_eq!(bill["components"][0]["name"], "inner");
    assert!(
        !said.stdout().contains(&*t.root().to_string_lossy()),
        "{said}"
    );
    let sums = "import csv, hashlib, base64, pathlib, sys\n\
        site = next(pathlib.Path('out/lib').glob('*/site-packages'))\n\
        for name, digest, _ in csv.reader(open(site / 'offline-1.0.dist-info/RECORD')):\n    \
        if digest: assert digest == 'sha256=' + base64.urlsafe_b64encode(hashlib.sha256((site / name).read_bytes()).digest()).rstrip(b'=').decode(), name\n";
    t.call("python3", ["-c", sums]).silent();
}
