//! The scenery of a test: a directory of its own, a home and a cache in it, and commands that see nothing else.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{interpreter, machine};

/// The program under test.
pub(crate) const FLAVOR: &str = env!("CARGO_BIN_EXE_flavor");

/// Longer than anything takes; a hang becomes a failure.
const PATIENCE: Duration = Duration::from_mins(5);

/// A directory of its own with a home and a cache.
pub(crate) struct Test {
    root: Root,
    variables: BTreeMap<OsString, OsString>,
}

enum Root {
    Own(TempDir),
    Given(PathBuf),
}

impl Test {
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new()
            .prefix("flavor-test-")
            .tempdir()
            .expect("a temporary directory");
        Self::with_root(Root::Own(root))
    }

    /// Scenery at a place that outlives the test.
    pub(crate) fn at(directory: &Path) -> Self {
        std::fs::create_dir_all(directory).expect("a directory for the scenery");
        Self::with_root(Root::Given(directory.into()))
    }

    fn with_root(root: Root) -> Self {
        machine::prepare();
        let mut test = Self {
            root,
            variables: caller_variables(),
        };
        for name in ["home", "cache"] {
            std::fs::create_dir_all(test.path(name)).expect("a directory");
        }
        let (home, cache) = (test.path("home"), test.path("cache"));
        test.set("HOME", home);
        test.set("FLAVOR_CACHE_DIR", cache);
        // Interpreters and downloads are read-only for a test; everything else of the caller's home is out of reach.
        test.set("PYENV_ROOT", interpreter::pyenv_root());
        test.set(
            "PIP_CACHE_DIR",
            crate::fixture::download_cache().join("pip"),
        );
        test.set("UV_CACHE_DIR", crate::fixture::download_cache().join("uv"));
        test
    }

    /// Sets a variable for every command that follows.
    pub(crate) fn set(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
        self.variables
            .insert(name.as_ref().into(), value.as_ref().into());
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.remove(OsStr::new(name));
    }

    /// Puts a directory in front of PATH.
    pub(crate) fn prepend_path(&mut self, directory: &Path) {
        let path = self
            .variables
            .get(OsStr::new("PATH"))
            .cloned()
            .unwrap_or_default();
        let mut all = vec![directory.to_path_buf()];
        all.extend(std::env::split_paths(&path));
        self.set("PATH", std::env::join_paths(all).expect("a path list"));
    }

    pub(crate) fn root(&self) -> &Path {
        match &self.root {
            Root::Own(directory) => directory.path(),
            Root::Given(path) => path,
        }
    }

    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root().join(relative)
    }

    /// Writes a file, with its directories.
    pub(crate) fn file(&self, relative: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        std::fs::write(&path, content).expect("a file");
        path
    }

    pub(crate) fn executable(&self, relative: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(relative, content);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("mode");
        path
    }

    /// Writes the manifest of the project in the test's directory.
    pub(crate) fn manifest(&self, text: &str) -> &Self {
        self.file("pyproject.toml", text);
        self
    }

    /// A project without Python whose program is a shell script.
    pub(crate) fn script(&self, text: &str) -> &Self {
        self.file("probe.sh", format!("#!/bin/sh\n{text}\n"));
        self.manifest(PROBE)
    }

    /// Packs the project in the test's directory and returns the package.
    pub(crate) fn pack(&self) -> PathBuf {
        self.pack_with::<&str>(&[])
    }

    pub(crate) fn pack_with<A: AsRef<OsStr>>(&self, options: &[A]) -> PathBuf {
        let mut arguments: Vec<OsString> = vec!["pack".into(), "--quiet".into()];
        arguments.extend(options.iter().map(|option| option.as_ref().to_owned()));
        self.path(self.flavor(arguments).success().line())
            .canonicalize()
            .expect("the package")
    }

    /// Runs `flavor` in the test's directory.
    pub(crate) fn flavor<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        let mut command = self.command(FLAVOR);
        command.args(arguments);
        self.run(&mut command)
    }

    /// Runs any program in the test's directory.
    pub(crate) fn call<A: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Run {
        let mut command = self.command(program);
        command.args(arguments);
        self.run(&mut command)
    }

    /// A command with the test's surroundings, not yet started.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.root())
            .env_clear()
            .envs(&self.variables)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, command: &mut Command) -> Run {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = start(command);
        let (pid, words) = (child.id(), format!("{command:?}"));
        let output = wait(child, &words);
        Run {
            pid,
            status: output.0,
            stdout: output.1,
            stderr: output.2,
            root: self.root().into(),
            words,
        }
    }

    /// A copy that this process has never had open for writing: a program open for writing does not start.
    pub(crate) fn copy(&self, from: &Path, relative: &str) -> PathBuf {
        let to = self.path(relative);
        std::fs::create_dir_all(to.parent().expect("a parent")).expect("directories");
        self.call("cp", [from, &to]).success();
        to
    }

    /// Every path below a directory with what it is: mode, size and times, so that any change shows.
    pub(crate) fn listing(&self, relative: &str) -> String {
        let format = "%P %y %m %s %T@ %C@ %l\\n";
        let run = self
            .call(
                "find",
                [
                    self.path(relative).as_os_str(),
                    "-printf".as_ref(),
                    format.as_ref(),
                ],
            )
            .success();
        let mut lines: Vec<&str> = run.stdout().lines().collect();
        lines.sort_unstable();
        lines.join("\n")
    }

    /// Names of the files below a directory.
    pub(crate) fn names(&self, relative: &str) -> Vec<String> {
        let mut names = Vec::new();
        let mut directories = vec![PathBuf::from(relative)];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(self.path(&directory)).expect("a directory") {
                let entry = entry.expect("an entry");
                let name = directory.join(entry.file_name());
                names.push(
                    name.strip_prefix(relative)
                        .expect("below")
                        .to_string_lossy()
                        .into_owned(),
                );
                if entry.file_type().expect("its type").is_dir() {
                    directories.push(name);
                }
            }
        }
        names.sort_unstable();
        names
    }
}

