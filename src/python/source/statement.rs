//! Interprets the logical lines of a module.

use std::collections::HashSet;

use super::Source;
use super::token::{Kind, Token};

/// An import statement; `import a, b` counts as two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import<'a> {
    /// Counted from 1.
    pub line: usize,
    pub when: When,
    /// The number of dots before the module.
    pub level: usize,
    /// Empty in `from . import x`.
    pub module: String,
    /// The names imported from the module; empty for `import x`.
    pub names: Vec<&'a str>,
}

/// When a statement is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Whenever the module is imported.
    Always,
    /// When a function is called.
    Lazily,
    /// Under a condition, or where its failure may be caught.
    Perhaps,
}

/// A string literal in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Counted from 1.
    pub line: usize,
    /// Its value, alone and joined with the preceding literals that are separated from it only by
    /// `/` or `,`, as path components.
    pub paths: Vec<String>,
    /// Whether it is an operand of `/`, or an argument of a function that takes paths.
    pub is_path: bool,
    /// The function that it is an argument of: `open`.
    pub reader: Option<String>,
    /// Whether its line uses the module's location: `__file__`, or a name derived from it.
    pub of_file: bool,
}

/// A statement that others are indented under.
struct Block {
    indent: usize,
    when: When,
}

/// Functions that take a path, or its components.
const READERS: &[&str] = &[
    "File",
    "FileResponse",
    "FileSystemLoader",
    "Jinja2Templates",
    "PackageLoader",
    "Path",
    "PurePath",
    "StaticFiles",
    "TemplateResponse",
    "as_file",
    "contents",
    "files",
    "get_data",
    "get_template",
    "is_resource",
    "join",
    "joinpath",
    "listdir",
    "load_file",
    "open",
    "open_binary",
    "open_text",
    "path",
    "read_binary",
    "read_csv",
    "read_text",
    "render_template",
    "resource_exists",
    "resource_filename",
    "resource_isdir",
    "resource_listdir",
    "resource_stream",
    "resource_string",
    "scandir",
    "send_file",
    "with_name",
];

