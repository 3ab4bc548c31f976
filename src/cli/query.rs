//! `--query`: a part of the result, chosen by a JMESPath expression, as users of the aws CLI know
//! it.

use std::str::FromStr;

use jmespath::ast::Ast;
use jmespath::{Context, DEFAULT_RUNTIME, ErrorReason, Expression, RuntimeError, Variable};
use serde_json::{Map, Number, Value};

use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown_on_a_line;

/// The most characters of an expression, and the octets of stack for it: it is read by recursion, a
/// level for each of its characters in the worst case.
const MAX_EXPRESSION: usize = 1000;
const STACK: usize = 64 * 1024 * 1024;

/// An expression that was read, and whose functions are there with the arguments that they take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query(String);

impl FromStr for Query {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if text.chars().count() > MAX_EXPRESSION {
            return Err(format!(
                "a JMESPath expression of at most {MAX_EXPRESSION} characters is expected"
            ));
        }
        with_deep_stack(|| check_expression(read_expression(text)?.as_ast()))??;
        Ok(Query(text.to_owned()))
    }
}

/// Does what recurses as deep as an expression on a thread of its own.
fn with_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> std::result::Result<T, String> {
    let fault = || "the machine has no room for it".to_owned();
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let thread = thread.spawn_scoped(scope, work).map_err(|_| fault())?;
        thread.join().map_err(|_| fault())
    })
}

fn read_expression(text: &str) -> std::result::Result<Expression<'static>, String> {
    jmespath::compile(text).map_err(|fault| {
        let reason = match fault.reason {
            ErrorReason::Parse(reason) => reason,
            ErrorReason::Runtime(reason) => reason.to_string(),
        };
        format!(
            "it is no JMESPath expression: {} (at character {})",
            reason.trim_end_matches('.'),
            fault.offset.saturating_add(1)
        )
    })
}

/// Checks that it chooses a value, and that nothing in it fails whatever the result is.
fn check_expression(ast: &Ast) -> std::result::Result<(), String> {
    match ast {
        Ast::Expref { .. } => Err(NO_VALUE.to_owned()),
        _ => check_functions(ast),
    }
}

/// What is wrong with an expression in the place of a value.
const NO_VALUE: &str = "what it chooses is an expression, and no value";

/// Checks what would else fail only after the command has done its work.
fn check_functions(ast: &Ast) -> std::result::Result<(), String> {
    if let Ast::Function { name, args, .. } = ast {
        check_call(name, args.len())?;
    }
    if let Ast::Slice { step: 0, .. } = ast {
        return Err("the step of a slice is 0".to_owned());
    }
    parts_of(ast).into_iter().try_for_each(check_functions)
}

/// Checks that there is such a function, and that it takes so many arguments: it looks at their
/// number before it looks at them.
fn check_call(name: &str, count: usize) -> std::result::Result<(), String> {
    let Some(function) = DEFAULT_RUNTIME.get_function(name) else {
        return Err(format!("JMESPath has no function {name}"));
    };
    let nothing = jmespath::Rcvar::new(Variable::Null);
    let mut context = Context::new("", &DEFAULT_RUNTIME);
    match function.evaluate(&vec![nothing; count], &mut context) {
        Err(fault) => match fault.reason {
            ErrorReason::Runtime(
                RuntimeError::TooManyArguments { expected, .. }
                | RuntimeError::NotEnoughArguments { expected, .. },
            ) => Err(format!(
                "the function {name} takes {expected}, and has {count}, as its number of arguments"
            )),
            _ => Ok(()),
        },
        Ok(_) => Ok(()),
    }
}

fn parts_of(ast: &Ast) -> Vec<&Ast> {
    match ast {
        Ast::Comparison { lhs, rhs, .. }
        | Ast::Projection { lhs, rhs, .. }
        | Ast::And { lhs, rhs, .. }
        | Ast::Or { lhs, rhs, .. }
        | Ast::Subexpr { lhs, rhs, .. } => vec![lhs, rhs],
        Ast::Condition {
            predicate, then, ..
        } => vec![predicate, then],
        Ast::Expref { ast, .. } => vec![ast],
        Ast::Flatten { node, .. } | Ast::Not { node, .. } | Ast::ObjectValues { node, .. } => {
            vec![node]
        }
        Ast::Function { args, .. } => args.iter().collect(),
        Ast::MultiList { elements, .. } => elements.iter().collect(),
        Ast::MultiHash { elements, .. } => elements.iter().map(|pair| &pair.value).collect(),
        Ast::Identity { .. }
        | Ast::Field { .. }
        | Ast::Index { .. }
        | Ast::Literal { .. }
        | Ast::Slice { .. } => Vec::new(),
    }
}

