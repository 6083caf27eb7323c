use crate::diagnostics::Diagnostic;
use proptest::prelude::*;

use super::error::{ConfigError, Fault};
use super::reader::{self, Item};
use super::{CacheLimits, Config};

fn config(text: &str) -> Config {
    Config::parse(text.as_bytes(), "config.toml".into()).expect("TOML")
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
        "cache.max-size = \"no\\x6ee\"\ncache . retain = 1",
    ] {
        assert_eq!(
            config(text).cache_limits().expect("limits"),
            limits,
            "{text}"
        );
    }
    assert_eq!(
        config("cache.max-size = 1_000")
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
    assert_eq!(
        refused("cache.retain = '2'"),
        "config.toml:1: `cache.retain` must be a positive integer: \"2\""
    );
    assert_eq!(
        refused("[cache.retain]"),
        "config.toml:1: `cache.retain` must be a positive integer: a table"
    );
}

#[test]
fn what_cannot_be_read_is_told_with_the_line_and_the_way_out() {
    let told = |text: &str| {
        let error = Config::parse(text.as_bytes(), "config.toml".into()).expect_err("not readable");
        let ConfigError::NotRead(unread) = &error else {
            panic!("{error}")
        };
        format!("{unread}; {}", error.hint().expect("a remedy"))
    };
    let all = [
        "[cache",
        "hello world",
        "\n[cache]\nmax-size = 20GB",
        "retain =",
        "retain = 1 2",
        "retain = 1\nretain = 2",
        "[cache]\n[x]\n[cache]",
        "cache = 1\n[cache]",
        "max size = 1",
        "über = 1",
        "a = \"x\\y\"",
        "a = \"\\ud800\"",
        "a = \"x",
        "a = 'x\n'",
        "a = '\u{7}'",
        "a = { b = 1",
        "a = 9223372036854775808",
        "a = 007",
        "a = 1.2.3",
        "a = \"\"\"x\"\"\"",
        "a = [1]",
        "[[a]]",
        "a = 1.5",
        "a = 0xff",
        "a = 2026-01-01",
        "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1",
    ];
    insta::assert_snapshot!(all.map(told).join("\n"), @r#"
    config.toml:1: expected `]` after `[cache`; write `[cache]`
    config.toml:1: expected `=` after `hello`; write `hello = VALUE`; a table is `[hello]`, a comment begins with `#`
    config.toml:3: `20GB` is not a quoted string, a number, `true` or `false`; put a string in quotes: `"20GB"`
    config.toml:1: `retain` has no value; write `retain = VALUE`, or remove the line
    config.toml:1: unexpected `2` after the value; write one key per line; a comment begins with `#`
    config.toml:2: `retain` is defined twice, first in line 1; remove one of them
    config.toml:3: `cache` is defined twice, first in line 1; remove one of them
    config.toml:2: `cache` is defined twice, first in line 1; remove one of them
    config.toml:1: expected `=` after `max`; write `max = VALUE`; a table is `[max]`, a comment begins with `#`
    config.toml:1: `über` is not a valid key; a key has letters, digits, `-` and `_`; any other needs quotes
    config.toml:1: `\y` is not a valid escape sequence; write a backslash as `\\`, or use a single-quoted string
    config.toml:1: `\ud800` is not a valid escape sequence; write a backslash as `\\`, or use a single-quoted string
    config.toml:1: unterminated string: expected `"`; end it with `"` in the same line
    config.toml:1: unterminated string: expected `'`; end it with `'` in the same line
    config.toml:1: a control character; remove it, or write it as `\u0007` in a double-quoted string
    config.toml:1: expected `,` or `}` after a value in `{ … }`; write `{ one = 1, two = 2 }`
    config.toml:1: the number `9223372036854775808` needs more than 64 bits; write a smaller number
    config.toml:1: `007` is not a quoted string, a number, `true` or `false`; put a string in quotes: `"007"`
    config.toml:1: `1.2.3` is not a quoted string, a number, `true` or `false`; put a string in quotes: `"1.2.3"`
    config.toml:1: a multi-line string is not supported here; write it in one line, with `\n` for each line break
    config.toml:1: an array is not supported here; no setting takes one: remove it
    config.toml:1: an array of tables is not supported here; no setting takes one: remove it
    config.toml:1: a floating-point number is not supported here; write an integer, or a string in quotes
    config.toml:1: a number that is not decimal is not supported here; write it in decimal
    config.toml:1: a date or time is not supported here; put it in quotes
    config.toml:1: a key in so many nested tables is not supported here; no setting is nested so deep: remove it
    "#);
    let error = Config::parse(b"a = 1\nb = \"\xff\"", "config.toml".into()).expect_err("not text");
    let ConfigError::NotRead(unread) = error else {
        panic!("{error}")
    };
    assert_eq!(
        unread.to_string(),
        "config.toml:2: bytes that are not UTF-8"
    );
}

/// Values by key, as parsed by another TOML library.
fn flattened(table: &toml::Table, way: &str, into: &mut Vec<(String, Item)>) {
    for (name, value) in table {
        let is_bare = |one: char| one.is_ascii_alphanumeric() || one == '-' || one == '_';
        let name = if !name.is_empty() && name.chars().all(is_bare) {
            name.clone()
        } else {
            format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
        };
        let key = format!("{way}{name}");
        match value {
            toml::Value::Table(table) => flattened(table, &format!("{key}."), into),
            toml::Value::String(text) => into.push((key, Item::Text(text.clone()))),
            toml::Value::Integer(number) => into.push((key, Item::Integer(*number))),
            toml::Value::Boolean(value) => into.push((key, Item::Boolean(*value))),
            other => panic!("{key} was read, and is {other}"),
        }
    }
}

/// What we accept, the other library accepts with the same result; what only it accepts, we report
/// as unsupported.
fn agrees(text: &str) {
    let others = text.parse::<toml::Table>();
    match (reader::read(text.as_bytes()), others) {
        (Ok(entries), Ok(table)) => {
            let mut ours: Vec<(String, Item)> =
                entries.into_iter().map(|one| (one.key, one.item)).collect();
            ours.retain(|(_, item)| !matches!(item, Item::Table(_)));
            let mut theirs = Vec::new();
            flattened(&table, "", &mut theirs);
            let by_key = |one: &(String, Item), other: &(String, Item)| one.0.cmp(&other.0);
            ours.sort_by(by_key);
            theirs.sort_by(by_key);
            assert_eq!(ours, theirs, "{text:?}");
        }
        (Ok(_), Err(error)) => panic!("read, and is no TOML: {text:?}: {error}"),
        (Err((_, fault)), Ok(_)) => {
            assert!(
                matches!(fault, Fault::Unsupported(_)),
                "TOML, and refused as {fault:?}: {text:?}"
            );
        }
        (Err(_), Err(_)) => {}
    }
}

#[test]
fn odd_texts_mean_what_they_mean_elsewhere() {
    for text in [
        "",
        "\u{feff}",
        "\u{feff}\u{feff}a=1",
        "a=1\u{feff}",
        "# only\r\n",
        "a = 1\r",
        "a\r= 1",
        "a = 1 # x\ry",
        "# \u{1}",
        "\"\" = 1\n'' = 2",
        "'' = 1\n[a]",
        "a.\"b.c\".d = 1\na.b.c = 2",
        "a . b\t= 1",
        "a = \"\\b\\t\\n\\f\\r\\e\\\"\\\\\\x41\\u00e9\\U0001F600\"",
        "a = \"\\U00110000\"",
        "a = \"\\u 123\"",
        "a = \"\\u+123\"",
        "a = \"\t\"\nb = '\t\\'",
        "a = \"\u{7f}\"",
        "a = \"\u{80}\"",
        "\"\"\"a\"\"\" = 1",
        "a = -0\nb = +0\nc = 00",
        "a = 1__0",
        "a = _1",
        "a = 1_",
        "a = +_1",
        "a = --1",
        "a = -9223372036854775808",
        "a = true\nb = false\nc = True",
        "a = {}",
        "a = {,}",
        "a = { b = 1, }",
        "a = { b = 1,, c = 2 }",
        "a = {\n b = 1, # one\r\n\n c.d = 2\n}",
        "a = { b = 1, b = 2 }",
        "a = { b.c = 1, b.d = 2 }\na.b.e = 3",
        "a = { b = { c = 1 }, b.d = 2 }",
        "a = { b = 1 }\n[a.c]",
        "a = { b = 1 } c = 2",
        "[a]]",
        "[a] b = 1",
        "[]",
        "[a.]",
        "[.a]",
        "[a\n]",
        "= 1",
        "a = 1, b = 2",
        "a = 1]",
        "a = inf\nb = nan",
        "a = 07:32:00",
        "a = 1979-05-27 07:32:00Z",
        "a = 0b2",
    ] {
        agrees(text);
    }
}

/// Lines that define conflicting tables.
fn tables() -> impl Strategy<Value = String> {
    let key = prop::collection::vec(prop::sample::select(vec!["a", "b", "\"a\"", "'c'"]), 1..4)
        .prop_map(|names| names.join("."));
    let line = (key.clone(), key, 0..7_u8).prop_map(|(one, two, kind)| match kind {
        0..3 => format!("[{one}]\n"),
        3 => format!("{one} = {{ {two} = 1 }}\n"),
        4 => format!("{one} = {{ {two} = 1, {one} = {{}} }}\n"),
        _ => format!("{one} = 1\n"),
    });
    prop::collection::vec(line, 0..7).prop_map(|lines| lines.concat())
}

/// Random sequences of TOML fragments.
fn pieces() -> impl Strategy<Value = String> {
    let all = vec![
        "a",
        "b",
        "=",
        "=",
        " = ",
        ".",
        "[",
        "]",
        "\"",
        "\"",
        "'",
        "#",
        "\n",
        "\n",
        "\r\n",
        "\r",
        " ",
        "\t",
        "0",
        "1",
        "12",
        "_",
        "-",
        "+",
        ":",
        "e",
        "x",
        "true",
        "inf",
        "nan",
        "{",
        "}",
        ",",
        "\\",
        "u",
        "0041",
        "n",
        "\u{feff}",
        "é",
        "\u{1}",
        "\u{7f}",
        "a = 1\n",
        "b = \"x\"\n",
        "[c]\n",
        "1979-05-27",
        "T",
        "07:32",
        "Z",
        "a = ",
        "b = ",
    ];
    prop::collection::vec(prop::sample::select(all), 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tables_mean_what_they_mean_elsewhere(text in tables()) {
        agrees(&text);
    }

    #[test]
    fn any_text_means_what_it_means_elsewhere(text in pieces()) {
        agrees(&text);
    }
}
