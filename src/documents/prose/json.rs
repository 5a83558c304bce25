//! What prose states, as a report in proto3 JSON carries it.

use serde_json::{Value, json};

use super::Stated;
use crate::form::{Cell, Form};

impl Stated {
    /// The claims, as elements of the field the form keeps claims in.
    #[must_use]
    pub fn claims_json(&self, form: &Form) -> Vec<Value> {
        let path = |cell: &usize| form.cells().get(*cell).map(|cell| cell.path.as_str());
        let claims = self.claims.iter().map(|claim| {
            let cells: Vec<&str> = claim.cells.iter().filter_map(path).collect();
            json!({ "cells": cells, "value": claim.value.to_string(), "quote": claim.quote, "scope": claim.scope })
        });
        claims.collect()
    }

    /// The figures of cells that need not be stated, each with its cell.
    pub fn figures_of<'a>(&'a self, form: &'a Form) -> impl Iterator<Item = (&'a Cell, i64)> {
        self.figures.iter().filter_map(|figure| Some((form.cells().get(figure.cell)?, figure.value)))
    }
}