impl Query {
    /// Returns what it chooses of a document.
    ///
    /// # Errors
    /// Class `Usage`, `query-unfit`: a function was given what it does not take. The command has
    /// done its work by then; where that changed something, it is not to be run again.
    pub(crate) fn choose(&self, document: &Value) -> Result<Value> {
        let chosen = with_deep_stack(|| {
            let expression = read_expression(&self.0)?;
            let chosen = expression.search(document);
            let chosen = chosen.map_err(|fault| fault.reason.to_string())?;
            match serde_json::to_value(&*chosen) {
                Ok(value) if !chosen.is_expref() => Ok(with_whole_numbers(value)),
                _ => Err(NO_VALUE.to_owned()),
            }
        });
        chosen.and_then(|chosen| chosen).map_err(|reason| {
            let changed = document.get("changed").and_then(Value::as_bool);
            self.unfit(&reason, changed.unwrap_or(false))
        })
    }

    fn unfit(&self, reason: &str, changed: bool) -> Error {
        let reason = reason.trim_start_matches("Runtime error: ");
        let hint = match changed {
            true => {
                "what the command was to do is done, and told here: do not run it again for an \
                 answer; try the expression on a command that only looks"
            }
            false => {
                "what the command was to do is done; --output json without --query prints the \
                 whole result"
            }
        };
        Error::new(
            ErrorKind::QueryUnfit,
            format!("--query does not fit the result: {reason}"),
            hint,
        )
        .after_work(changed)
        .with_fact(FactName::Option, "--query")
        .with_fact(FactName::Found, &self.0)
    }
}

