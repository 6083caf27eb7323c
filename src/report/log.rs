use std::env;
use std::io;

use tracing::level_filters::LevelFilter;

/// Who asks for logs, first one wins. `FOUNDATION_LOG_LEVEL` is FlavorPack's older name.
const VARIABLES: [&str; 3] = ["FLAVOR_LOG_LEVEL", "FOUNDATION_LOG_LEVEL", "RUST_LOG"];

/// Sends log events to stderr, one a line, when the environment asks for them; otherwise nothing is set up at all.
///
/// `default` applies when no variable is set; `None` means silence.
pub fn init(default: Option<LevelFilter>) {
    let asked = VARIABLES.iter().find_map(|name| env::var_os(name)).map(|value| level(&value.to_string_lossy()));
    let Some(level) = asked.or(default).filter(|level| *level != LevelFilter::OFF) else { return };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .finish();
    // Only a second call could fail, and there is none.
    drop(tracing::subscriber::set_global_default(subscriber));
}

/// Reads a level. Of `RUST_LOG`'s directives the one for `flavor` counts, else the bare one; an unknown word means info,
/// because whoever set the variable wants to see something.
fn level(text: &str) -> LevelFilter {
    let directives = || text.split(',').map(str::trim);
    let ours = directives().find_map(|directive| directive.strip_prefix("flavor="));
    let Some(word) = ours.or_else(|| directives().find(|directive| !directive.contains('='))) else {
        return LevelFilter::OFF;
    };
    match word.to_ascii_lowercase().as_str() {
        "off" | "none" | "" => LevelFilter::OFF,
        "error" => LevelFilter::ERROR,
        "warn" | "warning" => LevelFilter::WARN,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        _ => LevelFilter::INFO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_from_words_and_directives() {
        assert_eq!(level("debug"), LevelFilter::DEBUG);
        assert_eq!(level("WARN"), LevelFilter::WARN);
        assert_eq!(level("hyper=trace,flavor=debug"), LevelFilter::DEBUG);
        assert_eq!(level("hyper=trace"), LevelFilter::OFF);
        assert_eq!(level("loud"), LevelFilter::INFO);
    }
}
