//! Many elements made into one for each group.

use crate::ast::{Aggregate, AggregateOp};
use crate::{Element, EvalError, Labels};

use super::index::{Counted, Index};
use super::math::{count, mean_stays, nan_first, quantile};
use super::vector::Vector;
use super::{Evaluation, Part, mismatch};

impl Evaluation<'_> {
    pub(super) fn aggregate(&self, aggregate: &Aggregate, at_ms: i64) -> Result<Vector, EvalError> {
        let param = aggregate.param.as_ref().map(|param| self.part(param, at_ms)).transpose()?;
        let vector = self.vector(&aggregate.of, at_ms)?;
        let grouping = &aggregate.grouping;
        match (aggregate.op, param) {
            (AggregateOp::CountValues, Some(Part::Text(label))) => {
                count_values(vector, label, grouping.without, &grouping.labels)
            }
            (op @ (AggregateOp::Topk | AggregateOp::Bottomk), Some(Part::Scalar(most))) => {
                ranked(op, most, vector, counted(aggregate))
            }
            (AggregateOp::Quantile, Some(Part::Scalar(q))) => {
                Ok(quantiles(q, vector, counted(aggregate)))
            }
            (op, _) => Ok(folded(op, &vector, counted(aggregate))),
        }
    }
}

fn counted(aggregate: &Aggregate) -> Counted<'_> {
    let grouping = &aggregate.grouping;
    Counted { listed: !grouping.without, labels: &grouping.labels }
}

/// One group on its way through its elements.
#[derive(Clone, Copy, Debug)]
struct Group {
    value: f64,
    mean: f64,
    count: f64,
}

impl Group {
    fn new(op: AggregateOp, value: f64) -> Self {
        let is_spread = matches!(op, AggregateOp::Stddev | AggregateOp::Stdvar);
        Self { value: if is_spread { 0.0 } else { value }, mean: value, count: 1.0 }
    }

    fn add(&mut self, op: AggregateOp, value: f64) {
        self.count += 1.0;
        match op {
            AggregateOp::Sum => self.value += value,
            AggregateOp::Min if self.value > value || self.value.is_nan() => self.value = value,
            AggregateOp::Max if self.value < value || self.value.is_nan() => self.value = value,
            AggregateOp::Avg if !mean_stays(self.mean, value) => {
                // Divided on both sides: their difference may be too large for a float.
                self.mean += value / self.count - self.mean / self.count;
            }
            AggregateOp::Stddev | AggregateOp::Stdvar => {
                let delta = value - self.mean;
                self.mean += delta / self.count;
                self.value += delta * (value - self.mean);
            }
            _ => {}
        }
    }

    fn result(self, op: AggregateOp) -> f64 {
        match op {
            AggregateOp::Avg => self.mean,
            AggregateOp::Count => self.count,
            AggregateOp::Group => 1.0,
            AggregateOp::Stddev => (self.value / self.count).sqrt(),
            AggregateOp::Stdvar => self.value / self.count,
            _ => self.value,
        }
    }
}

fn folded(op: AggregateOp, vector: &Vector, counted: Counted<'_>) -> Vector {
    let mut index = Index::new(counted);
    let mut groups: Vec<Group> = Vec::new();
    // Everything in one group needs no look at labels.
    let is_one = counted.listed && counted.labels.is_empty();
    for Element { labels, value } in &vector.elements {
        let number = if is_one && !groups.is_empty() { 0 } else { index.number(labels) };
        match groups.get_mut(number) {
            Some(group) => group.add(op, *value),
            None => groups.push(Group::new(op, *value)),
        }
    }
    grouped(index, groups.into_iter().map(|group| group.result(op)))
}

fn quantiles(q: f64, vector: Vector, counted: Counted<'_>) -> Vector {
    let (index, groups) = collected(vector, counted);
    let values = groups.into_iter().map(|group| {
        let mut values: Vec<f64> = group.into_iter().map(|element| element.value).collect();
        quantile(q, &mut values)
    });
    grouped(index, values)
}

fn ranked(
    op: AggregateOp,
    most: f64,
    vector: Vector,
    counted: Counted<'_>,
) -> Result<Vector, EvalError> {
    if most.is_nan() || most.abs() >= LARGEST {
        return Err(mismatch(format!("{} of {most} elements", op.word())));
    }
    if most < 1.0 {
        return Ok(Vector::default());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    let most = most as usize;
    let distinct_without_name = vector.distinct_without_name;
    let (_, groups) = collected(vector, counted);
    let mut elements = Vec::new();
    for mut group in groups {
        // NaN comes last either way; equals stay in their order.
        group.sort_by(|a, b| {
            let (a, b) = (a.value, b.value);
            a.is_nan().cmp(&b.is_nan()).then_with(|| match op {
                AggregateOp::Topk => nan_first(b, a),
                _ => nan_first(a, b),
            })
        });
        group.truncate(most);
        elements.append(&mut group);
    }
    Ok(Vector { elements, distinct_without_name })
}

fn count_values(
    vector: Vector,
    label: &str,
    without: bool,
    grouping: &[String],
) -> Result<Vector, EvalError> {
    if !is_label(label) {
        return Err(mismatch(format!("{label:?} is no name of a label")));
    }
    let mut grouping = grouping.to_vec();
    if !without {
        grouping.push(label.to_owned());
    }
    let mut index = Index::new(Counted { listed: !without, labels: &grouping });
    let mut counts: Vec<usize> = Vec::new();
    for Element { labels, value } in vector.elements {
        let number = index.number(&labels.with(label, &number_text(value)));
        counts.resize(counts.len().max(number + 1), 0);
        counts[number] += 1;
    }
    Ok(grouped(index, counts.into_iter().map(count)))
}

fn collected(vector: Vector, counted: Counted<'_>) -> (Index<'_>, Vec<Vec<Element>>) {
    let mut index = Index::new(counted);
    let mut groups: Vec<Vec<Element>> = Vec::new();
    for element in vector.elements {
        let number = index.number(&element.labels);
        groups.resize_with(groups.len().max(number + 1), Vec::new);
        groups[number].push(element);
    }
    (index, groups)
}

fn grouped(index: Index<'_>, values: impl Iterator<Item = f64>) -> Vector {
    let keys = index.into_keys();
    let distinct_without_name = keys.iter().all(|labels: &Labels| labels.name().is_none());
    let elements = keys.into_iter().zip(values).map(|(labels, value)| Element::new(labels, value));
    Vector { elements: elements.collect(), distinct_without_name }
}

/// Writes a number as Go writes a float without an exponent.
fn number_text(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    value.to_string()
}

/// Whether a text can name a label.
pub(super) fn is_label(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// 2^63, beyond which Prometheus refuses a number of elements.
const LARGEST: f64 = 9_223_372_036_854_775_808.0;
