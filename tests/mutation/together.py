"""All mutants in one program: the source with every mutant that cargo-mutants names in it, each switched on by a number.

A mutant is built into the place that it changes. An operator's expression becomes a `match` whose arms are the mutants and, last, the code as
it is; a function's body begins with the values it may give instead; an arm that is to go has a guard. So the library is built once for all of
them, and a trial of a mutant is a run of tests with its number in the environment.

What cannot be switched (in a constant, in a chain of `let`s), or does not compile among the others, is left to cargo-mutants itself.
"""

import collections
import json
import pathlib
import re
import subprocess

import tree_sitter
import tree_sitter_rust

RUST = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))
EXPRESSIONS = {"binary_expression", "compound_assignment_expr", "unary_expression", "struct_expression"}
# Errors about what is written there: a trait is not implemented, types differ, there is no such function, or it takes other arguments.
BY_ITSELF = {"E0277", "E0308", "E0599", "E0061", "E0283", "E0369", "E0433"}
# `MUTANT` switches a mutant on. `MUTANTS_REACHED` names a file to which each place that is come by writes its number, once.
SWITCH = """
//! Which mutant is on. This file is in the copy for mutation tests only.
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

static ACTIVE: OnceLock<(u32, Option<std::ffi::OsString>)> = OnceLock::new();
static REACHED: [AtomicBool; PLACES] = [const { AtomicBool::new(false) }; PLACES];

#[inline]
pub(crate) fn at(place: usize) -> u32 {
    let (active, record) = ACTIVE.get_or_init(|| {
        let number = std::env::var("MUTANT").ok().and_then(|text| text.parse().ok());
        (number.unwrap_or(0), std::env::var_os("MUTANTS_REACHED"))
    });
    if let Some(file) = record
        && !REACHED[place].swap(true, Ordering::Relaxed)
    {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file).unwrap();
        file.write_all(format!("{place}\\n").as_bytes()).unwrap();
    }
    *active
}
"""


class Place:
    """A place in a file with its mutants. `kind` is how they are built in: instead of what is between `start` and `end`, or before `start`."""

    def __init__(self, kind, start, end):
        self.kind, self.start, self.end, self.mutants = kind, start, end, []


