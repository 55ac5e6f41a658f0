//! The rows of one training step: contexts with weighted targets.

use crate::data::{CountedRow, CountedWindows};
use crate::text::Token;

/// Contexts with the weights of their next tokens. All weights of a batch add up to 1, so that its loss is a mean.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// [B, T].
    pub contexts: Vec<Token>,
    /// \[B\]: the sum of each row's weights.
    pub row_weights: Vec<f32>,
    /// [B + 1]: row b owns `targets[starts[b]..starts[b + 1]]`.
    pub starts: Vec<usize>,
    /// The next tokens.
    pub targets: Vec<Token>,
    /// The weight of each target.
    pub weights: Vec<f32>,
}

impl Batch {
    /// All rows of a table, with weights n(c, t) / N.
    pub fn full(table: &CountedWindows) -> Self {
        let mut batch = Batch::default();
        batch.clear();
        let scale = 1.0 / table.examples() as f64;
        for row in table.rows() {
            batch.push(row, scale);
        }
        batch
    }

    /// Number of rows B.
    pub fn len(&self) -> usize {
        self.row_weights.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.row_weights.is_empty()
    }

    /// Removes all rows and keeps the allocations.
    pub fn clear(&mut self) {
        self.contexts.clear();
        self.row_weights.clear();
        self.starts.clear();
        self.starts.push(0);
        self.targets.clear();
        self.weights.clear();
    }

    /// Appends a row whose counts are multiplied by `scale`.
    pub fn push(&mut self, row: CountedRow<'_>, scale: f64) {
        self.contexts.extend_from_slice(row.context);
        self.targets.extend_from_slice(row.targets);
        self.weights.extend(
            row.counts
                .iter()
                .map(|&count| (count as f64 * scale) as f32),
        );
        self.finish_row((row.total as f64 * scale) as f32);
    }

    /// Appends a row without targets.
    pub fn begin_row(&mut self, context: &[Token]) {
        self.contexts.extend_from_slice(context);
        self.finish_row(0.0);
    }

    /// Appends a target to the last row.
    ///
    /// # Panics
    /// If there is no row.
    pub fn push_target(&mut self, target: Token, weight: f32) {
        self.targets.push(target);
        self.weights.push(weight);
        *self.row_weights.last_mut().expect("a row was begun") += weight;
        *self.starts.last_mut().expect("a row was begun") += 1;
    }

    fn finish_row(&mut self, weight: f32) {
        self.row_weights.push(weight);
        self.starts.push(self.targets.len());
    }

    /// Targets and weights of row `index`.
    pub fn targets_of(&self, index: usize) -> (&[Token], &[f32]) {
        let range = self.starts[index]..self.starts[index + 1];
        (&self.targets[range.clone()], &self.weights[range])
    }
}
