//! The programs of a Python application, and how to start them.

use std::collections::BTreeMap;

use super::super::BuildError;
use super::app::AppFacts;
use super::context::RUNTIME;
use super::requirement;
use super::scripts::file;
use crate::format::{Commands, Program, WORKENV};
use crate::manifest::{Input, Manifest, ScriptTarget, is_name, normalized};
use crate::python::install::{Command, Dependencies};
use crate::python::start::{FILE_OPTIONS, script_options};
use crate::stub::Family;

/// The programs of a package.
pub(super) struct Programs {
    /// The main one first, then those that the manifest names.
    pub(super) own: Vec<Program>,
    /// All others: commands of the project's wheel and of the dependencies.
    pub(super) commands: Vec<Commands>,
    /// The main one's file in `bin`, if it has one.
    pub(super) main: Option<String>,
}

/// What determines how a program is started.
#[derive(Clone, Copy)]
pub(super) struct Start {
    pub(super) family: Family,
    /// Version of the interpreter.
    pub(super) python: (u8, u8, u8),
}

/// The commands inside, by name.
struct Inside<'a> {
    project: BTreeMap<&'a str, &'a Command>,
    deps: BTreeMap<&'a str, &'a Command>,
}

impl<'a> Inside<'a> {
    fn of(app: &'a AppFacts, deps: &'a Dependencies) -> Self {
        let by_name = |commands: &'a [Command]| {
            // An invalid name could not be signed; the interpreter is not a program of the package.
            let is_usable =
                |command: &&Command| is_name(&command.name) && !is_interpreter(&command.name);
            commands
                .iter()
                .filter(is_usable)
                .map(|command| (command.name.as_str(), command))
                .collect()
        };
        let project = app
            .install
            .as_ref()
            .map(|install| &install.commands[..])
            .unwrap_or_default();
        Self {
            project: by_name(project),
            deps: by_name(&deps.commands),
        }
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.project.keys().map(ToString::to_string).collect();
        names.extend(
            self.deps
                .keys()
                .filter(|name| !self.project.contains_key(*name))
                .map(ToString::to_string),
        );
        names
    }

    fn get(&self, name: &str) -> Option<&'a Command> {
        self.project
            .get(name)
            .or_else(|| self.deps.get(name))
            .copied()
    }

    /// The command that `word` refers to for a program `name`: the command `word`, else the command
    /// `name` of the distribution `word`.
    fn find(&self, name: &str, word: &str) -> Option<&'a Command> {
        let of_distribution = |command: &&Command| command.distribution == normalized(word);
        self.get(word)
            .or_else(|| self.get(name).filter(of_distribution))
    }
}