class File:
    """A source file and the mutants in it: number, and what cargo-mutants says of it."""

    def __init__(self, path, mutants):
        self.path, self.source = path, path.read_bytes()
        self.lines = [0]
        for line in self.source.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))
        self.tree = RUST.parse(self.source)
        self.mutants = mutants
        # Left to cargo-mutants; and what does not compile.
        self.alone, self.unviable = set(), set()
        # The names of the functions that are called in constants.
        self.constant = set()

    def offset(self, position):
        """The byte at a line and a column, which cargo-mutants counts from 1, in characters."""
        begin = self.lines[position["line"] - 1]
        text = self.source[begin : self.lines[position["line"]]].decode()
        return begin + len(text[: position["column"] - 1].encode())

    def place_of(self, mutant):
        """Where and how a mutant is built in, with its text; None if it cannot be."""
        start, end = self.offset(mutant["span"]["start"]), self.offset(mutant["span"]["end"])
        node = self.tree.root_node.descendant_for_byte_range(start, start + 1)
        if self.in_constant(node):
            return None
        genre, text = mutant["genre"], mutant["replacement"].encode()
        if genre == "FnValue":
            while node and not (node.type == "block" and node.parent.type == "function_item" and node.start_byte < start):
                node = node.parent
            return node and ("body", node.start_byte + 1, node.start_byte + 1, text)
        if genre == "MatchArmGuard":
            return "instead", start, end, text
        if genre == "MatchArm":
            while node and not (node.type == "match_arm" and node.start_byte == start):
                node = node.parent
            pattern = node and node.child_by_field_name("pattern")
            if not pattern:
                return None
            guard = pattern.child_by_field_name("condition")
            return ("guard", guard.start_byte, guard.end_byte, b"") if guard else ("arm", pattern.end_byte, pattern.end_byte, b"")
        while node and not (node.type in EXPRESSIONS and node.start_byte <= start and node.end_byte >= end):
            node = node.parent
        if not node:
            return None
        operator = node
        # The operator is exchanged in the text: what binds tighter than the new one is read anew.
        while genre == "BinaryOperator" and node.parent and node.parent.type == "binary_expression":
            node = node.parent
        if genre != "StructField" and not any(child.start_byte == start and child.end_byte == end for child in operator.children):
            return None
        tail = self.source[end : node.end_byte]
        if genre == "StructField":
            tail = re.sub(rb"^\s*,", b"", tail)
        return "instead", node.start_byte, node.end_byte, self.source[node.start_byte : start] + text + tail

    def in_constant(self, node):
        """Whether it is evaluated as the program is built: there, nothing can be switched. A constant function is made an ordinary one,
        where no constant calls it."""
        while node:
            if node.type in ("const_item", "static_item", "const_block", "array_type"):
                return True
            if node.type == "function_item":
                return bool(const_of(node)) and node.child_by_field_name("name").text.decode() in self.constant
            node = node.parent
        return False

    def render(self, first_place):
        """The source with all its mutants but those in `alone`; and its places, numbered from `first_place`."""
        places = {}
        for number, mutant in self.mutants.items():
            found = None if number in self.alone | self.unviable else self.place_of(mutant)
            if not found:
                if number not in self.unviable:
                    self.alone.add(number)
                continue
            kind, start, end, text = found
            places.setdefault((start, -end, kind), Place(kind, start, end)).mutants.append((number, text))
            if modifier := const_of(function_of(self.tree.root_node.descendant_for_byte_range(start, start + 1))):
                places[(modifier.start_byte, -modifier.end_byte, "gone")] = Place("gone", modifier.start_byte, modifier.end_byte)
        ordered = [places[key] for key in sorted(places)]
        numbered = {id(place): first_place + index for index, place in enumerate(ordered)}

        def text_of(start, end, inside):
            out, at = [], start
            while inside:
                place, inner = inside[0], 1
                while inner < len(inside) and inside[inner].start < place.end:
                    inner += 1
                out += [self.source[at : place.start], woven(place, inside[1:inner])]
                at, inside = place.end, inside[inner:]
            return b"".join([*out, self.source[at:end]])

        def woven(place, inside):
            if place.kind == "gone":
                return b""
            switch = b"crate::mutants::at(%d)" % numbered[id(place)]
            if place.kind == "arm":
                number = place.mutants[0][0]
                return b" if %s != %d /*<%d*//*%d>*/" % (switch, number, number, number)
            within = text_of(place.start, place.end, inside)
            arms = b"".join(b"%d => /*<%d*/{%s}/*%d>*/, " % (number, number, text, number) for number, text in place.mutants)
            if place.kind == "body":
                arms = b"".join(b"%d => /*<%d*/{ return {%s} }/*%d>*/, " % (number, number, text, number) for number, text in place.mutants)
                return b"match %s { %s_ => {} }" % (switch, arms)
            if place.kind == "guard":
                return b"(%s != %d && (/*<%d*/%s/*%d>*/))" % (switch, place.mutants[0][0], place.mutants[0][0], within, place.mutants[0][0])
            return b"(match %s { %s_ => %s })" % (switch, arms, within)

        return text_of(0, len(self.source), ordered), {numbered[id(place)]: [number for number, _ in place.mutants] for place in ordered}


def function_of(node):
    while node and node.type != "function_item":
        node = node.parent
    return node


def const_of(function):
    """The word `const` of a function."""
    for child in function.children if function else ():
        if child.type == "function_modifiers":
            return next((word for word in child.children if word.type == "const"), None)
    return None


