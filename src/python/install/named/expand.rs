//! URLs and paths relative to the project.

use std::env;
use std::path::{Path, PathBuf};

use percent_encoding::{percent_decode_str, utf8_percent_encode};

use crate::python::install::address::{IN_PATHS, file_url};

/// Expands the fields of Hatch and PDM in a URL: `{root:uri}`, `{root:parent:uri}`, `{home}`,
/// `{env:NAME}`, `${PROJECT_ROOT}`, `${NAME}`.
pub(in super::super) fn expanded(address: &str, project: &Path) -> String {
    let mut out = String::new();
    let mut rest = address;
    while let Some(begin) = rest.find('{') {
        let Some(length) = rest[begin..].find('}') else {
            break;
        };
        let (before, field) = (&rest[..begin], &rest[begin + 1..begin + length]);
        let of_shell = before.ends_with('$');
        let value = if of_shell {
            variable(field, project)
        } else {
            hatch_field(field, project)
        };
        if let Some(value) = value {
            out.push_str(if of_shell {
                &before[..before.len() - 1]
            } else {
                before
            });
            out.push_str(&value);
        } else {
            out.push_str(&rest[..=begin + length]);
        }
        rest = &rest[begin + length + 1..];
    }
    out + rest
}

/// `${NAME}`, as in PDM and installers.
fn variable(name: &str, project: &Path) -> Option<String> {
    match name {
        "PROJECT_ROOT" => {
            Some(utf8_percent_encode(&project.to_string_lossy(), IN_PATHS).to_string())
        }
        _ => env::var(name).ok(),
    }
}

/// A field of Hatch's context formatting.
fn hatch_field(field: &str, project: &Path) -> Option<String> {
    let mut parts = field.split(':');
    let mut path = match parts.next()? {
        "root" => project.to_path_buf(),
        "home" => PathBuf::from(env::var_os("HOME")?),
        "env" => {
            let name = parts.next()?;
            return env::var(name)
                .ok()
                .or_else(|| parts.next().map(ToOwned::to_owned));
        }
        _ => return None,
    };
    let mut as_uri = false;
    for part in parts {
        match part {
            "parent" => path = path.parent()?.to_path_buf(),
            "real" => path = path.canonicalize().unwrap_or(path),
            "uri" => as_uri = true,
            _ => return None,
        }
    }
    Some(if as_uri {
        file_url(&path)
    } else {
        path.display().to_string()
    })
}

/// The path in a local URL: `file:///x`, `file:x`, `/x`, `./x`, `../x`.
pub(super) fn local(address: &str, directory: &Path) -> Option<PathBuf> {
    let path = match address.strip_prefix("file:") {
        Some(rest) => {
            let rest = rest
                .strip_prefix("//localhost")
                .or_else(|| rest.strip_prefix("//"))
                .unwrap_or(rest);
            let rest = rest.split(['#', '?']).next().unwrap_or(rest);
            percent_decode_str(rest).decode_utf8_lossy().into_owned()
        }
        None if address.starts_with(['/', '.']) => address.to_owned(),
        None => return None,
    };
    let path = directory.join(path);
    Some(path.canonicalize().unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_hatch_and_pdm_are_filled_in() {
        let project = Path::new("/a b/c");
        for (address, wanted) in [
            ("{root:uri}/lib", "file:///a%20b/c/lib"),
            ("{root:parent:uri}/lib", "file:///a%20b/lib"),
            ("file://{root:parent}/lib", "file:///a b/lib"),
            ("file:///${PROJECT_ROOT}/../lib", "file:////a%20b/c/../lib"),
            ("https://host/{what}/{root", "https://host/{what}/{root"),
            ("{env:SURELY_NOT_SET:x}/y", "x/y"),
        ] {
            assert_eq!(expanded(address, project), wanted, "{address}");
        }
    }

    #[test]
    fn addresses_on_this_machine_are_paths() {
        let directory = Path::new("/nowhere/p");
        assert_eq!(local("file:///x%20y", directory), Some("/x y".into()));
        assert_eq!(
            local("file:lib#egg=lib", directory),
            Some("/nowhere/p/lib".into())
        );
        assert_eq!(local("https://host/x", directory), None);
    }
}
