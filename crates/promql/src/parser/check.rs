//! Which types go together.

use crate::ast::{Binary, Group, Node};
use crate::{ParseError, ValueType};

use super::{Parser, Part};

impl Parser<'_> {
    /// Checks a binary operation at `offset`, whose sides begin at `ends`.
    pub(super) fn checked_binary(
        &self,
        mut binary: Binary,
        offset: usize,
        ends: (usize, usize),
    ) -> Result<Binary, ParseError> {
        let sign = binary.op.sign();
        let error = |reason: String| Err(self.error_at(offset, reason));
        for (side, at) in [(&binary.left, ends.0), (&binary.right, ends.1)] {
            if !is_number(side) {
                let reason = format!("{} where {sign} needs numbers", side.value_type());
                return Err(self.error_at(at, reason));
            }
        }
        let is_vector = |node: &Node| node.value_type() == ValueType::Vector;
        let (left, right) = (is_vector(&binary.left), is_vector(&binary.right));
        if binary.returns_bool && !binary.op.is_comparison() {
            return error("bool goes with comparisons only".to_owned());
        }
        if binary.op.is_comparison() && !binary.returns_bool && !left && !right {
            return error("comparisons between scalars need bool".to_owned());
        }
        if binary.op.is_set() && !(left && right) {
            return error(format!("{sign} needs an instant vector on both sides"));
        }
        if binary.op.is_set() && binary.matching.group != Group::None {
            return error(format!("{sign} takes no grouping"));
        }
        let both = |label: &&String| binary.matching.include.contains(label);
        if let Some(label) = binary.matching.labels.iter().find(both).filter(|_| binary.matching.on)
        {
            return error(format!("label {label:?} is in both the on and the group clause"));
        }
        if !(left && right) {
            if !binary.matching.labels.is_empty() {
                return error("only instant vectors are matched by labels".to_owned());
            }
            binary.matching = crate::ast::Matching::default();
        }
        Ok(binary)
    }

    /// Checks that a part is a scalar or an instant vector.
    pub(super) fn require_number(&self, part: &Part, whose: &str) -> Result<(), ParseError> {
        if is_number(&part.node) {
            return Ok(());
        }
        let reason = format!("{whose} before a {}", part.node.value_type());
        Err(self.error_at(part.offset, reason))
    }

    pub(super) fn require(&self, part: &Part, wanted: ValueType) -> Result<(), ParseError> {
        let found = part.node.value_type();
        if found == wanted {
            return Ok(());
        }
        let reason = format!("expected {wanted}, found {found}");
        Err(self.error_at(part.offset, reason))
    }
}

fn is_number(node: &Node) -> bool {
    matches!(node.value_type(), ValueType::Scalar | ValueType::Vector)
}