class Program:
    """A copy of the project with mutants built in. `alone` has those that are left to cargo-mutants."""

    def __init__(self, tree, mutants, features, environment):
        self.tree, self.features, self.environment = tree, features, environment
        by_file = collections.defaultdict(dict)
        for number, mutant in mutants.items():
            by_file[mutant["file"]][number] = mutant
        self.files = [File(tree / name, inside) for name, inside in sorted(by_file.items())]
        self.named = {str(file.path.relative_to(tree)): file for file in self.files}
        self.places = {}

    @property
    def alone(self):
        return set().union(*(file.alone for file in self.files))

    @property
    def unviable(self):
        return set().union(*(file.unviable for file in self.files))

    def weave(self):
        """Writes the files with their mutants, the switch, and what carries it into the programs that tests start."""
        self.places = {}
        for file in self.files:
            text, places = file.render(len(self.places))
            self.places |= places
            if file.path.read_bytes() != text:
                file.path.write_bytes(text)
        write(self.tree / "src/mutants.rs", SWITCH.replace("PLACES]", f"{max(1, len(self.places))}]").replace("PLACES", "0"))
        library = self.tree / "src/lib.rs"
        text = library.read_text()
        if "\nmod mutants;" not in text:
            library.write_text(re.sub(r"\n(pub mod |mod )", r"\n#[allow(clippy::all, warnings)]\nmod mutants;\n\1", text, count=1))
        carried = '.env_clear().envs(std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MUTANT")))'
        for test in self.tree.glob("tests/**/*.rs"):
            text = test.read_text()
            if ".env_clear()" in text and carried not in text:
                test.write_text(text.replace(".env_clear()", carried))

    def cargo(self, *words):
        command = ["cargo", *words[:1], "--locked", "--message-format=json", *self.features, *words[1:]]
        ran = subprocess.run(command, cwd=self.tree, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return ran, [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]

    def settle(self, say):
        """Builds, and leaves to cargo-mutants what does not compile, until the rest does."""
        while True:
            self.weave()
            ran, messages = self.cargo("check", "--lib")
            if ran.returncode == 0:
                return
            errors = [m["message"] for m in messages if m.get("reason") == "compiler-message" and m["message"]["level"] == "error"]
            constant = {name for error in errors for name in re.findall(r"non-const .*?`(?:.*::)?(\w+)`", error["message"])}
            if constant:
                for file in self.files:
                    file.constant |= constant
                continue
            count = self.blame(errors, say)
            if not count:
                raise SystemExit("the copy with its mutants does not compile:\n" + "".join(error["rendered"] for error in errors)[:6000] + ran.stderr[-3000:])
            say(f"{count} mutants do not compile, or not among the others")

    def blame(self, errors, say):
        """Takes out the mutants that errors are about; gives how many.

        An error in a mutant's own text, about the types that are there, is one that it has by itself: it does not compile. Where an error may
        come of the others, or is beside the text (an arm is missing, two values of `impl Trait` differ), cargo-mutants tries those alone.
        """
        before = len(self.alone) + len(self.unviable)
        for error in errors:
            spans = [(self.named[span["file_name"]], span) for span in error["spans"] if span["file_name"] in self.named]
            spans.sort(key=lambda found: not found[1]["is_primary"])
            code = (error["code"] or {}).get("code")
            own = next((found for found in ((file, self.innermost(file, span)) for file, span in spans) if found[1]), None)
            if own and code in BY_ITSELF and "impl " not in own[0].mutants[own[1]]["function"]["return_type"]:
                own[0].unviable.add(own[1])
            elif own:
                own[0].alone.add(own[1])
            else:
                for file, span in spans[:1]:
                    inside = self.around(file, span) - file.alone - file.unviable
                    arms = {number for number in inside if file.mutants[number]["genre"] == "MatchArm"}
                    bodies = {number for number in inside if file.mutants[number]["genre"] == "FnValue"}
                    file.alone |= (arms if code == "E0004" else bodies) or inside
                    say(f"{error['rendered'].splitlines()[0]} ({file.path.name}, beside the mutants' text)")
        return len(self.alone) + len(self.unviable) - before

    @staticmethod
    def innermost(file, span):
        woven, best = file.path.read_bytes(), None
        for begin in re.finditer(rb"/\*<(\d+)\*/", woven):
            if begin.start() > span["byte_start"]:
                break
            end = woven.find(b"/*%s>*/" % begin[1], begin.end())
            if end >= span["byte_end"]:
                best = int(begin[1])
        return best

    @staticmethod
    def around(file, span):
        woven = file.path.read_bytes()
        node = RUST.parse(woven).root_node.descendant_for_byte_range(span["byte_start"], span["byte_end"])
        while node.parent and node.type != "function_item":
            node = node.parent
        return {int(number) for number in re.findall(rb"/\*<(\d+)\*/", woven[node.start_byte : node.end_byte])}


def write(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
