use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::address::{DEFAULT_INDEX, file_url};
use super::error::{Error, Result};
use super::named::IndexSource;
use super::request::InstallRequest;
use super::tool::Tool;
use crate::python::command::{redact, without_user};

/// The sources of distributions: options, then the environment variables of pip and uv.
///
/// Lists are merged. Of single values the option takes precedence, then uv's variable, then pip's,
/// whichever tool runs.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// Absolute paths, or URLs.
    pub(super) find_links: Vec<String>,
    pub(super) url: Option<String>,
    pub(super) extra_urls: Vec<String>,
    /// Find-links only.
    pub(super) find_links_only: bool,
    pub(super) offline: bool,
    certificate: Option<PathBuf>,
    pub(super) insecure_hosts: Vec<String>,
    constraints: Vec<String>,
    /// Indexes of the project that are passed to uv, in search order.
    ordered: Vec<String>,
    /// Those searched after the default index.
    last: Vec<String>,
}

/// Every variable that [`Index::new`] reads and [`Index::apply`] translates for the tool that runs.
const VARIABLES: &[&str] = &[
    "PIP_CERT",
    "PIP_CONSTRAINT",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "PIP_NO_INDEX",
    "PIP_TRUSTED_HOST",
    "UV_CONSTRAINT",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_INSECURE_HOST",
    "UV_NO_INDEX",
    "UV_OFFLINE",
];

/// Read too, but left set: other programs that the tool starts use it.
const CERTIFICATE: &str = "SSL_CERT_FILE";

/// Every variable that determines the sources of distributions.
pub fn installer_variables() -> impl Iterator<Item = &'static str> {
    VARIABLES.iter().copied().chain([CERTIFICATE])
}

impl Index {
    pub(super) fn new(request: &InstallRequest) -> Self {
        Self::from_environment(request, |name| env::var(name).ok())
    }

    fn from_environment(
        request: &InstallRequest,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let value = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let first = |names: &[&str]| names.iter().find_map(|name| value(name));
        let truth = |name: &str| value(name).is_some_and(|value| is_true(&value));
        let words = |name: &str| -> Vec<String> {
            value(name)
                .map(|value| value.split_whitespace().map(ToOwned::to_owned).collect())
                .unwrap_or_default()
        };

        let mut find_links = request.find_links.clone();
        // uv separates by commas; pip by white space.
        let by_comma = value("UV_FIND_LINKS").unwrap_or_default();
        find_links.extend(
            by_comma
                .split(',')
                .map(|link| link.trim().to_owned())
                .filter(|link| !link.is_empty()),
        );
        find_links.extend(words("PIP_FIND_LINKS"));

        let mut extra_urls = request.extra_index_urls.clone();
        for name in ["UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"] {
            extra_urls.extend(words(name));
        }
        let mut insecure_hosts = words("UV_INSECURE_HOST");
        insecure_hosts.extend(words("PIP_TRUSTED_HOST"));
        let mut constraints = words("UV_CONSTRAINT");
        constraints.extend(words("PIP_CONSTRAINT"));
        let named = &request.named;
        for index in &named.merged {
            if index.flat {
                &mut find_links
            } else {
                &mut extra_urls
            }
            .push(index.url.clone());
        }
        find_links.extend(
            named
                .ordered
                .iter()
                .filter(|index| index.flat)
                .map(|index| index.url.clone()),
        );
        // The user's options take precedence over the project's settings.
        let of_project = named
            .default
            .as_ref()
            .filter(|index| !index.flat)
            .map(|index| index.url.clone());
        let told = |indexes: &[IndexSource]| -> Vec<String> {
            let indexes = indexes
                .iter()
                .filter(|index| !index.flat && !named.known_to_uv);
            indexes
                .map(|index| {
                    index
                        .name
                        .as_ref()
                        .map_or_else(|| index.url.clone(), |name| format!("{name}={}", index.url))
                })
                .collect()
        };
        Self {
            ordered: told(&named.ordered),
            last: told(&named.last),
            find_links: unique(find_links.iter().map(|link| absolute(link))),
            url: request
                .index_url
                .clone()
                .or_else(|| first(&["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"]))
                .or(of_project),
            extra_urls: unique(extra_urls.into_iter()),
            find_links_only: truth("UV_NO_INDEX") || truth("PIP_NO_INDEX"),
            offline: request.offline || truth("UV_OFFLINE"),
            certificate: first(&["PIP_CERT", CERTIFICATE]).map(PathBuf::from),
            insecure_hosts: unique(insecure_hosts.into_iter()),
            constraints: unique(constraints.iter().map(|file| absolute(file))),
        }
    }

