//! One budget of memory for all that a call has.

/// What a call has, and what it may have, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    limit: u64,
    /// The one memory, as large as it was last allowed to be. An engine may ask twice for one growth.
    pages: u64,
    /// All else; a table that is asked for twice counts twice, as there is no telling which table it is.
    others: u64,
    peak: u64,
    /// Whether anything was denied: a module that traps after that ran out of memory.
    denied: bool,
}

impl Budget {
    /// The stack is taken at once: it is there whether it is used or not.
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, pages: 0, others: STACK, peak: STACK, denied: STACK > limit }
    }

    /// Takes more, or nothing when that is too much.
    #[must_use]
    pub(crate) fn take(&mut self, bytes: u64) -> bool {
        self.have(self.pages, self.others.saturating_add(bytes))
    }

    pub(crate) fn give_back(&mut self, bytes: u64) {
        self.others = self.others.saturating_sub(bytes);
    }

    pub(crate) fn peak(&self) -> u64 {
        self.peak
    }

    pub(crate) fn was_denied(&self) -> bool {
        self.denied
    }

    fn grow_memory(&mut self, desired: usize, maximum: Option<usize>) -> bool {
        // Beyond the module's own limit is no lack of ours.
        maximum.is_none_or(|maximum| desired <= maximum) && self.have(size(desired), self.others)
    }

    fn grow_table(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        let maximum = maximum.map_or(MOST_ELEMENTS, |maximum| maximum.min(MOST_ELEMENTS));
        let added = size(desired.saturating_sub(current));
        desired <= maximum && self.take(added.saturating_mul(TABLE_ELEMENT))
    }

    fn have(&mut self, pages: u64, others: u64) -> bool {
        let wanted = pages.saturating_add(others);
        if wanted > self.limit {
            self.denied = true;
            return false;
        }
        (self.pages, self.others) = (pages, others);
        self.peak = self.peak.max(wanted);
        true
    }
}

fn size(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

impl wasmi::ResourceLimiter for Budget {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, wasmi_core::LimiterError> {
        Ok(self.grow_memory(desired, maximum))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, wasmi_core::LimiterError> {
        Ok(self.grow_table(current, desired, maximum))
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        1
    }
}

#[cfg(feature = "runtime")]
impl wasmtime::ResourceLimiter for Budget {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow_memory(desired, maximum))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow_table(current, desired, maximum))
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        1
    }
}

/// The stack of a call: deep enough for parsers of nested data, and a hundredth of the default budget.
pub(crate) const STACK: u64 = 512 * 1024;

/// An element of a table is a pointer.
pub(crate) const TABLE_ELEMENT: u64 = 8;

pub(crate) const TABLES: usize = 4;

/// The elements of one table: room for it is set aside in each slot.
pub(crate) const MOST_ELEMENTS: usize = 1 << 18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_tables_are_one_budget() {
        let mut budget = Budget::new(STACK + 1000);
        assert!(budget.grow_memory(600, None));
        assert!(budget.grow_table(0, 50, None));
        assert!(!budget.was_denied());
        assert!(!budget.grow_memory(601, None), "all is used");
        assert!(budget.was_denied());
        budget.give_back(1);
        assert!(budget.grow_memory(601, None));
        assert_eq!(budget.peak(), STACK + 1000);
        assert!(!budget.grow_memory(usize::MAX, None), "no sum runs over");
    }

    #[test]
    fn one_growth_that_is_asked_for_twice_counts_once() {
        let mut budget = Budget::new(STACK + 1000);
        assert!(budget.grow_memory(600, None));
        assert!(budget.grow_memory(600, None));
        assert!(budget.take(400));
    }

    #[test]
    fn a_limit_of_the_module_itself_is_no_lack_of_memory() {
        let mut budget = Budget::new(STACK + 1000);
        assert!(!budget.grow_memory(20, Some(15)));
        assert!(!budget.grow_table(0, 20, Some(15)));
        assert!(!budget.was_denied());
    }
}
