//! What a file of tests says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::rules::file::{Fields, items, text_map, text_of};
use crate::rules::problem::RuleProblem;
use crate::yaml::{self, Node};

/// A file of tests.
#[derive(Debug)]
pub(super) struct TestFile {
    pub rule_files: Vec<String>,
    pub evaluation_interval: Duration,
    pub group_eval_order: Vec<String>,
    pub tests: Vec<Test>,
}

/// One test: series, and what is to come of them.
#[derive(Debug, Default)]
pub(super) struct Test {
    pub name: String,
    pub interval: Duration,
    /// Each series in its notation: the metric, and its values.
    pub input_series: Vec<(String, String)>,
    pub alerts: Vec<AlertCase>,
    pub expressions: Vec<ExpressionCase>,
    pub external_labels: BTreeMap<String, String>,
    pub external_url: String,
}

/// Which alerts of a name fire at a time.
#[derive(Debug)]
pub(super) struct AlertCase {
    pub eval_time: Duration,
    pub alertname: String,
    /// Labels and annotations of each.
    pub expected: Vec<(BTreeMap<String, String>, BTreeMap<String, String>)>,
}

/// What an expression comes to at a time.
#[derive(Debug)]
pub(super) struct ExpressionCase {
    pub eval_time: Duration,
    pub expr: String,
    /// Metric in its notation, and value, of each.
    pub expected: Vec<(String, f64)>,
}

type Problems = Vec<RuleProblem>;

impl TestFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with its form.
    pub(super) fn read(text: &str) -> Result<Self, Problems> {
        let root = yaml::read(text).map_err(|error| {
            vec![RuleProblem::new(error.at.line, error.at.column, error.reason)]
        })?;
        let Some(root) = root else { return Self::of(&Fields::empty()) };
        Self::of(&Fields::new(
            &root,
            &["rule_files", "evaluation_interval", "group_eval_order", "tests"],
        )?)
    }

    fn of(fields: &Fields<'_>) -> Result<Self, Problems> {
        let interval = fields.period("evaluation_interval").map_err(one)?;
        let group_eval_order = texts(fields, "group_eval_order")?;
        let mut seen = BTreeSet::new();
        if let Some(name) = group_eval_order.iter().find(|name| !seen.insert(name.as_str())) {
            let reason = format!("group {name:?} is there twice");
            return Err(vec![RuleProblem::new(0, 0, reason).with_key("group_eval_order")]);
        }
        Ok(Self {
            rule_files: texts(fields, "rule_files")?,
            evaluation_interval: if interval.is_zero() { MINUTE } else { interval },
            group_eval_order,
            tests: each(fields, "tests", Test::read)?,
        })
    }
}

impl Test {
    fn read(node: &Node) -> Result<Self, Problems> {
        let fields = Fields::new(
            node,
            &[
                "interval",
                "input_series",
                "alert_rule_test",
                "promql_expr_test",
                "external_labels",
                "external_url",
                "name",
            ],
        )?;
        let labels = text_map(fields.get("external_labels"), "external_labels").map_err(one)?;
        Ok(Self {
            name: fields.text("name").map_err(one)?,
            interval: fields.period("interval").map_err(one)?,
            input_series: each(&fields, "input_series", |node| {
                let fields = Fields::new(node, &["series", "values"])?;
                Ok((fields.text("series").map_err(one)?, fields.text("values").map_err(one)?))
            })?,
            alerts: each(&fields, "alert_rule_test", AlertCase::read)?,
            expressions: each(&fields, "promql_expr_test", ExpressionCase::read)?,
            external_labels: plain(labels),
            external_url: fields.text("external_url").map_err(one)?,
        })
    }

    /// Returns the last time that a case looks at.
    pub(super) fn end(&self) -> Duration {
        let alerts = self.alerts.iter().map(|case| case.eval_time);
        let times = alerts.chain(self.expressions.iter().map(|case| case.eval_time));
        times.max().unwrap_or_default()
    }
}

impl AlertCase {
    fn read(node: &Node) -> Result<Self, Problems> {
        let fields = Fields::new(node, &["eval_time", "alertname", "exp_alerts"])?;
        let expected = each(&fields, "exp_alerts", |node| {
            let fields = Fields::new(node, &["exp_labels", "exp_annotations"])?;
            let map = |key| text_map(fields.get(key), key).map(plain).map_err(one);
            Ok((map("exp_labels")?, map("exp_annotations")?))
        })?;
        Ok(Self {
            eval_time: fields.period("eval_time").map_err(one)?,
            alertname: fields.text("alertname").map_err(one)?,
            expected,
        })
    }
}

impl ExpressionCase {
    fn read(node: &Node) -> Result<Self, Problems> {
        let fields = Fields::new(node, &["expr", "eval_time", "exp_samples"])?;
        let expected = each(&fields, "exp_samples", |node| {
            let fields = Fields::new(node, &["labels", "value"])?;
            Ok((fields.text("labels").map_err(one)?, fields.number("value").map_err(one)?))
        })?;
        Ok(Self {
            eval_time: fields.period("eval_time").map_err(one)?,
            expr: fields.text("expr").map_err(one)?,
            expected,
        })
    }
}

#[expect(clippy::boxed_local, reason = "it comes in a box")]
fn one(problem: Box<RuleProblem>) -> Problems {
    vec![*problem]
}

fn each<T>(
    fields: &Fields<'_>,
    key: &str,
    read: impl Fn(&Node) -> Result<T, Problems>,
) -> Result<Vec<T>, Problems> {
    items(fields.get(key), key).map_err(one)?.into_iter().map(read).collect()
}

fn texts(fields: &Fields<'_>, key: &str) -> Result<Vec<String>, Problems> {
    each(fields, key, |node| text_of(node, key).map_err(one))
}

fn plain(texts: BTreeMap<String, (Node, String)>) -> BTreeMap<String, String> {
    texts.into_iter().map(|(name, (_, text))| (name, text)).collect()
}

const MINUTE: Duration = Duration::from_mins(1);