/// Returns the value with its whole numbers as such: the library reckons in floating point, and the
/// sum of 1 and 2 is 3.
fn with_whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(whole(&number).unwrap_or(number)),
        Value::Array(items) => items.into_iter().map(with_whole_numbers).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, with_whole_numbers(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

fn whole(number: &Number) -> Option<Number> {
    let real = number.is_f64().then(|| number.as_f64())??;
    let is_exact = real.fract() == 0.0 && real.abs() < 9.0e15;
    is_exact
        .then(|| format!("{real:.0}").parse::<i64>().ok())?
        .map(Number::from)
}

/// Returns a value as the aws CLI prints it with `--output text`: a line for each row, its cells
/// with a tab between them, the members of a row by their names (awscli 1.46, text.py).
pub(crate) fn to_rows(value: &Value) -> String {
    let mut out = String::new();
    push_value(&mut out, value, None, None);
    out
}

fn push_value(out: &mut String, value: &Value, name: Option<&str>, columns: Option<&[&str]>) {
    match value {
        Value::Object(members) => push_members(out, members, name, columns),
        Value::Array(items) => push_items(out, items, name),
        scalar => push_row(out, &[cell(scalar)]),
    }
}

fn push_items(out: &mut String, items: &[Value], name: Option<&str>) {
    if items.iter().any(Value::is_object) {
        let members = items.iter().filter_map(Value::as_object).flatten();
        let mut columns: Vec<&str> = members
            .filter(|(_, value)| is_scalar(value))
            .map(|(name, _)| name.as_str())
            .collect();
        columns.sort_unstable();
        columns.dedup();
        for item in items {
            push_value(out, item, name, Some(&columns));
        }
        return;
    }
    let (scalars, others): (Vec<&Value>, Vec<&Value>) =
        items.iter().partition(|item| is_scalar(item));
    match name {
        Some(name) => scalars
            .iter()
            .for_each(|scalar| push_row(out, &[shown_name(name), cell(scalar)])),
        None if scalars.is_empty() => {}
        None => push_row(out, &scalars.into_iter().map(cell).collect::<Vec<_>>()),
    }
    for other in others {
        push_value(out, other, name, None);
    }
}

fn push_members(
    out: &mut String,
    members: &Map<String, Value>,
    name: Option<&str>,
    columns: Option<&[&str]>,
) {
    let mut sorted: Vec<(&str, &Value)> = members
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    let mut cells: Vec<String> = match columns {
        Some(columns) => columns
            .iter()
            .map(|column| members.get(*column).map(cell).unwrap_or_default())
            .collect(),
        None => sorted
            .iter()
            .filter(|(_, value)| is_scalar(value))
            .map(|(_, value)| cell(value))
            .collect(),
    };
    if !cells.is_empty() {
        if let Some(name) = name {
            cells.insert(0, shown_name(name));
        }
        push_row(out, &cells);
    }
    let is_column = |name: &str| columns.is_some_and(|columns| columns.contains(&name));
    for (name, value) in sorted {
        if !is_scalar(value) && !is_column(name) {
            push_value(out, value, Some(name), None);
        }
    }
}

fn push_row(out: &mut String, cells: &[String]) {
    out.push_str(&cells.join("\t"));
    out.push('\n');
}

fn shown_name(name: &str) -> String {
    shown_on_a_line(&name.to_uppercase())
}

fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

/// Returns a value as Python's `str` has it; nothing in it drives a terminal or ends its cell.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => shown_on_a_line(text),
        other => shown_on_a_line(&other.to_string()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn choose(text: &str, document: &Value) -> Value {
        text.parse::<Query>().unwrap().choose(document).unwrap()
    }

    #[test]
    fn what_cannot_be_right_is_said_before_anything_is_done() {
        for (text, says) in [
            ("", "no JMESPath expression"),
            ("a.", "no JMESPath expression"),
            ("clusters[?state=='ACTIVE'", "no JMESPath expression"),
            ("a-b", "no JMESPath expression"),
            ("[::0]", "step of a slice is 0"),
            ("a[?b[::0]]", "step of a slice is 0"),
            ("&a", "an expression, and no value"),
            ("lenght(@)", "no function lenght"),
            ("a[*].b[?lenght(@) > `1`]", "no function lenght"),
            ("{a: sort_by(b, &upper(c))}", "no function upper"),
            ("length()", "takes 1, and has 0"),
            ("length(a, b)", "takes 1, and has 2"),
            (&"(".repeat(2000), "at most 1000 characters"),
        ] {
            match text.parse::<Query>() {
                Err(said) => assert!(said.contains(says), "{text}: {said}"),
                Ok(query) => assert!(says.is_empty() && query.choose(&json!([1])).is_err()),
            }
        }
    }

    #[test]
    fn however_deep_an_expression_is_it_is_read_or_refused() {
        let whole = |open: &str, inner: &str, close: &str| {
            let count = (MAX_EXPRESSION - inner.len()) / (open.len() + close.len());
            open.repeat(count) + inner + &close.repeat(count)
        };
        for text in [
            whole("(", "a", ")"),
            whole("(", "", ""),
            whole("[", "a", "]"),
            whole("!", "a", ""),
            whole("", "a", ".a"),
            whole("", "a", "[*]"),
            whole("", "a", "[]"),
            whole("", "a", "|a"),
            whole("", "a", "||a"),
            whole("a[?", "a", "]"),
            whole("{a:", "a", "}"),
            whole("&", "a", ""),
            whole("type(", "a", ")"),
            whole("", "`1", "1"),
        ] {
            if let Ok(query) = text.parse::<Query>() {
                drop(query.choose(&json!({ "a": [{ "a": [1] }] })));
            }
        }
    }

    #[test]
    fn numbers_are_as_they_were() {
        let document = json!({ "a": [1, 2, 3], "b": 1.5 });
        assert_eq!(choose("sum(a)", &document).to_string(), "6");
        assert_eq!(choose("length(a)", &document).to_string(), "3");
        assert_eq!(choose("b", &document).to_string(), "1.5");
        assert_eq!(choose("nothing", &document), Value::Null);
    }

    #[test]
    fn rows_are_as_the_aws_cli_prints_them() {
        for (value, text) in [
            (json!(null), "None\n"),
            (json!(true), "True\n"),
            (json!("a\tb\n"), "a\\u{9}b\\u{a}\n"),
            (json!([]), ""),
            (json!({}), ""),
            (json!(["a", 1, null]), "a\t1\tNone\n"),
            (json!([["a", "b"], ["c", "d"]]), "a\tb\nc\td\n"),
            (json!({ "b": 1, "a": "x" }), "x\t1\n"),
            (json!([{ "b": 1, "a": "x" }, { "a": "y" }]), "x\t1\ny\t\n"),
            (
                json!({ "id": "c", "hsms": [{ "a": "h", "b": "ACTIVE" }], "ids": ["s", "t"] }),
                "c\nHSMS\th\tACTIVE\nIDS\ts\nIDS\tt\n",
            ),
        ] {
            assert_eq!(to_rows(&value), text, "{value}");
        }
    }
}
