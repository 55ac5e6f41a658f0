//! Networks and counts become one model.

use nextchar_core::combine::{Mixture, mixture::Weights};
use nextchar_core::counts::KneserNey;
use nextchar_core::model::Network;
use nextchar_core::{Error as CoreError, LanguageModel};

use super::Training;
use crate::counted::Part;
use crate::door::Error;
use crate::options::Family;

impl Training {
    /// The model that trained networks become.
    ///
    /// # Errors
    /// [`nextchar_core::Error::EmptyMixture`] where there is nothing to combine; those of [`crate::Corpus::windows`].
    pub fn combine(&self, networks: Vec<Network>) -> Result<Mixture, Error> {
        let mut model = match self.plan.family {
            Family::Network => Mixture::new(networks, None, Weights::default())?,
            Family::KneserNey => self.counts()?.into(),
            Family::Mixture => self.mixed(networks)?,
        };
        self.add_repeats(&mut model)?;
        Ok(model)
    }

    /// The counts of the model: of the context that was asked for, else the best on the validation names.
    pub(super) fn counts(&self) -> Result<KneserNey, Error> {
        if let Some(length) = self.plan.options.resolved().counts_context {
            return Ok(self.corpus.kneser_ney(length, self.workers)?);
        }
        let rivals = self.rivals()?;
        let best = rivals.best_kneser_ney.as_ref();
        let counts = best.or(rivals.kneser_ney.as_ref());
        Ok(counts.expect("Kneser–Ney is always counted").clone())
    }

    /// Networks with counts; the weights are chosen on the validation names where there are some.
    pub(super) fn mixed(&self, networks: Vec<Network>) -> Result<Mixture, Error> {
        /// What validation names mostly choose.
        const USUAL: Weights = Weights {
            networks: 0.6,
            counts: 0.4,
        };
        let mut mixture = Mixture::new(networks, Some(self.counts()?), USUAL)?;
        if let Some(val) = self.corpus.windows(Part::Val, mixture.context_length())? {
            mixture.fit_weights(&val, self.workers);
        }
        Ok(mixture)
    }

    /// Lets whole names be repeated as often as the list says, where that is asked for.
    pub(super) fn add_repeats(&self, model: &mut Mixture) -> Result<(), CoreError> {
        if !self.plan.options.resolved().good_turing {
            return Ok(());
        }
        let (names, vocab) = (&self.corpus.parts().train, self.corpus.vocab());
        model.fit_repeats(names, vocab, self.workers)
    }
}