    /// Rejects an invalid index in an option. Variables are not checked: they are for other
    /// programs, too.
    pub(super) fn check(request: &InstallRequest) -> Result<()> {
        let is_there = |link: &String| is_url(link) || Path::new(&absolute(link)).exists();
        if let Some(link) = request.find_links.iter().find(|link| !is_there(link)) {
            return Err(Error::NoFindLinks { path: link.into() });
        }
        // uv gives indexes names: `mine=https://…`.
        let named = |index: &String| index.split_once('=').is_some_and(|(_, url)| is_url(url));
        let indexes = request.index_url.iter().chain(&request.extra_index_urls);
        match { indexes }.find(|index| !is_there(index) && !named(index)) {
            Some(index) => Err(Error::NotAnIndex {
                index: redact(index),
            }),
            None => Ok(()),
        }
    }

    /// The same, but only this index is used.
    pub(super) fn only(&self, index: &IndexSource) -> Self {
        let (find_links, url) = if index.flat {
            (vec![index.url.clone()], None)
        } else {
            (Vec::new(), Some(index.url.clone()))
        };
        Self {
            find_links,
            url,
            extra_urls: Vec::new(),
            ordered: Vec::new(),
            last: Vec::new(),
            find_links_only: index.flat,
            ..self.clone()
        }
    }

    /// An index as written by the user, possibly with credentials, which lock files and manifests
    /// lack.
    pub(super) fn known_as(&self, index: &IndexSource) -> IndexSource {
        let plain = |url: &str| without_user(url).trim_end_matches('/').to_owned();
        let urls = self.url.iter().chain(&self.extra_urls).map(|url| {
            url.split_once('=')
                .filter(|(name, _)| !name.contains(':'))
                .map_or(&**url, |(_, url)| url)
        });
        let same = { urls }.find(|url| plain(url) == plain(&index.url));
        IndexSource {
            url: same.map_or_else(|| index.url.clone(), ToOwned::to_owned),
            ..index.clone()
        }
    }

    /// Directories in variables that do not exist.
    pub(super) fn missing_links(&self) -> impl Iterator<Item = PathBuf> {
        let is_missing = |link: &&String| !is_url(link) && !Path::new(link).exists();
        self.find_links.iter().filter(is_missing).map(PathBuf::from)
    }

    /// Whether [`Self::new`] reads the variable.
    pub(super) fn reads(variable: &str) -> bool {
        VARIABLES.contains(&variable)
    }

    pub(super) fn constraint_files(&self) -> impl Iterator<Item = PathBuf> {
        self.constraints.iter().map(PathBuf::from)
    }

    /// Whether the network must not be used.
    pub(super) fn closed(&self) -> bool {
        self.offline || self.find_links_only
    }

    /// Find-links for a list in a variable.
    fn present_links(&self, tool: Tool) -> Vec<String> {
        let mut found = Vec::new();
        for link in &self.find_links {
            // pip ignores a missing directory; uv would fail.
            if tool == Tool::Uv && !is_url(link) && !Path::new(link).exists() {
                tracing::debug!(path = %link, "find-links directory does not exist");
            } else if is_url(link) || !link.contains([' ', '\t', ',']) {
                found.push(link.clone());
            } else {
                found.push(file_url(Path::new(link)));
            }
        }
        found
    }

    /// Passes all this to the tool. URLs go through its environment, because command lines are
    /// visible to all users.
    pub(super) fn apply(&self, tool: Tool, command: &mut Command) {
        for name in VARIABLES {
            command.env_remove(name);
        }
        let (links, url, extra, certificate, hosts, constraints) = match tool {
            Tool::Uv => (
                "UV_FIND_LINKS",
                "UV_DEFAULT_INDEX",
                "UV_INDEX",
                CERTIFICATE,
                "UV_INSECURE_HOST",
                "UV_CONSTRAINT",
            ),
            Tool::Pip => {
                let [links, url, extra] =
                    ["PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"];
                (
                    links,
                    url,
                    extra,
                    "PIP_CERT",
                    "PIP_TRUSTED_HOST",
                    "PIP_CONSTRAINT",
                )
            }
        };
        let find_links = self.present_links(tool);
        if !find_links.is_empty() {
            command.env(
                links,
                find_links.join(if tool == Tool::Uv { "," } else { " " }),
            );
        }
        // `name=https://…` is specific to uv; pip does not support names.
        let plain = |url: &String| match (tool, url.split_once('=')) {
            (Tool::Pip, Some((name, rest))) if !name.contains(':') => rest.to_owned(),
            _ => url.clone(),
        };
        let mut extra_urls: Vec<String> = self.extra_urls.iter().map(plain).collect();
        let mut default = self.url.clone();
        if tool == Tool::Uv {
            extra_urls.extend(self.ordered.iter().cloned());
            // uv searches the default index last.
            if let Some((last, others)) = self.last.split_last() {
                extra_urls.push(default.unwrap_or_else(|| DEFAULT_INDEX.to_owned()));
                extra_urls.extend(others.iter().cloned());
                default = Some(last.clone());
            }
        }
        for (name, values) in [
            (extra, &extra_urls),
            (hosts, &self.insecure_hosts),
            (constraints, &self.constraints),
        ] {
            if !values.is_empty() {
                command.env(name, values.join(" "));
            }
        }
        if let Some(value) = &default {
            command.env(url, plain(value));
        }
        if let Some(path) = &self.certificate {
            command.env(certificate, path);
        }
        match tool {
            Tool::Uv if self.offline => {
                command.arg("--offline");
            }
            Tool::Pip if self.offline => {
                command.arg("--no-index");
            }
            _ => {}
        }
        if self.find_links_only && !(tool == Tool::Pip && self.offline) {
            command.arg("--no-index");
        }
    }
}

