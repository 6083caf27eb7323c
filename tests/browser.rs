//! Pages in a real browser.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::flavorpack::installed;
use crate::scene::{Test, start};

/// What came of a story in the browser.
pub(crate) struct Told {
    pub(crate) read: Vec<Value>,
}

/// Opens a page in headless Chromium and does what the story tells; the page may not ask for anything or complain.
#[track_caller]
pub(crate) fn tell(t: &Test, page: &Path, story: &Value) -> Told {
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/drive.py");
    let mut command = t.command(installed("python"));
    command
        .arg(driver)
        .arg(page)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = start(&mut command);
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(story.to_string().as_bytes())
        .expect("told");
    let output = child.wait_with_output().expect("its end");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["requests"], json!([]), "the page asks for something");
    assert_eq!(told["complaints"], json!([]), "the page complains");
    Told {
        read: told["read"].as_array().expect("a list").clone(),
    }
}
