//! Which of many routes can match at all.

use std::collections::{BTreeMap, HashMap};

use wardkit_core::Labels;

use crate::Route;

/// The routes below one, found by the values that they want of one label each.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Label, value, routes in order.
    by_value: Vec<(String, HashMap<String, Vec<usize>>)>,
    /// Those that want no certain value of any label.
    others: Vec<usize>,
}

impl Index {
    /// Takes routes, the first of which has the number `first`.
    pub(super) fn new(first: usize, routes: &[Route]) -> Self {
        let wanted: Vec<Vec<(&str, Vec<&str>)>> = routes.iter().map(wanted).collect();
        // The label that tells most routes apart is asked first.
        let mut values: HashMap<&str, HashMap<&str, usize>> = HashMap::new();
        for (name, value) in wanted
            .iter()
            .flatten()
            .flat_map(|(name, wanted)| wanted.iter().map(move |value| (*name, *value)))
        {
            *values.entry(name).or_default().entry(value).or_default() += 1;
        }
        let variety: HashMap<&str, usize> =
            values.into_iter().map(|(name, values)| (name, values.len())).collect();
        let mut others = Vec::new();
        let mut by_value: BTreeMap<&str, HashMap<String, Vec<usize>>> = BTreeMap::new();
        for (number, wanted) in (first..).zip(wanted) {
            let best = wanted.into_iter().max_by_key(|(name, _)| (variety[name], *name));
            let Some((name, values)) = best else {
                others.push(number);
                continue;
            };
            let numbers = by_value.entry(name).or_default();
            for value in values {
                let numbers = numbers.entry(value.to_owned()).or_default();
                // An alternative may be written twice.
                if numbers.last() != Some(&number) {
                    numbers.push(number);
                }
            }
        }
        let by_value =
            by_value.into_iter().map(|(name, numbers)| (name.to_owned(), numbers)).collect();
        Self { by_value, others }
    }

    /// Returns the routes that may match, in order.
    pub(super) fn candidates<'a>(&'a self, labels: &Labels) -> Candidates<'a> {
        let mut lists: Vec<&[usize]> = Vec::new();
        for (name, numbers) in &self.by_value {
            let found = labels.value(name).and_then(|value| numbers.get(value));
            lists.extend(found.map(Vec::as_slice));
        }
        Candidates { lists, others: &self.others }
    }
}

/// Merges lists that are in order.
#[derive(Debug)]
pub(super) struct Candidates<'a> {
    lists: Vec<&'a [usize]>,
    others: &'a [usize],
}

impl Iterator for Candidates<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let lists = self.lists.iter_mut().chain([&mut self.others]);
        let list =
            lists.filter(|list| !list.is_empty()).min_by_key(|list| list.first().copied())?;
        let (&first, rest) = list.split_first()?;
        *list = rest;
        Some(first)
    }
}

/// The labels of which a route wants certain values, and which.
fn wanted(route: &Route) -> Vec<(&str, Vec<&str>)> {
    let matchers = route.matchers.iter();
    matchers.filter_map(|matcher| Some((matcher.name(), matcher.values()?))).collect()
}
