//! The configuration file: lines of TOML, `name = "value"` or `name = ["value", ...]`.
//!
//! It names roots and the owner's CA, so it counts only if nobody but its owner can have written
//! it, and never where it lies in a bundle. It is read by own code, since the build without
//! features reads one that `--config` names, and has no library for TOML.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{IN_FILE, PATHS};
use crate::bundle;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, Dir};
use crate::outside::shown_path;

/// The longest file, in octets.
const MAX_FILE: u64 = 64 * 1024;

/// What a file sets.
pub(super) struct SettingsFile {
    pub(super) path: PathBuf,
    settings: BTreeMap<String, Vec<OsString>>,
}

impl SettingsFile {
    /// Reads the file that was named, or the user's own where there is one. The build without
    /// features reads only one that was named.
    ///
    /// # Errors
    /// Class `Input`, `bad-config`: it is none, others can write to it, or it lies in a bundle.
    /// Others as [`fsio::read`].
    pub(super) fn read(named: Option<&Path>) -> Result<Option<Self>> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => match own_path().filter(|path| fsio::is_there(path)) {
                Some(path) => path,
                None => return Ok(None),
            },
        };
        let (content, facts) = fsio::read_with_facts(&path, "a configuration file", MAX_FILE)?;
        let full = fsio::resolve_path(&path).unwrap_or_else(|_| path.clone());
        check_owner(&path, &full, &facts)?;
        check_outside_bundles(&path, &full, named.is_some())?;
        let text =
            String::from_utf8(content).map_err(|_| bad_config(&path, "it is no text in UTF-8"))?;
        let settings = parse(&text).map_err(|fault| bad_config(&path, &fault))?;
        // The directory that was looked at, and not a link's.
        let dir = dir_of(&full);
        let settings = settings
            .into_iter()
            .map(|(option, values)| {
                let begins_there = PATHS.contains(&option.as_str());
                let whole = |value: String| match begins_there {
                    true => dir.join(value).into_os_string(),
                    false => value.into(),
                };
                (option, values.into_iter().map(whole).collect())
            })
            .collect();
        Ok(Some(SettingsFile { path, settings }))
    }

    /// Returns what is set for an option.
    pub(super) fn values(&self, option: &str) -> Option<Vec<OsString>> {
        self.settings.get(option).cloned()
    }
}

/// Tells whether the user has a file of their own.
pub(super) fn is_there() -> bool {
    own_path().is_some_and(|path| fsio::is_there(&path))
}

/// Returns the place of the user's own file.
fn own_path() -> Option<PathBuf> {
    if !cfg!(feature = "online") {
        return None;
    }
    let named = |variable: &str| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let dir = named("XDG_CONFIG_HOME").or_else(|| Some(named("HOME")?.join(".config")))?;
    Some(dir.join("hsmboot/config.toml"))
}

fn bad_config(path: &Path, fault: &str) -> Error {
    Error::new(
        ErrorKind::BadConfig,
        [
            "the configuration file cannot be taken".to_owned(),
            format!("  file   {}", shown_path(path)),
            format!("  fault  {fault}"),
        ],
        "mend the file, or name another one with --config",
    )
    .with_fact(FactName::File, path)
    .with_fact(FactName::Found, fault)
}

/// Checks that nobody but this user, or root, can have written the file, or put another one in its
/// place: not where it lies, and not where a link to it does.
fn check_owner(path: &Path, full: &Path, facts: &std::fs::Metadata) -> Result<()> {
    let me = rustix::process::geteuid().as_raw();
    let trusted = |facts: &std::fs::Metadata| {
        (facts.uid() == me || facts.uid() == 0) && facts.mode() & 0o022 == 0
    };
    if !trusted(facts) {
        return Err(bad_config(
            path,
            "others can write to it, or own it, and it says which CA is yours: chmod go-w",
        ));
    }
    // Where everybody may write, but only to their own files, nobody can exchange the file. A link
    // there could have been another user's before.
    let kept = |facts: &std::fs::Metadata| {
        trusted(facts) || ((facts.uid() == me || facts.uid() == 0) && facts.mode() & 0o1000 != 0)
    };
    let is_link = fsio::link_target(path).is_some();
    let dirs = [(dir_of(full), false), (dir_of(path), is_link)];
    let open = dirs.into_iter().find(|(dir, of_link)| {
        !fsio::metadata_of(dir).is_some_and(|dir| match of_link {
            true => trusted(&dir),
            false => kept(&dir),
        })
    });
    match open {
        None => Ok(()),
        Some((dir, _)) => Err(Error {
            hint: "take the right to write there from group and others, where the directory is \
                   yours; or copy the file into a directory that you alone can write to, and name \
                   it with --config"
                .into(),
            ..bad_config(
                path,
                &format!(
                    "others can write to its directory {}, or own it, and so exchange the file",
                    shown_path(dir)
                ),
            )
        }),
    }
}

/// Returns the directory that a path's last name is in.
fn dir_of(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    }
}

