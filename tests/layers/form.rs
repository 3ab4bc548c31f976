//! Rules of form that hold in the whole crate: no modules of one folder that need each other in a
//! circle, no visibility in the middle of the tree, no line over 100 columns.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::sources;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The path of a module: `["ca", "key"]`.
pub(super) type Module = Vec<String>;

/// Every module of the crate but its roots and its tests, with its code: without its unit tests
/// and its comments.
pub(super) fn modules() -> BTreeMap<Module, String> {
    let src = root().join("src");
    sources(&src)
        .into_iter()
        .filter(|file| file.extension().is_some_and(|ending| ending == "rs"))
        .map(|file| {
            let mut module: Module = file
                .strip_prefix(&src)
                .unwrap()
                .with_extension("")
                .components()
                .map(|part| part.as_os_str().to_str().unwrap().to_owned())
                .collect();
            module.pop_if(|last| last == "mod");
            (module, code_of(&file))
        })
        .filter(|(module, _)| {
            !matches!(module.join("/").as_str(), "lib" | "main")
                && !module.contains(&"tests".to_owned())
        })
        .collect()
}

/// A file's text without its unit tests and its comments.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let mut code = String::new();
    let mut is_test = false;
    for line in text.lines() {
        // A module of tests stands at the end; a function for tests alone is read like any other.
        is_test |= line.starts_with("mod tests {") || line.ends_with(") mod tests {");
        if !is_test && !line.trim_start().starts_with("//") {
            code.push_str(line);
            code.push('\n');
        }
    }
    code
}

/// The paths of a `use` tree: `a::{b, c::d}` has `a::b` and `a::c::d`.
fn expand(before: &[String], tree: &str, found: &mut Vec<Module>) {
    let tree = tree.trim();
    if let Some(list) = tree.strip_prefix('{') {
        let (mut depth, mut start) = (0, 0);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                ',' | '}' if depth == 0 => {
                    if !list[start..at].trim().is_empty() {
                        expand(before, &list[start..at], found);
                    }
                    start = at + 1;
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
        return;
    }
    let (name, rest) = tree.split_once("::").unwrap_or((tree, ""));
    let name = name.split(" as ").next().unwrap().trim().to_owned();
    let path = [before, &[name]].concat();
    if rest.is_empty() {
        found.push(path);
    } else {
        expand(&path, rest, found);
    }
}

/// Whether a character may stand in the middle of a name.
fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The paths that a module's code names: in its `use` lines, and after `crate`, `super` and `self`
/// anywhere else.
fn named_paths(code: &str) -> Vec<Module> {
    let mut found = Vec::new();
    let starts_a_word = |at: usize| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| is_of_a_name(c) || c == ':')
    };
    for (at, word) in code.match_indices("use ") {
        if starts_a_word(at) {
            let tree = code[at + word.len()..].split(';').next().unwrap();
            expand(&[], tree, &mut found);
        }
    }
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            if starts_a_word(at) {
                let end = |c: char| !is_of_a_name(c) && c != ':';
                let path = code[at..].split(end).next().unwrap();
                let names = path.split("::").filter(|name| !name.is_empty());
                found.push(names.map(str::to_owned).collect());
            }
        }
    }
    found
}

/// The module that a path named in `module` leads into; `None`: none of this crate, or itself.
fn target_of(
    modules: &BTreeMap<Module, String>,
    module: &Module,
    path: &[String],
) -> Option<Module> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    let mut target = match path.first()?.as_str() {
        "crate" => path[1..].to_vec(),
        "self" => [module, &path[1..]].concat(),
        "super" => [&module[..module.len().checked_sub(ups)?], &path[ups..]].concat(),
        child => {
            let mine = [module.as_slice(), &[child.to_owned()]].concat();
            modules.get(&mine)?;
            [module, path].concat()
        }
    };
    while !target.is_empty() && !modules.contains_key(&target) {
        target.pop();
    }
    (!target.is_empty() && target != *module).then_some(target)
}