fn is_true(value: &str) -> bool {
    matches!(
        value.trim().to_ascii_lowercase().as_str(),
        "1" | "true" | "yes" | "on" | "y" | "t"
    )
}

fn is_url(link: &str) -> bool {
    link.contains("://") || link.starts_with("file:")
}

fn absolute(link: &str) -> String {
    if is_url(link) {
        return link.to_owned();
    }
    let expanded = link
        .strip_prefix("~/")
        .and_then(|rest| Some(PathBuf::from(env::var_os("HOME")?).join(rest)));
    let path = expanded.unwrap_or_else(|| PathBuf::from(link));
    std::path::absolute(&path)
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned()
}

/// Without duplicates, in the order of first appearance.
fn unique(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept = Vec::new();
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Index {
        let request = InstallRequest {
            find_links: vec!["wheels".to_owned()],
            ..InstallRequest::new(Path::new("/work"))
        };
        Index::from_environment(&request, |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    fn told(index: &Index, tool: Tool) -> (Vec<String>, Vec<(String, String)>) {
        let mut command = Command::new("tool");
        index.apply(tool, &mut command);
        let arguments = command
            .get_args()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect();
        let text = |value: &std::ffi::OsStr| value.to_string_lossy().into_owned();
        (
            arguments,
            command
                .get_envs()
                .filter_map(|(name, value)| Some((text(name), text(value?))))
                .collect(),
        )
    }

    #[test]
    fn pips_variables_reach_uv() {
        let index = environment(&[
            ("PIP_FIND_LINKS", "/ https://host/links"),
            ("PIP_INDEX_URL", "https://u:p@host/simple"),
            ("PIP_EXTRA_INDEX_URL", "https://a/ https://b/"),
            ("PIP_NO_INDEX", "true"),
            ("PIP_CERT", "/ca.pem"),
        ]);
        let (arguments, variables) = told(&index, Tool::Uv);
        assert_eq!(arguments, ["--no-index"]);
        let has =
            |name: &str, value: &str| variables.contains(&(name.to_owned(), value.to_owned()));
        assert!(has("UV_FIND_LINKS", "/,https://host/links"));
        assert!(has("UV_DEFAULT_INDEX", "https://u:p@host/simple"));
        assert!(has("UV_INDEX", "https://a/ https://b/"));
        assert!(has("SSL_CERT_FILE", "/ca.pem"));
    }

    #[test]
    fn uvs_variables_reach_pip() {
        let index = environment(&[
            ("UV_FIND_LINKS", "/one two,/three"),
            ("UV_INDEX", "mine=https://a/?x=1"),
            ("UV_INDEX_URL", "https://host/simple"),
            ("PIP_INDEX_URL", "https://other/simple"),
            ("UV_OFFLINE", "1"),
        ]);
        let (arguments, variables) = told(&index, Tool::Pip);
        assert_eq!(arguments, ["--no-index"]);
        let links = variables
            .iter()
            .find(|(name, _)| name == "PIP_FIND_LINKS")
            .map(|(_, links)| links.as_str());
        let links: Vec<&str> = links.unwrap_or_default().split(' ').collect();
        assert_eq!(links[1..], ["file:///one%20two", "/three"]);
        assert!(
            Path::new(links[0]).is_absolute() && links[0].ends_with("/wheels"),
            "{links:?}"
        );
        assert!(
            variables.contains(&("PIP_INDEX_URL".to_owned(), "https://host/simple".to_owned()))
        );
        assert!(variables.contains(&(
            "PIP_EXTRA_INDEX_URL".to_owned(),
            "https://a/?x=1".to_owned()
        )));
    }

    #[test]
    fn an_empty_or_false_variable_says_nothing() {
        let index = environment(&[
            ("PIP_NO_INDEX", "0"),
            ("UV_OFFLINE", ""),
            ("PIP_INDEX_URL", " "),
        ]);
        assert!(!index.closed());
        assert!(index.url.is_none());
    }
}
