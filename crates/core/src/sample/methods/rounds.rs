//! How many draws are made before what they taught is used: a fixed rule, so that results do not
//! depend on threads or on how many names are wanted.

/// The size of the next round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounds {
    least: usize,
    most: usize,
    size: usize,
}

impl Rounds {
    pub(crate) fn new(least: usize, most: usize) -> Self {
        Rounds {
            least,
            most,
            size: least,
        }
    }

    pub(crate) fn size(self) -> usize {
        self.size
    }

    /// Twice as many where most draws brought a name, half as many where hardly one did.
    pub(crate) fn went(&mut self, names: usize, draws: usize) {
        if 2 * names >= draws {
            self.size = (self.size * 2).min(self.most);
        } else if 16 * names < draws {
            self.size = (self.size / 2).max(self.least);
        }
    }
}