/// Checks that the file is none of a bundle's: a bundle names nobody. Of one that was named, no
/// directory above is a bundle either; the user's own may lie in a home that has one's files. What
/// lies in the bundle that a command is about is refused in any case, where that is opened.
fn check_outside_bundles(path: &Path, full: &Path, is_named: bool) -> Result<()> {
    let depth = if is_named { usize::MAX } else { 1 };
    let mut dirs = std::iter::once(dir_of(path)).chain(dir_of(full).ancestors().take(depth));
    let lies_in_bundle = dirs.any(|dir| {
        let names = Dir::open(dir)
            .and_then(|dir| dir.names())
            .unwrap_or_default();
        names.iter().any(|name| bundle::is_only_of_bundles(name))
    });
    match lies_in_bundle {
        true => Err(of_bundle(path)),
        false => Ok(()),
    }
}

/// The error of a file that lies in a bundle.
pub(super) fn of_bundle(path: &Path) -> Error {
    bad_config(
        path,
        "it lies in a bundle, and nothing in a bundle names the owner",
    )
}

/// Reads the lines.
fn parse(text: &str) -> std::result::Result<BTreeMap<String, Vec<String>>, String> {
    let mut settings = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = at.saturating_add(1);
        let wrong = |what: &str| format!("line {number}: {what}");
        let (name, value) = line
            .split_once('=')
            .ok_or_else(|| wrong("expected name = \"value\""))?;
        let name = name.trim();
        if !IN_FILE.contains(&name) {
            // It is not shown: the file may be a damaged key, and the name a part of it.
            return Err(wrong(&format!(
                "expected the name of an option that a file sets: {}",
                IN_FILE.join(", ")
            )));
        }
        let values = values(value.trim())
            .ok_or_else(|| wrong("expected \"value\", or [\"value\", \"value\"] on one line"))?;
        if settings.insert(name.to_owned(), values).is_some() {
            return Err(wrong(&format!("{name} is set twice")));
        }
    }
    Ok(settings)
}

/// Reads a string, or a list of strings on one line, and a comment behind it.
fn values(text: &str) -> Option<Vec<String>> {
    let Some(mut rest) = text.strip_prefix('[') else {
        let (value, rest) = string(text)?;
        return is_end(rest).then(|| vec![value]);
    };
    let mut values = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(end) = rest.strip_prefix(']') {
            return (is_end(end) && !values.is_empty()).then_some(values);
        }
        let (value, after) = string(rest)?;
        values.push(value);
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(more) => more,
            None if after.starts_with(']') => after,
            None => return None,
        };
    }
}

fn is_end(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with('#')
}

/// Reads a string at the begin of a text, and returns what follows it: `"..."` with `\"` and `\\`,
/// or `'...'` as it is.
fn string(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix('\'') {
        let (value, rest) = rest.split_once('\'')?;
        return plain(value.to_owned(), rest);
    }
    let rest = text.strip_prefix('"')?;
    let mut value = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return plain(value, rest.get(at.checked_add(1)?..)?),
            '\\' => match chars.next()?.1 {
                c @ ('"' | '\\') => value.push(c),
                _ => return None,
            },
            c => value.push(c),
        }
    }
    None
}

/// A value is a word of a command line: it is not empty, and holds nothing that a terminal obeys.
fn plain(value: String, rest: &str) -> Option<(String, &str)> {
    let fine = !value.is_empty() && !value.contains(crate::outside::is_obeyed);
    fine.then_some((value, rest))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_names_with_strings_or_lists_of_strings() {
        let text = "# mine\nregion = \"eu-central-1\" # here\n\
                    aws-root = ['a', \"b\\\\c\"]\n\nprofile='ops'\n";
        let settings = parse(text).unwrap();
        assert_eq!(settings["region"], ["eu-central-1"]);
        assert_eq!(settings["aws-root"], ["a", "b\\c"]);
        assert_eq!(settings["profile"], ["ops"]);
    }

    #[test]
    fn what_else_stands_there_is_refused_with_its_line() {
        for (text, fault) in [
            ("region", "line 1: expected name"),
            ("\nregion = x", "line 2: expected \"value\""),
            ("region = \"a\" b", "line 1: expected \"value\""),
            ("region = \"\"", "line 1: expected \"value\""),
            ("region = \"a\nb\"", "line 1: expected \"value\""),
            ("aws-root = [\"a\"", "line 1: expected"),
            ("aws-root = []", "line 1: expected"),
            ("[defaults]", "line 1: expected name"),
            ("yes = \"true\"", "line 1: expected the name of an option"),
            (
                "unverified = \"true\"",
                "line 1: expected the name of an option",
            ),
            ("wtZ0XBTvC5B4=", "line 1: expected the name of an option"),
            (
                "region = \"a\"\nregion = \"b\"",
                "line 2: region is set twice",
            ),
            ("region = \"a\\u0041\"", "line 1: expected"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.contains(fault), "{text}: {found}");
        }
    }
}
