//! The page of `flavor inspect --html`, in a browser.

use std::path::Path;

use serde_json::json;

use crate::browser::tell;
use crate::fixture;
use crate::scene::Test;

fn page_of(t: &Test, package: &Path) -> std::path::PathBuf {
    let page = t.path("sizes.html");
    let run = t
        .flavor([
            "inspect".as_ref(),
            "--html".as_ref(),
            page.as_os_str(),
            package.as_os_str(),
        ])
        .silent();
    assert_eq!(run.line(), page.to_str().expect("text"));
    page
}

#[test]
fn a_click_goes_into_a_slot_and_shows_its_size() {
    let t = Test::new();
    let package = &fixture::hello().path;
    let json = t
        .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
        .silent()
        .json();
    let slot = json["slots"]
        .as_array()
        .expect("slots")
        .iter()
        .find(|slot| slot["name"] == "deps")
        .expect("deps");
    let rich: u64 = json["files"]
        .as_array()
        .expect("files")
        .iter()
        .filter(|file| {
            file["slot"] == "deps"
                && file["path"]
                    .as_str()
                    .is_some_and(|path| path.contains("/rich/"))
        })
        .filter_map(|file| file["stored"].as_u64())
        .sum();
    let number = |name: &str| json!({ "read": format!("Number(document.querySelector('#detail').dataset.{name})") });
    let crumbs = json!({ "read": "[...document.querySelectorAll('#crumbs button')].map(each => each.textContent)" });
    let told = tell(
        &t,
        &page_of(&t, package),
        &json!([
            number("stored"),
            { "click": "[data-path='deps']" },
            crumbs,
            { "read": "document.querySelector('#here').textContent" },
            { "hover": "#search" },
            number("stored"),
            number("files"),
            { "read": "document.querySelector('#detail').textContent" },
            // From lib to one package; the pointer leaves the map, so that the whole of it is told.
            { "click": "[data-path='deps/lib']" },
            { "click": "[data-path='deps/lib/python3.13']" },
            { "click": "[data-path='deps/lib/python3.13/site-packages']" },
            { "click": "[data-path='deps/lib/python3.13/site-packages/rich']" },
            { "hover": "#search" },
            { "read": "document.querySelector('#detail b').textContent" },
            number("stored"),
            // Back by the crumbs.
            { "click": "#crumbs button" },
            crumbs,
        ]),
    );
    let name = json["package_metadata"]["name"].clone();
    assert_eq!(told.read[0], json["size"], "the whole package");
    assert_eq!(told.read[1], json!([name, "deps"]));
    assert_eq!(told.read[2], "In hello/deps");
    assert_eq!(told.read[3], slot["size"]);
    assert_eq!(told.read[4], slot["files"]);
    let said = told.read[5].as_str().expect("text");
    assert!(
        said.starts_with("deps: ") && said.contains(" MB in the package"),
        "{said}"
    );
    assert_eq!(told.read[6], "deps/lib/python3.13/site-packages/rich");
    // Directories have a few bytes of their own.
    let shown = told.read[7].as_u64().expect("a number");
    assert!(
        shown >= rich - 100 && shown <= rich + 100,
        "{shown}, {rich}"
    );
    assert_eq!(told.read[8], json!([name]));
}

#[test]
fn what_is_searched_for_is_marked() {
    let t = Test::new();
    let told = tell(
        &t,
        &page_of(&t, &fixture::hello().path),
        &json!([
            { "click": "#search" },
            { "type": "site-packages/rich/console" },
            { "read": "document.querySelector('#found').textContent" },
            { "read": "document.querySelector(\"[data-path='deps']\").className.includes('hit')" },
            { "read": "document.querySelector(\"[data-path='runtime']\").className.includes('miss')" },
        ]),
    );
    let found = told.read[0].as_str().expect("text");
    // The source and its bytecode are in different directories.
    assert!(found.starts_with("1 found, "), "{found}");
    assert_eq!(told.read[1..], [json!(true), json!(true)]);
}

#[test]
fn names_in_a_package_stay_text_in_the_page() {
    let t = Test::new();
    t.file("tree/a", "x".repeat(5000));
    t.file(
        "tree/<img src=x onerror=document.title='mine'>",
        "y".repeat(5000),
    );
    t.file(
        "tree/<script>document.title='mine'</script>",
        "z".repeat(5000),
    );
    t.manifest(
        r#"
[project]
name = "names"
version = "1.0.0"
[tool.flavor.execution]
command = ["{workenv}/tree/a"]
[[tool.flavor.slots.entries]]
name = "tree"
source = "tree"
"#,
    );
    let package = t.pack();
    let told = tell(
        &t,
        &page_of(&t, &package),
        &json!([
            { "click": "[data-path='tree']" },
            { "read": "document.title" },
            { "read": "document.querySelectorAll('img').length" },
            { "read": "[...document.querySelectorAll('#children td:last-child')].map(each => each.textContent).sort()" },
        ]),
    );
    assert_eq!(told.read[0], "flavor: sizes");
    assert_eq!(told.read[1], 0);
    let names = [
        "<img src=x onerror=document.title='mine'>",
        "<script>document.title='mine'</",
        "a",
    ];
    assert_eq!(told.read[2], json!(names));
}

#[test]
fn a_page_that_cannot_be_written_is_named() {
    let t = Test::new();
    let package = t.copy(&fixture::tool().path, "tool.psp");
    snapshot!(t.flavor(["inspect".as_ref(), "--html".as_ref(), "no/such/page.html".as_ref(), package.as_os_str()]), @"
    exit: 1
    --- stderr
    error[FLV0901]: cannot write `no/such/page.html`
      No such file or directory (os error 2)
    ");
}
