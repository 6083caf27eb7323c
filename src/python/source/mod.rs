//! Reads the imports and string literals of modules from their sources: about as fast as reading
//! the file, in parallel, and without an interpreter.
//!
//! The compiler has already checked that a source is valid Python; here it is only split into
//! logical lines. A statement that begins in the first column is executed whenever the module is
//! imported, and every unconditional statement begins there.

mod statement;
mod token;

use statement::Reader;
pub use statement::{Import, Text, When};
use token::Tokens;

/// What is read from a module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source<'a> {
    /// In the order of the file.
    pub imports: Vec<Import<'a>>,
    /// String literals in expressions, if requested.
    pub texts: Vec<Text>,
}

impl<'a> Source<'a> {
    /// The imports of a module.
    pub fn read(text: &'a str) -> Self {
        Self::read_with(text, false)
    }

    /// The imports and the texts of a module.
    pub fn read_all(text: &'a str) -> Self {
        Self::read_with(text, true)
    }

    fn read_with(text: &'a str, texts: bool) -> Self {
        let mut reader = Reader::new(texts);
        let mut tokens = Tokens::new(text);
        let mut line = Vec::new();
        while let Some(indent) = tokens.logical_line(&mut line) {
            reader.line(indent, &line);
        }
        reader.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `line when .module names`, one per line.
    fn imports(text: &str) -> Vec<String> {
        let shown = |import: &Import| {
            let dots = ".".repeat(import.level);
            let names = import.names.join(",");
            format!(
                "{} {:?} {dots}{} {names}",
                import.line, import.when, import.module
            )
            .trim_end()
            .to_owned()
        };
        Source::read(text).imports.iter().map(shown).collect()
    }

    #[test]
    fn every_form_of_import_is_read() {
        let text = "import a, b.c as d; import e\nfrom f.g import (h as i,  # so\n    j,\n)\nfrom . import k\nfrom ..l import *\n\
                    from ...m \\\n  import n\nimportant = 1\nfrom_ = 2\nx = 1; import y\n";
        let expected = [
            "1 Always a",
            "1 Always b.c",
            "1 Always e",
            "2 Always f.g h,j",
            "5 Always . k",
            "6 Always ..l *",
            "7 Always ...m n",
            "11 Always y",
        ];
        assert_eq!(imports(text), expected);
    }

    #[test]
    fn what_surrounds_an_import_says_when_it_is_executed() {
        let text = "\
try:
    import a
except ImportError:
    import b
else:
    import c
if TYPE_CHECKING:
    import d
with suppress(ImportError): import e
def f():
    import g
    if x:
        import h
async def i():
    import j
class K(object):
    import l
    def m(self):
        import n
for o in p:
    class Q: import r
import s
raise ImportError
import t
";
        let expected = [
            "2 Perhaps a",
            "4 Perhaps b",
            "6 Perhaps c",
            "8 Perhaps d",
            "9 Perhaps e",
            "11 Lazily g",
            "13 Perhaps h",
            "15 Lazily j",
            "17 Always l",
            "19 Lazily n",
            "21 Perhaps r",
            "22 Always s",
            "24 Perhaps t",
        ];
        assert_eq!(imports(text), expected);
    }

    #[test]
    fn what_only_looks_like_an_import_is_none() {
        let text = r#"'''
import a
'''
b = """
import c
""" + r'\\' + "\"" + '''
import d
''' # import e
f = [
import_g,
]
h = f"{i['''
import j
''']}" + f'{{ {k!r:{l}>10} }}' + f"{m["n"]}" + f"{o:'>9}"
p = "a \
import q"
if r: \
import s
import t
"#;
        assert_eq!(imports(text), ["18 Perhaps s", "19 Always t"]);
    }

    #[test]
    fn odd_texts_end_somewhere() {
        for text in [
            "'",
            "'''",
            "f'{",
            "f'{\"",
            "(",
            "import",
            "from",
            "from .",
            "import a.",
            "\\",
            "\u{feff}import a",
            "\r\nimport b\r\n",
        ] {
            drop(imports(text));
        }
        assert_eq!(imports("\u{feff}import a"), ["1 Always a"]);
        assert_eq!(
            imports("\r\nimport b\r\nimport c\r"),
            ["2 Always b", "3 Always c"]
        );
    }

    #[test]
    fn texts_are_put_together_as_paths_are() {
        let text = "A = Path(__file__).parent / 'data' / \"x.json\"\nb = join(dirname(__file__), 'templates', 'y')\n'doc'\nc = f'no' + r'z.txt'\n\
                    d = {'e': open('e.txt')}\n";
        let found = Source::read_all(text).texts;
        let shown: Vec<String> = found
            .iter()
            .map(|text| {
                format!(
                    "{} {}{}",
                    text.line,
                    text.paths.join("|"),
                    if text.is_path { "!" } else { "" }
                )
            })
            .collect();
        let expected = [
            "1 data!",
            "1 x.json|data/x.json!",
            "2 templates!",
            "2 y|templates/y!",
            "3 doc",
            "4 z.txt",
            "5 e",
            "5 e.txt!",
        ];
        assert_eq!(shown, expected);
    }
}