fn is_interpreter(name: &str) -> bool {
    name.strip_prefix("python")
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// The programs: the main program first, then those in the manifest, then every command inside.
///
/// # Errors
/// [`BuildError::UnknownScript`] and [`BuildError::WhichScript`].
pub(super) fn programs(
    manifest: &Manifest,
    app: &AppFacts,
    deps: &Dependencies,
    start: Start,
) -> Result<Programs, BuildError> {
    let inside = Inside::of(app, deps);
    let argv_of = |name: &str, is_python: bool| command(manifest, name, None, is_python, start);
    // A generated script is not in any RECORD.
    let is_python = |name: &str| {
        app.main.as_deref() == Some(name) || inside.get(name).is_none_or(|one| one.is_python)
    };
    let mut named = Vec::new();
    for script in &manifest.scripts {
        let file = match &script.target {
            ScriptTarget::Function(_) => (script.name.as_str(), true),
            ScriptTarget::Script(word) => {
                let asked = || format!("`{}` under [tool.flavor.scripts]", script.name);
                let found = inside
                    .find(&script.name, word)
                    .ok_or_else(|| unknown(asked(), word, &inside))?;
                (found.name.as_str(), found.is_python)
            }
        };
        named.push((script, file));
    }
    let is_called_like_the_package =
        |name: &str| normalized(name) == normalized(&manifest.package_name);
    let first_named =
        |wanted: &dyn Fn(&str) -> bool| named.iter().find(|(script, _)| wanted(&script.name));
    let main: (String, Option<(String, bool)>) = if let Some(word) = &manifest.choices.script {
        let own = first_named(&|name| name == word)
            .map(|(_, (file, is_python))| (file.to_string(), *is_python));
        let known = || {
            inside
                .get(word)
                .map(|found| (found.name.clone(), found.is_python))
        };
        let file = own
            .or_else(known)
            .ok_or_else(|| unknown("`--script`".into(), word, &inside))?;
        (word.clone(), Some(file))
    } else if manifest.execution.command.is_some() {
        (manifest.package_name.clone(), None)
    } else if let Some((script, (file, is_python))) =
        first_named(&is_called_like_the_package).filter(|_| manifest.entry_point.is_none())
    {
        (script.name.clone(), Some(((*file).to_string(), *is_python)))
    } else if let Some(name) = &app.main {
        (name.clone(), Some((name.clone(), is_python(name))))
    } else if let Some((script, (file, is_python))) = named.first() {
        (script.name.clone(), Some(((*file).to_string(), *is_python)))
    } else {
        let subject = deps.subject.as_ref();
        let name = subject.and_then(|subject| requirement::main_script(subject, deps));
        let name = name.ok_or_else(|| which(manifest, deps, &inside))?;
        let python = is_python(&name);
        (name.clone(), Some((name, python)))
    };
    let (main_name, main_file) = main;
    let main_argv = match (&main_file, &manifest.execution.command) {
        // The entry point's own script, which was written for a file.
        (Some((name, true)), _)
            if manifest.entry_point.is_some() && app.main.as_ref() == Some(name) =>
        {
            command(manifest, name, file(manifest).as_deref(), true, start)
        }
        (Some((name, is_python)), _) => argv_of(name, *is_python),
        (None, command) => command.clone().unwrap_or_default(),
    };
    let with_arguments = |argv: Vec<String>| {
        argv.into_iter()
            .chain(manifest.execution.args.iter().cloned())
            .collect()
    };
    let mut own = vec![Program {
        name: main_name,
        argv: with_arguments(main_argv),
    }];
    for (script, (file, is_python)) in &named {
        if own.iter().all(|program| program.name != script.name) {
            own.push(Program {
                name: script.name.clone(),
                argv: argv_of(file, *is_python),
            });
        }
    }
    let commands = match start.family {
        Family::Flavor => groups(manifest, &inside, &own, start),
        // FlavorPack's launchers support one program.
        Family::FlavorPack => Vec::new(),
    };
    Ok(Programs {
        own,
        commands,
        main: main_file.map(|(file, _)| file),
    })
}

/// The commands that are not programs of their own, grouped by how they are started.
fn groups(manifest: &Manifest, inside: &Inside, own: &[Program], start: Start) -> Vec<Commands> {
    let mut before = command(
        manifest,
        "",
        None,
        true,
        Start {
            family: Family::Flavor,
            ..start
        },
    );
    // The place of the command's file.
    before.pop();
    let mut groups: Vec<Commands> = Vec::new();
    let own_arguments = &manifest.execution.args;
    for (commands, after) in [
        (&inside.project, own_arguments.clone()),
        (&inside.deps, Vec::new()),
    ] {
        for (name, one) in commands {
            // The name of the package is reserved for the main program.
            let is_taken = manifest.input != Input::Requirement && *name == manifest.package_name;
            if is_taken && !inside.project.contains_key(name) {
                continue;
            }
            if own.iter().any(|program| program.name == *name)
                || groups
                    .iter()
                    .any(|group| group.names.iter().any(|known| known == name))
            {
                continue;
            }
            let before = if one.is_python {
                before.clone()
            } else {
                Vec::new()
            };
            match groups
                .iter_mut()
                .find(|group| group.before == before && group.after == after)
            {
                Some(group) => group.names.push((*name).to_string()),
                None => groups.push(Commands {
                    before,
                    after: after.clone(),
                    names: vec![(*name).to_string()],
                }),
            }
        }
    }
    groups
}

fn unknown(asked: String, word: &str, inside: &Inside) -> BuildError {
    BuildError::UnknownScript {
        asked,
        word: word.to_string(),
        known: inside.names(),
    }
}

/// There are several scripts, or none.
fn which(manifest: &Manifest, deps: &Dependencies, inside: &Inside) -> BuildError {
    let own = deps
        .subject
        .as_ref()
        .map(|subject| requirement::commands_of(&subject.name, deps))
        .unwrap_or_default();
    let own: Vec<String> = own.into_iter().map(str::to_string).collect();
    let of_others = own.is_empty();
    let known = if of_others { inside.names() } else { own };
    BuildError::WhichScript {
        package: manifest.package_name.clone(),
        of_others,
        known,
    }
}

/// The name of a file in `bin`; or the `file` of the input that it was written for.
fn command(
    manifest: &Manifest,
    name: &str,
    file: Option<&str>,
    is_python: bool,
    start: Start,
) -> Vec<String> {
    match start.family {
        Family::Flavor if !is_python => vec![format!("{WORKENV}/bin/{name}")],
        // The script's own first line would start the same interpreter through a shell.
        Family::Flavor => {
            let (options, path): (&[&str], _) = match file {
                Some(file) => (&FILE_OPTIONS, format!("{WORKENV}/{file}")),
                None => (
                    script_options(start.python),
                    format!("{WORKENV}/bin/{name}"),
                ),
            };
            let interpreter = std::iter::once(format!("{WORKENV}/bin/python"));
            let options = options
                .iter()
                .map(ToString::to_string)
                .chain(manifest.python.flags.iter().cloned());
            interpreter.chain(options).chain([path]).collect()
        }
        // FlavorPack's launchers start programs with the package's name as `argv[0]`. An
        // interpreter that is not started by its own path looks for its library where it was built;
        // a script is always started by its path.
        Family::FlavorPack => vec![format!("{WORKENV}/{RUNTIME}/bin/{name}")],
    }
}
