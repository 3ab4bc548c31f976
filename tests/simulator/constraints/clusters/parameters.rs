//! Parameters that several actions have, with what each takes.

use super::*;

const GOOD_IDS: [&str; 3] = ["abcdefghijk", "ABCDEFGHIJK23456", "a2b3c4d5e6f7"];
/// Too short, too long, with a digit that is not in the alphabet, and others.
const BAD_IDS: [&str; 6] = [
    "abcdefghij",
    "abcdefghijklmnopq",
    "abcdefghij1",
    "abcdefghi-k",
    "../../../etc",
    "",
];

/// Ids that fit the pattern `<prefix>-[2-7a-zA-Z]{11,16}`, and ids that do not.
pub fn ids(prefix: &str) -> (Vec<String>, Vec<String>) {
    let named = |rest: &[&str]| {
        rest.iter()
            .map(|rest| format!("{prefix}-{rest}"))
            .collect::<Vec<_>>()
    };
    let mut bad = named(&BAD_IDS);
    bad.extend([
        format!("x{prefix}-abcdefghijk"),
        format!("{prefix}-abcdefghijk\n"),
        String::from("abcdefghijk"),
        String::new(),
    ]);
    (named(&GOOD_IDS), bad)
}

impl Table {
    /// A required or optional id.
    pub fn id(
        &mut self,
        parameter: &'static str,
        prefix: &str,
        pattern: &'static str,
    ) -> &mut Self {
        let (good, bad) = ids(prefix);
        let (good, bad): (Vec<&str>, Vec<&str>) = (
            good.iter().map(String::as_str).collect(),
            bad.iter().map(String::as_str).collect(),
        );
        self.pattern(parameter, pattern, &good, &bad)
    }

    pub fn retention(&mut self) -> &mut Self {
        self.one_of("BackupRetentionPolicy.Type", "DAYS", &["WEEKS", "days", ""])
            .min_length("BackupRetentionPolicy.Value", 1, |n| "7".repeat(n))
            .max_length("BackupRetentionPolicy.Value", 3, |n| "1".repeat(n))
            .pattern(
                "BackupRetentionPolicy.Value",
                "[0-9]+",
                &["30"],
                &["a", "-7", "7.5", "٧"],
            );
        let value = |value: &str| self.with("BackupRetentionPolicy.Value", json!(value));
        let (within, beyond) = (
            vec![value("7"), value("379"), value("007")],
            vec![value("6"), value("380"), value("000")],
        );
        self.also(
            "BackupRetentionPolicy.Value",
            "between 7 and 379",
            INVALID,
            [within, beyond],
            &["BackupRetentionPolicy.Value", "between 7 and 379"],
        );
        for (member, parameter) in [
            ("Type", "BackupRetentionPolicy.Type"),
            ("Value", "BackupRetentionPolicy.Value"),
        ] {
            let beyond = vec![self.with(parameter, Value::Null)];
            self.also(
                parameter,
                "required in a policy",
                INVALID,
                [Vec::new(), beyond],
                &[member, "must not be null"],
            );
        }
        self
    }

    pub fn hsm_type(&mut self, world: &World) -> &mut Self {
        if !world.is_later() {
            return self.pattern(
                "HsmType",
                r"(hsm1\.medium)",
                &["hsm1.medium"],
                &["hsm2m.medium", "HSM1.MEDIUM", "hsm1.medium ", ""],
            );
        }
        self.pattern(
            "HsmType",
            HSM_TYPE,
            &["hsm2m.medium"],
            &["hsm.huge", "HSM1.MEDIUM", "hsm1.medium ", ""],
        )
        .max_length_unreached("HsmType", 32, |n| format!("hsm1.{}", "m".repeat(n - 5)))
    }

    pub fn tag_list(&mut self) -> &mut Self {
        self.items(
            "TagList",
            (1, 50),
            |n| json!({ "Key": format!("k{n}"), "Value": "v" }),
        )
        .required("TagList.1.member.Key")
        .min_length("TagList.1.member.Key", 1, |n| "k".repeat(n))
        .max_length("TagList.1.member.Key", 128, |n| "ü".repeat(n))
        .pattern(
            "TagList.1.member.Key",
            TAG,
            &["Überschrift 名前 Ⅷ½ _.:/=+-@"],
            &["k,", "e\u{301}", "a\tb"],
        )
        .required("TagList.1.member.Value")
        .max_length("TagList.1.member.Value", 256, |n| "ü".repeat(n))
        .pattern(
            "TagList.1.member.Value",
            TAG,
            &["", "名前"],
            &["v,", "🔑", "a\nb"],
        );
        let twice = json!([{ "Key": "k", "Value": "1" }, { "Key": "k", "Value": "2" }]);
        let (fine, beyond) = (
            json!([{ "Key": "k", "Value": "1" }, { "Key": "K", "Value": "2" }]),
            vec![self.with("TagList", twice)],
        );
        let within = vec![self.with("TagList", fine)];
        self.also(
            "TagList.1.member.Key",
            "comes once in a list",
            "CloudHsmTagException",
            [within, beyond],
            &["'k'", "more than once"],
        );
        let key = |key: &str| self.with("TagList.1.member.Key", json!(key));
        let requests = [vec![key("awsome")], vec![key("aws:x"), key("AWS:x")]];
        self.also(
            "TagList.1.member.Key",
            "does not begin with `aws:`",
            "CloudHsmTagException",
            requests,
            &["reserved"],
        )
    }

    pub fn next_token(&mut self) -> &mut Self {
        self.max_length("NextToken", 256, |n| "x".repeat(n))
            .pattern("NextToken", ".*", &["x"], &["a\nb", "a\rb"]);
        let beyond = vec![
            self.with("NextToken", json!("made-up")),
            self.with("NextToken", json!("A".repeat(54))),
        ];
        self.also(
            "NextToken",
            "was made for this very call",
            INVALID,
            [Vec::new(), beyond],
            &["NextToken", "altered"],
        )
    }

    pub fn filters(&mut self, world: &World, names: &'static str) -> &mut Self {
        let entry = |name: &str| json!({ name: ["x"] });
        let first = names.split(", ").next().unwrap();
        let many: Value = (0..31)
            .map(|n| (format!("f{n}"), json!(["x"])))
            .collect::<serde_json::Map<_, _>>()
            .into();
        self.named(
            "Filters",
            super::super::table::Rule::Pattern("[a-zA-Z0-9_-]+"),
            vec![entry(first)],
            vec![entry("a b"), entry(""), entry("é")],
        );
        if world.is_later() {
            self.named(
                "Filters",
                super::super::table::Rule::MaxItems(30),
                Vec::new(),
                vec![many],
            );
        }
        let (within, beyond) = (
            names
                .split(", ")
                .map(|name| self.with("Filters", entry(name)))
                .collect(),
            vec![self.with("Filters", entry("colours"))],
        );
        self.also(
            "Filters",
            "each name is one that the action documents",
            INVALID,
            [within, beyond],
            &["colours", names],
        )
    }
}
