//! The rows: what a parameter may be, requests just within and beyond it, and how those beyond are
//! refused.

use serde_json::{Value, json};

/// A constraint of a parameter, as the API Reference prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    Required,
    Pattern(&'static str),
    OneOf(&'static str),
    MinLength(usize),
    MaxLength(usize),
    MinItems(usize),
    MaxItems(usize),
    Min(i64),
    Max(i64),
    /// In words: what no list of constraints says.
    Also(&'static str),
}

impl Rule {
    /// For the page.
    pub fn text(self) -> String {
        match self {
            Self::Required => String::from("required"),
            Self::Pattern(pattern) => format!("pattern `{}`", pattern.replace('|', "\\|")),
            Self::OneOf(values) => format!("one of `{}`", values.replace(", ", "`, `")),
            Self::MinLength(n) => format!("length at least {n}"),
            Self::MaxLength(n) => format!("length at most {n}"),
            Self::MinItems(n) => format!("at least {n} item"),
            Self::MaxItems(n) => format!("at most {n} items"),
            Self::Min(n) => format!("at least {n}"),
            Self::Max(n) => format!("at most {n}"),
            Self::Also(words) => String::from(words),
        }
    }

    /// What a refusal says of it, after the parameter's name.
    fn wording(self) -> String {
        let constraint = match self {
            Self::Required => String::from("Member must not be null"),
            Self::Pattern(pattern) => {
                format!("Member must satisfy regular expression pattern: {pattern}")
            }
            Self::OneOf(values) => format!("Member must satisfy enum value set: [{values}]"),
            Self::MinLength(n) | Self::MinItems(n) => {
                format!("Member must have length greater than or equal to {n}")
            }
            Self::MaxLength(n) | Self::MaxItems(n) => {
                format!("Member must have length less than or equal to {n}")
            }
            Self::Min(n) => format!("Member must have value greater than or equal to {n}"),
            Self::Max(n) => format!("Member must have value less than or equal to {n}"),
            Self::Also(_) => return String::new(),
        };
        format!("failed to satisfy constraint: {constraint}")
    }
}

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The API Reference of 2022-06-06, or today's service model.
    Reference,
    /// Guides, or this simulator's own decision: docs/simulator.md says which.
    Page,
}

pub struct Row {
    /// As messages name it: `TagList.1.member.Key`.
    pub parameter: &'static str,
    pub rule: Rule,
    pub source: Source,
    pub within: Vec<Value>,
    pub beyond: Vec<Value>,
    pub kind: &'static str,
    /// What the refusal's message holds.
    pub words: Vec<String>,
}

impl Row {
    /// For the page and the reference: `TagList[].Key`.
    pub fn parameter_text(&self) -> String {
        self.parameter.replace(".1.member", "[]")
    }
}

/// All rows of one action. `good` is a request that no constraint refuses.
pub struct Table {
    pub action: &'static str,
    pub test: &'static str,
    good: Value,
    pub rows: Vec<Row>,
}

const INVALID: &str = "CloudHsmInvalidRequestException";

impl Table {
    pub fn new(action: &'static str, test: &'static str, good: Value) -> Self {
        Self {
            action,
            test,
            good,
            rows: Vec::new(),
        }
    }

    fn row(
        &mut self,
        parameter: &'static str,
        rule: Rule,
        within: Vec<Value>,
        beyond: Vec<Value>,
    ) -> &mut Self {
        let put = |values: Vec<Value>| {
            values
                .into_iter()
                .map(|value| with(&self.good, parameter, value))
                .collect()
        };
        let named = format!("'{parameter}'");
        let row = Row {
            parameter,
            rule,
            source: Source::Reference,
            within: put(within),
            beyond: put(beyond),
            kind: INVALID,
            words: vec![named, rule.wording()],
        };
        self.rows.push(row);
        self
    }

    /// A rule of the reference about a map's keys: the message names the map.
    pub fn named(
        &mut self,
        parameter: &'static str,
        rule: Rule,
        within: Vec<Value>,
        beyond: Vec<Value>,
    ) -> &mut Self {
        self.row(parameter, rule, within, beyond)
    }

    pub fn required(&mut self, parameter: &'static str) -> &mut Self {
        let (good, null) = (get(&self.good, parameter), Value::Null);
        self.row(parameter, Rule::Required, vec![good], vec![null])
    }

    pub fn pattern(
        &mut self,
        parameter: &'static str,
        pattern: &'static str,
        within: &[&str],
        beyond: &[&str],
    ) -> &mut Self {
        self.row(
            parameter,
            Rule::Pattern(pattern),
            values(within),
            values(beyond),
        )
    }

    pub fn one_of(
        &mut self,
        parameter: &'static str,
        all: &'static str,
        beyond: &[&str],
    ) -> &mut Self {
        let each: Vec<&str> = all.split(", ").collect();
        self.row(parameter, Rule::OneOf(all), values(&each), values(beyond))
    }

    pub fn min_length(
        &mut self,
        parameter: &'static str,
        n: usize,
        of: impl Fn(usize) -> String,
    ) -> &mut Self {
        self.row(
            parameter,
            Rule::MinLength(n),
            vec![of(n).into()],
            vec![of(n - 1).into()],
        )
    }

    pub fn max_length(
        &mut self,
        parameter: &'static str,
        n: usize,
        of: impl Fn(usize) -> String,
    ) -> &mut Self {
        self.row(
            parameter,
            Rule::MaxLength(n),
            vec![of(n).into()],
            vec![of(n + 1).into()],
        )
    }

    /// A minimum of one, where an empty text fits no pattern that would refuse it first.
    pub fn shortest(&mut self, parameter: &'static str, n: usize) -> &mut Self {
        self.row(parameter, Rule::MinLength(n), Vec::new(), vec![json!("")])
    }

    /// A maximum that the pattern does not let any value reach.
    pub fn max_length_unreached(
        &mut self,
        parameter: &'static str,
        n: usize,
        of: impl Fn(usize) -> String,
    ) -> &mut Self {
        self.row(
            parameter,
            Rule::MaxLength(n),
            Vec::new(),
            vec![of(n + 1).into()],
        )
    }

    pub fn items(
        &mut self,
        parameter: &'static str,
        (least, most): (usize, usize),
        of: impl Fn(usize) -> Value,
    ) -> &mut Self {
        let list = |n: usize| (0..n).map(&of).collect::<Value>();
        self.row(
            parameter,
            Rule::MinItems(least),
            vec![list(least)],
            vec![list(least - 1)],
        );
        self.row(
            parameter,
            Rule::MaxItems(most),
            vec![list(most)],
            vec![list(most + 1)],
        )
    }

    pub fn range(&mut self, parameter: &'static str, (least, most): (i64, i64)) -> &mut Self {
        self.row(
            parameter,
            Rule::Min(least),
            vec![json!(least)],
            vec![json!(least - 1), json!(i64::MIN)],
        );
        self.row(
            parameter,
            Rule::Max(most),
            vec![json!(most)],
            vec![json!(most + 1), json!(u64::MAX)],
        )
    }

    /// A rule in words, with whole requests and what the refusal says.
    pub fn also(
        &mut self,
        parameter: &'static str,
        rule: &'static str,
        kind: &'static str,
        requests: [Vec<Value>; 2],
        words: &[&str],
    ) -> &mut Self {
        let [within, beyond] = requests;
        let words = words.iter().map(|word| String::from(*word)).collect();
        self.rows.push(Row {
            parameter,
            rule: Rule::Also(rule),
            source: Source::Page,
            within,
            beyond,
            kind,
            words,
        });
        self
    }

    /// An id in the right form that names nothing.
    pub fn exists(&mut self, parameter: &'static str, unknown: &str) -> &mut Self {
        let beyond = vec![self.with(parameter, json!(unknown))];
        self.also(
            parameter,
            "names something that is there",
            "CloudHsmResourceNotFoundException",
            [Vec::new(), beyond],
            &[unknown],
        )
    }

    /// The good request with one parameter changed.
    pub fn with(&self, parameter: &str, value: Value) -> Value {
        with(&self.good, parameter, value)
    }
}

fn values(texts: &[&str]) -> Vec<Value> {
    texts.iter().map(|text| Value::from(*text)).collect()
}

/// The way to a parameter in a request: `TagList.1.member.Key` is `/TagList/0/Key`.
fn steps(parameter: &str) -> Vec<String> {
    let parts: Vec<&str> = parameter
        .split('.')
        .filter(|part| *part != "member")
        .collect();
    parts
        .iter()
        .map(|part| {
            part.parse::<usize>()
                .map_or_else(|_| String::from(*part), |n| (n - 1).to_string())
        })
        .collect()
}

fn get(request: &Value, parameter: &str) -> Value {
    request
        .pointer(&format!("/{}", steps(parameter).join("/")))
        .cloned()
        .unwrap_or_else(|| panic!("{parameter} is not in {request}"))
}

/// `null` takes the parameter out.
pub fn with(request: &Value, parameter: &str, value: Value) -> Value {
    let mut request = request.clone();
    let mut steps = steps(parameter);
    let last = steps.pop().unwrap();
    let mut at = &mut request;
    for step in steps {
        at = match at {
            Value::Array(items) => &mut items[step.parse::<usize>().unwrap()],
            other => &mut other[step.as_str()],
        };
    }
    match at {
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value,
        other if value.is_null() => {
            other.as_object_mut().unwrap().remove(&last);
        }
        other => other[last.as_str()] = value,
    }
    request
}
