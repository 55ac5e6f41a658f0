//! Combines networks and counts to one model.

use nextchar_core::combine::{Mixture, mixture::Weights};
use nextchar_core::counts::KneserNey;
use nextchar_core::model::Network;
use nextchar_core::{Error as CoreError, LanguageModel};

use super::Training;
use crate::counted::Part;
use crate::door::Error;
use crate::options::Family;

impl Training {
    /// The model made of trained networks.
    ///
    /// # Errors
    /// [`nextchar_core::Error::EmptyMixture`] if there is nothing to combine; those of [`crate::Corpus::windows`].
    pub fn combine(&self, networks: Vec<Network>) -> Result<Mixture, Error> {
        let mut model = match self.plan.family {
            Family::Network => Mixture::new(networks, None, Weights::default())?,
            Family::KneserNey => self.counts()?.into(),
            Family::Mixture => self.mixed(networks)?,
        };
        self.add_repeats(&mut model)?;
        Ok(model)
    }

    /// The counts of the model: with the context of the options, or else the best on the validation names.
    pub(super) fn counts(&self) -> Result<KneserNey, Error> {
        if let Some(length) = self.plan.options.resolved().counts_context {
            return Ok(self.corpus.kneser_ney(length, self.workers)?);
        }
        let rivals = self.rivals()?;
        let best = rivals.best_kneser_ney.as_ref();
        let counts = best.or(rivals.kneser_ney.as_ref());
        Ok(counts.expect("Kneser–Ney is always counted").clone())
    }

    /// Networks with counts; the weights are fitted to the validation names if there are any.
    pub(super) fn mixed(&self, networks: Vec<Network>) -> Result<Mixture, Error> {
        /// Typical weights from validation names.
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

    /// Makes whole names repeat as often as in the list, if the options request it.
    pub(super) fn add_repeats(&self, model: &mut Mixture) -> Result<(), CoreError> {
        if !self.plan.options.resolved().good_turing {
            return Ok(());
        }
        let (names, vocab) = (&self.corpus.parts().train, self.corpus.vocab());
        model.fit_repeats(names, vocab, self.workers)
    }
}