/// Which modules of a folder import which other modules of it, themselves or by what lies in them.
fn imports_within(
    folder: &[String],
    uses: &BTreeSet<(Module, Module)>,
) -> BTreeSet<(String, String)> {
    let member = |module: &Module| {
        (module.len() > folder.len() && module.starts_with(folder))
            .then(|| module[folder.len()].clone())
    };
    uses.iter()
        .filter_map(|(user, used)| Some((member(user)?, member(used)?)))
        .filter(|(user, used)| user != used)
        .collect()
}

/// The modules that lead back to themselves.
fn circle_in(imports: &BTreeSet<(String, String)>) -> BTreeSet<String> {
    let reached_from = |start: &String| {
        let mut reached = BTreeSet::new();
        let mut ahead = vec![start];
        while let Some(user) = ahead.pop() {
            for (_, used) in imports.iter().filter(|(from, _)| from == user) {
                if reached.insert(used) {
                    ahead.push(used);
                }
            }
        }
        reached.contains(start)
    };
    imports
        .iter()
        .map(|(user, _)| user)
        .filter(|user| reached_from(user))
        .cloned()
        .collect()
}

#[test]
fn no_modules_of_a_folder_need_each_other_in_a_circle() {
    let modules = modules();
    let uses: BTreeSet<(Module, Module)> = modules
        .iter()
        .flat_map(|(module, code)| {
            named_paths(code)
                .into_iter()
                .filter_map(|path| target_of(&modules, module, &path))
                .map(|used| (module.clone(), used))
        })
        .collect();
    assert!(uses.len() > modules.len(), "the imports are read");
    let folders: BTreeSet<&[String]> = modules
        .keys()
        .map(|module| &module[..module.len() - 1])
        .collect();
    for folder in folders {
        let circle = circle_in(&imports_within(folder, &uses));
        let name = folder.join("/");
        assert!(
            circle.is_empty(),
            "src/{name}: these import each other in a circle: {circle:?}"
        );
    }
}

#[test]
fn a_circle_is_found() {
    let modules = BTreeMap::from(
        [
            ("a", "use super::b::{self, c::D};"),
            ("b", "pub mod c;"),
            ("b/c", "fn f() { crate::e::g() }"),
            ("e", "use super::a as other;"),
            ("h", "use crate::a; use std::a;"),
        ]
        .map(|(path, code)| {
            let module: Module = path.split('/').map(str::to_owned).collect();
            (module, code.to_owned())
        }),
    );
    let uses = modules
        .iter()
        .flat_map(|(module, code)| {
            named_paths(code)
                .into_iter()
                .filter_map(|path| target_of(&modules, module, &path))
                .map(|used| (module.clone(), used))
        })
        .collect();
    assert_eq!(
        circle_in(&imports_within(&[], &uses)),
        ["a", "b", "e"].map(str::to_owned).into()
    );
}

#[test]
fn what_is_visible_is_visible_in_the_folder_or_in_the_crate() {
    let src = root().join("src");
    for file in sources(&src) {
        let name = file.strip_prefix(&src).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            !text.contains("pub(in "),
            "{}: pub(super) or pub(crate), not pub(in …)",
            name.display()
        );
    }
}

#[test]
fn no_line_is_longer_than_100_columns() {
    let files: Vec<PathBuf> = ["src", "tests", "benches", "build.rs"]
        .iter()
        .flat_map(|part| sources(&root().join(part)))
        .filter(|file| file.extension().is_some_and(|ending| ending == "rs"))
        .collect();
    assert!(files.len() > 100, "the files are read");
    for file in files {
        for (at, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            assert!(
                line.chars().count() <= 100,
                "{}:{}: {} columns",
                file.strip_prefix(root()).unwrap().display(),
                at + 1,
                line.chars().count()
            );
        }
    }
}
