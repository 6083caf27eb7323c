//! Removes secrets from URLs: user information, tokens in queries and fragments.

/// Replaces a secret.
const HIDDEN: &str = "****";

/// Keys of a fragment that describe an archive, whose values are public.
const OPEN: &[&str] = &[
    "egg",
    "md5",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "subdirectory",
];

/// Replaces everything that may be secret in the URLs of a text by `****`: user information, and
/// values in queries and fragments.
pub fn redact(text: &str) -> String {
    each_url(text, |url| {
        let user = url.user.map(|_| HIDDEN).unwrap_or_default();
        format!(
            "{user}{}{}{}",
            url.rest,
            pairs(url.query, &hide),
            pairs(url.fragment, &hide)
        )
    })
}

/// Like [`redact`], but replaces values by short hashes, so that different values stay different.
pub fn fingerprinted(text: &str) -> String {
    let print = |value: &str| blake3::hash(value.as_bytes()).to_hex()[..8].to_owned();
    each_url(text, |url| {
        let user = url.user.map(|_| HIDDEN).unwrap_or_default();
        format!(
            "{user}{}{}{}",
            url.rest,
            pairs(url.query, &print),
            pairs(url.fragment, &print)
        )
    })
}

/// Removes everything that may be secret from the URLs of a text, which stay valid.
pub fn without_secrets(text: &str) -> String {
    each_url(text, |url| {
        let mut kept = url
            .fragment
            .trim_start_matches('#')
            .split('&')
            .filter(|part| is_open(part))
            .peekable();
        let mark = if kept.peek().is_some() { "#" } else { "" };
        format!(
            "{}{mark}{}",
            url.without_password(),
            kept.collect::<Vec<_>>().join("&")
        )
    })
}

/// Removes the user information from the URLs of a text.
pub fn without_user(text: &str) -> String {
    each_url(text, |url| {
        format!("{}{}{}", url.without_password(), url.query, url.fragment)
    })
}

/// The parts of a URL after `://`.
struct Url<'a> {
    scheme: &'a str,
    /// Without the `@`, with which [`Self::rest`] begins in that case.
    user: Option<&'a str>,
    rest: &'a str,
    /// With its `?`.
    query: &'a str,
    fragment: &'a str,
}

impl Url<'_> {
    /// Keeps a user name without a password for SSH, where it is necessary and not a secret.
    fn without_password(&self) -> String {
        match self.user {
            Some(user) if self.scheme.ends_with("ssh") && !user.contains(':') => {
                format!("{user}{}", self.rest)
            }
            Some(_) => self.rest.trim_start_matches('@').to_owned(),
            None => self.rest.to_owned(),
        }
    }
}

fn each_url(text: &str, rewritten: impl Fn(&Url) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let scheme = &before[..at];
        let scheme = &scheme[scheme
            .rfind(|c: char| !(c.is_alphanumeric() || "+-.".contains(c)))
            .map_or(0, |at| {
                at + scheme[at..].chars().next().map_or(1, char::len_utf8)
            })..];
        let ends = |c: char| c.is_whitespace() || "\"'`<>".contains(c);
        let whole = &after[..after.find(ends).unwrap_or(after.len())];
        // Another URL inside it, as in a list with commas, is handled separately.
        let other = whole.find("://").and_then(|at| {
            whole[..at].rfind(|c: char| !(c.is_alphanumeric() || "+-.".contains(c)))
        });
        let whole = other.map_or(whole, |at| &whole[..at]);
        let url = parts(scheme, whole);
        out.push_str(&rewritten(&url));
        rest = &after[whole.len()..];
    }
    out.push_str(rest);
    out
}

fn parts<'a>(scheme: &'a str, whole: &'a str) -> Url<'a> {
    // A password may contain any byte except these; the last `@` before the path ends the user
    // information.
    let authority = &whole[..whole.find(['/', ',']).unwrap_or(whole.len())];
    let mut user = authority.rfind('@');
    // A password with an unencoded `/` or `,`: what follows the `:` is not a port.
    let port = authority.rsplit_once(':').map(|(_, port)| port);
    if user.is_none()
        && port.is_some_and(|port| !port.is_empty() && !port.chars().all(|c| c.is_ascii_digit()))
    {
        user = whole.rfind('@');
    }
    let (user, rest) = user.map_or((None, whole), |at| (Some(&whole[..at]), &whole[at..]));
    let user = user.filter(|user| !user.is_empty());
    let (rest, fragment) = rest.split_at(rest.find('#').unwrap_or(rest.len()));
    let (rest, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    Url {
        scheme,
        user,
        rest,
        query,
        fragment,
    }
}

/// A query or a fragment with rewritten values, except those of [`OPEN`] keys.
fn pairs(text: &str, value: &dyn Fn(&str) -> String) -> String {
    let part = |part: &str| match part.split_once('=') {
        Some((key, secret))
            if !is_open(part.trim_start_matches(['?', '#'])) && !secret.is_empty() =>
        {
            format!("{key}={}", value(secret))
        }
        _ => part.to_owned(),
    };
    text.split('&').map(part).collect::<Vec<_>>().join("&")
}

fn is_open(part: &str) -> bool {
    part.split_once('=')
        .is_some_and(|(key, _)| OPEN.contains(&key))
}

fn hide(_: &str) -> String {
    HIDDEN.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_urls_are_hidden_and_nothing_else() {
        assert_eq!(
            redact("see https://bob:s3cret@host.example/simple and http://host/a@b, x@y"),
            "see https://****@host.example/simple and http://host/a@b, x@y"
        );
        assert_eq!(
            redact("git+ssh://git@host/x https://tok@en@host"),
            "git+ssh://****@host/x https://****@host"
        );
        assert_eq!(
            redact("http://a:1/x,https://u:p@b/y"),
            "http://a:1/x,https://****@b/y"
        );
        assert_eq!(redact("https://bob:pa/ss@host/x"), "https://****@host/x");
        assert_eq!(redact("no url"), "no url");
    }

    #[test]
    fn tokens_in_queries_and_fragments_are_hidden() {
        let url = "https://host/x-1.whl?sig=abc&v=2#sha256=00&token=t";
        assert_eq!(
            redact(url),
            "https://host/x-1.whl?sig=****&v=****#sha256=00&token=****"
        );
        assert_eq!(without_secrets(url), "https://host/x-1.whl#sha256=00");
        assert_ne!(
            fingerprinted(url),
            fingerprinted(&url.replace("v=2", "v=3"))
        );
        assert_eq!(
            without_secrets("git+ssh://git@host/x@v1"),
            "git+ssh://git@host/x@v1"
        );
        assert_eq!(
            without_secrets("git+https://tok@host/x@v1#egg=x"),
            "git+https://host/x@v1#egg=x"
        );
    }
}
