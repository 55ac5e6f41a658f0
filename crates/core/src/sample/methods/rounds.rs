//! The number of draws between two updates of what a method has learned: a fixed rule, so that results
//! depend neither on threads nor on how many names are wanted.

/// The size of the next round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounds {
    min: usize,
    max: usize,
    size: usize,
}

impl Rounds {
    pub(crate) fn new(min: usize, max: usize) -> Self {
        Rounds {
            min,
            max,
            size: min,
        }
    }

    pub(crate) fn size(self) -> usize {
        self.size
    }

    /// Doubles the size if most draws gave a name, and halves it if fewer than one in sixteen did.
    pub(crate) fn adapt(&mut self, names: usize, draws: usize) {
        if 2 * names >= draws {
            self.size = (self.size * 2).min(self.max);
        } else if 16 * names < draws {
            self.size = (self.size / 2).max(self.min);
        }
    }
}
