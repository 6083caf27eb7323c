use super::{CacheLimits, Config, ConfigError};

fn config(text: &str) -> Config {
    Config::parse(text, "config.toml".into()).expect("TOML")
}

#[test]
fn limits_have_defaults_and_refuse_nonsense() {
    assert_eq!(
        config("").cache_limits().expect("defaults"),
        CacheLimits::default()
    );
    let limits = CacheLimits {
        max_size: None,
        retain: 1,
    };
    for text in [
        "[cache]\nmax-size = \"none\"\nretain = 1\n",
        "\u{feff}[ cache ] # mine\r\n'max-size' = 'none'\r\n\"r\\u0065tain\" = +1",
        "cache = { max-size = 'none', retain = 1 }",
        "cache.max-size = \"\"\"no\\\n  ne\"\"\"\ncache . retain = 0x1",
    ] {
        assert_eq!(
            config(text).cache_limits().expect("limits"),
            limits,
            "{text}"
        );
    }
    assert_eq!(
        config("cache.max-size = 1000")
            .cache_limits()
            .expect("limits")
            .max_size,
        Some(1000)
    );
    let refused = |text: &str| {
        config(text)
            .cache_limits()
            .expect_err("nonsense")
            .to_string()
    };
    assert_eq!(
        refused("\n[cache]\nmax-size = \"much\"\n"),
        "config.toml:3: `cache.max-size` must be a size such as \"20GB\", or \"none\": \"much\""
    );
    for (text, value) in [
        ("cache.retain = '2'", "'2'"),
        ("[cache.retain]", "a table"),
        ("cache.retain = -1", "-1"),
        ("cache.retain = 0", "0"),
        ("cache.retain = 1.5", "1.5"),
        (
            "cache.retain = 99999999999999999999",
            "99999999999999999999",
        ),
    ] {
        let message = format!("config.toml:1: `cache.retain` must be a positive integer: {value}");
        assert_eq!(refused(text), message);
    }
}

#[test]
fn every_key_is_known_with_its_line() {
    let config = config("a = 1\n[x]\ny = { z = 1 }\n[cache]\nretain = 1\n");
    let keys: Vec<_> = config.keys().collect();
    assert_eq!(keys, [("a", 1), ("x.y.z", 3), ("cache.retain", 5)]);
}

#[test]
fn what_is_not_toml_is_told_with_its_position() {
    let error = Config::parse("[cache]\nmax-size = 20GB\n", "config.toml".into());
    let Err(ConfigError::Syntax(syntax)) = error else {
        panic!("{error:?}")
    };
    let text = syntax.to_string();
    assert!(text.starts_with("config.toml:2:12: "), "{text}");
    assert!(
        text.ends_with("2 | max-size = 20GB\n  |            ^"),
        "{text}"
    );
}