/// The manifest of [`Test::script`].
pub(crate) const PROBE: &str = r#"
[project]
name = "probe"
version = "1.0.0"

[tool.flavor.execution]
command = ["{workenv}/bin/probe"]

[[tool.flavor.slots.entries]]
name = "script"
source = "probe.sh"
operations = ["raw"]
target = "bin/probe"
permissions = "0755"
"#;

/// What a finished program left.
pub(crate) struct Run {
    /// Of the process that was started.
    pub(crate) pid: u32,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    root: PathBuf,
    words: String,
}

impl Run {
    /// Fails the test unless the program did well.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        assert!(
            self.status.success(),
            "{} did not do well\n{self}",
            self.words
        );
        self
    }

    /// Fails the test unless the program ended with this code.
    #[track_caller]
    pub(crate) fn fails_with(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "{}\n{self}", self.words);
        self
    }

    /// Fails the test unless the program did well and said nothing on stderr.
    #[track_caller]
    pub(crate) fn silent(self) -> Self {
        let run = self.success();
        assert_eq!(run.stderr(), "", "{} was not silent", run.words);
        run
    }

    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub(crate) fn stdout(&self) -> &str {
        str::from_utf8(&self.stdout).expect("UTF-8 on stdout")
    }

    pub(crate) fn stderr(&self) -> &str {
        str::from_utf8(&self.stderr).expect("UTF-8 on stderr")
    }

    /// The only line on stdout.
    #[track_caller]
    pub(crate) fn line(&self) -> &str {
        let text = self.stdout();
        let line = text.strip_suffix('\n').unwrap_or(text);
        assert!(
            !line.is_empty() && !line.contains('\n'),
            "not one line on stdout\n{self}"
        );
        line
    }

    /// JSON on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }

    /// What differs from one machine and one run to the next.
    pub(crate) fn filters() -> insta::Settings {
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        // Whose key it is depends on which test came first.
        settings.add_filter(r"made your signing key in .*\n", "");
        settings.add_filter(r"[0-9.]+(µs|ms|s)\b", "[TIME]");
        settings.add_filter(r"\b[0-9]+(\.[0-9]+)? (B|kB|MB|GB)\b", "[SIZE]");
        // The blanks that align it depend on the number.
        settings.add_filter(r"  +\[SIZE\]", "  [SIZE]");
        settings.add_filter(r"\b[0-9]{6,}\b", "[NUMBER]");
        settings.add_filter(r"(sha256:|blake3:)?\b[0-9a-f]{16,}\b", "[DIGEST]");
        settings.add_filter(r"with \d+ jobs?", "with [N] jobs");
        settings.add_filter(
            r"checksum 0x[0-9a-f]+; expected 0x[0-9a-f]+",
            "checksum [SUM]; expected [SUM]",
        );
        settings.add_filter(r"\d+ bytes long", "[NUMBER] bytes long");
        settings
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => write!(f, "exit: {code}")?,
            (None, signal) => write!(f, "signal: {}", signal.unwrap_or(0))?,
        }
        for (name, bytes) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !bytes.is_empty() {
                let text = String::from_utf8_lossy(bytes);
                let text = text.replace(&*self.root.to_string_lossy(), "[ROOT]");
                write!(f, "\n--- {name}\n{}", text.trim_end_matches('\n'))?;
            }
        }
        Ok(())
    }
}