pub(super) struct Reader<'a> {
    found: Source<'a>,
    texts: bool,
    blocks: Vec<Block>,
    /// Names derived from `__file__`.
    places: HashSet<&'a str>,
    /// Whether an unconditional statement ends the module.
    is_over: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(texts: bool) -> Self {
        Self {
            found: Source::default(),
            texts,
            blocks: Vec::new(),
            places: HashSet::from(["__file__"]),
            is_over: false,
        }
    }

    pub(super) fn finish(self) -> Source<'a> {
        self.found
    }

    /// Processes a logical line, of one token at least.
    pub(super) fn line(&mut self, indent: usize, tokens: &[Token<'a>]) {
        while self
            .blocks
            .last()
            .is_some_and(|block| block.indent >= indent)
        {
            self.blocks.pop();
        }
        if self.texts {
            let of_file = self.is_of_file(tokens);
            collect_texts(tokens, of_file, &mut self.found.texts);
        }
        let mut when = self.blocks.last().map_or(When::Always, |block| block.when);
        let mut rest = tokens;
        if let Some(inside) = block(tokens) {
            when = when.max(inside);
            match after_colon(tokens) {
                Some([]) => {
                    self.blocks.push(Block { indent, when });
                    return;
                }
                Some(after) => rest = after,
                None => return,
            }
        }
        for statement in rest.split(|token| token.kind == Kind::Mark(';')) {
            let when = if self.is_over {
                when.max(When::Perhaps)
            } else {
                when
            };
            self.is_over |= when == When::Always && ends_module(statement);
            self.import(when, statement);
        }
    }

    /// Whether a line uses the module's location; a name assigned in it is remembered.
    fn is_of_file(&mut self, tokens: &[Token<'a>]) -> bool {
        let is_place = |token: &Token<'a>| matches!(token.kind, Kind::Word(word) if self.places.contains(word));
        if !tokens.iter().any(is_place) {
            return false;
        }
        if let [
            Token {
                kind: Kind::Word(name),
                ..
            },
            Token {
                kind: Kind::Mark('=' | ':'),
                ..
            },
            ..,
        ] = tokens
        {
            self.places.insert(name);
        }
        true
    }

    fn import(&mut self, when: When, statement: &[Token<'a>]) {
        let Some((first, rest)) = statement.split_first() else {
            return;
        };
        let line = first.line;
        match first.kind {
            Kind::Word("import") => {
                for part in rest.split(|token| token.kind == Kind::Mark(',')) {
                    let (module, _) = dotted(part);
                    if !module.is_empty() {
                        self.found.imports.push(Import {
                            line,
                            when,
                            level: 0,
                            module,
                            names: Vec::new(),
                        });
                    }
                }
            }
            Kind::Word("from") => {
                let level = rest
                    .iter()
                    .take_while(|token| token.kind == Kind::Mark('.'))
                    .count();
                let (module, after) = dotted(&rest[level..]);
                let Some((
                    Token {
                        kind: Kind::Word("import"),
                        ..
                    },
                    names,
                )) = after.split_first()
                else {
                    return;
                };
                let names = names.split(|token| matches!(token.kind, Kind::Mark(',' | '(' | ')')));
                let name = |part: &[Token<'a>]| match part.first()?.kind {
                    Kind::Word(name) => Some(name),
                    Kind::Mark('*') => Some("*"),
                    _ => None,
                };
                let names = names.filter_map(name).collect();
                self.found.imports.push(Import {
                    line,
                    when,
                    level,
                    module,
                    names,
                });
            }
            _ => {}
        }
    }
}

/// When the content of a block is executed; `None` for a line that begins no block.
fn block(tokens: &[Token<'_>]) -> Option<When> {
    let word = |at: usize| match tokens.get(at)?.kind {
        Kind::Word(word) => Some(word),
        _ => None,
    };
    match word(0)? {
        "class" => Some(When::Always),
        "def" => Some(When::Lazily),
        "async" => Some(if word(1) == Some("def") {
            When::Lazily
        } else {
            When::Perhaps
        }),
        "if" | "elif" | "else" | "try" | "except" | "finally" | "for" | "while" | "with" => {
            Some(When::Perhaps)
        }
        // These two are soft keywords.
        "match" | "case" => matches!(tokens.last()?.kind, Kind::Mark(':')).then_some(When::Perhaps),
        _ => None,
    }
}

/// What follows the colon that ends the head of a block.
fn after_colon<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<&'t [Token<'a>]> {
    let (mut depth, mut lambdas) = (0_usize, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Kind::Word("lambda") if depth == 0 => lambdas += 1,
            Kind::Mark(':') if depth == 0 && lambdas > 0 => lambdas -= 1,
            Kind::Mark(':') if depth == 0 && !is_assignment(tokens, at) => {
                return tokens.get(at + 1..);
            }
            _ => {}
        }
    }
    None
}

fn is_assignment(tokens: &[Token<'_>], colon: usize) -> bool {
    tokens
        .get(colon + 1)
        .is_some_and(|next| next.kind == Kind::Mark('='))
}

/// `raise`, `sys.exit()`: what follows is not executed, or the statement is not what it seems.
fn ends_module(statement: &[Token<'_>]) -> bool {
    let words: Vec<&str> = statement
        .iter()
        .map_while(|token| match token.kind {
            Kind::Word(word) => Some(word),
            Kind::Mark('.') => Some("."),
            _ => None,
        })
        .collect();
    matches!(
        words[..],
        ["raise", ..] | ["sys", ".", "exit"] | ["exit"] | ["os", ".", "_exit"]
    )
}

/// `a.b.c` at the beginning, and the rest.
fn dotted<'t, 'a>(tokens: &'t [Token<'a>]) -> (String, &'t [Token<'a>]) {
    let mut name = String::new();
    let mut at = 0;
    while let Some(Token {
        kind: Kind::Word(word),
        ..
    }) = tokens.get(at)
    {
        if name.is_empty() && *word == "import" {
            break;
        }
        name.push_str(word);
        at += 1;
        if tokens
            .get(at)
            .is_none_or(|next| next.kind != Kind::Mark('.'))
        {
            break;
        }
        name.push('.');
        at += 1;
    }
    (name, tokens.get(at..).unwrap_or_default())
}

fn collect_texts(tokens: &[Token<'_>], of_file: bool, found: &mut Vec<Text>) {
    // The function of each open bracket, and the path that the literals in it form so far.
    let mut open: Vec<(&str, String)> = vec![("", String::new())];
    for (at, token) in tokens.iter().enumerate() {
        let before = at
            .checked_sub(1)
            .and_then(|before| tokens.get(before))
            .map(|token| token.kind);
        let after = tokens.get(at + 1).map(|token| token.kind);
        match token.kind {
            Kind::Mark('(' | '[' | '{') => {
                let name = match before {
                    Some(Kind::Word(name)) if token.kind == Kind::Mark('(') => name,
                    _ => "",
                };
                open.push((name, String::new()));
            }
            Kind::Mark(')' | ']' | '}') if open.len() > 1 => {
                open.pop();
            }
            Kind::Text(value) => {
                let Some((name, path)) = open.last_mut() else {
                    continue;
                };
                let is_divided = |near: Option<Kind<'_>>| near == Some(Kind::Mark('/'));
                if !matches!(before, Some(Kind::Mark('/' | ','))) {
                    path.clear();
                }
                let Some(value) = value.filter(|value| is_plain(value)) else {
                    path.clear();
                    continue;
                };
                let mut paths = vec![value.to_owned()];
                if path.is_empty() {
                    path.push_str(value);
                } else {
                    *path = format!("{path}/{value}");
                    paths.push(path.clone());
                }
                let reader = READERS.contains(name).then(|| (*name).to_owned());
                let is_path = reader.is_some() || is_divided(before) || is_divided(after);
                found.push(Text {
                    line: token.line,
                    paths,
                    is_path,
                    reader,
                    of_file,
                });
            }
            Kind::Mark('/' | ',') => {}
            // Something else is between this literal and the next.
            _ => {
                if let Some((_, path)) = open.last_mut() {
                    path.clear();
                }
            }
        }
    }
}

/// Whether a string may be a relative path, and not prose.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && !text.starts_with('/')
        && !text.contains(['\n', '\\', '*', '?', ':'])
}