/// Compares what a program said with the text in the source, paths, sizes, durations and digests apart.
macro_rules! snapshot {
    ($run:expr, @$text:literal) => {{
        let run = &$run;
        $crate::scene::Run::filters().bind(|| insta::assert_snapshot!(run.to_string(), @$text));
    }};
}

/// Starts a program. While another thread forks, a file this process has just written may still be open for writing in
/// that child, and the kernel refuses to start it; that is over within moments.
pub(crate) fn start(command: &mut Command) -> Child {
    let mut attempts = 0;
    loop {
        match command.spawn() {
            Err(error)
                if error.kind() == std::io::ErrorKind::ExecutableFileBusy && attempts < 100 =>
            {
                attempts += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            other => {
                return other.unwrap_or_else(|error| {
                    panic!("cannot start {command:?}: {error}; tests/setup/run says what this machine lacks")
                });
            }
        }
    }
}

/// Waits for a child and collects what it says, with a limit.
fn wait(child: Child, words: &str) -> (ExitStatus, Vec<u8>, Vec<u8>) {
    let pid = child.id();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(PATIENCE) else {
        drop(Command::new("kill").args(["-9", &pid.to_string()]).status());
        panic!("{words} did not end within {PATIENCE:?}");
    };
    let output = output.expect("output of a child");
    (output.status, output.stdout, output.stderr)
}

/// Waits until something holds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_mins(1), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The caller's variables without those that lead to a home, a cache or another way of working.
fn caller_variables() -> BTreeMap<OsString, OsString> {
    let dropped = [
        "HOME",
        "RUST_LOG",
        "RUST_BACKTRACE",
        "CI",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "COLUMNS",
        "GITHUB_ACTIONS",
        "NO_COLOR",
        "UV",
        "VIRTUAL_ENV",
        "SOURCE_DATE_EPOCH",
        "LD_LIBRARY_PATH",
    ];
    let prefixes = [
        "XDG_",
        "FLAVOR_",
        "FOUNDATION_",
        "PYTHON",
        "CARGO",
        "INSTA_",
        "UV_PYTHON",
    ];
    std::env::vars_os()
        .filter(|(name, _)| {
            let name = name.to_string_lossy();
            !dropped.contains(&&*name) && !prefixes.iter().any(|prefix| name.starts_with(prefix))
        })
        .collect()
}
