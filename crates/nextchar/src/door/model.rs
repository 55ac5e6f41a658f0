//! A model with its vocabulary, its names, its calibration and the record of how it was made.

use std::sync::OnceLock;

use nextchar_core::combine::Mixture;
use nextchar_core::data::{CountedWindows, Split};
use nextchar_core::score::Judge;
use nextchar_core::text::Vocab;
use nextchar_formats::{ModelFile, Record};

use crate::background::background_model;
use crate::door::Error;

/// A model of names, with the contents of a model file.
///
/// ```
/// use nextchar::prelude::*;
///
/// let names = Names::embedded("finnish-names")?;
/// let options = TrainOptions { steps: Some(100), ..TrainOptions::preset(Preset::Fast) };
/// let model = Model::train(&names, &options)?;
///
/// for name in model.generate().prefix("a").novel().take(3) {
///     assert!(name.starts_with('a') && !names.contains(&name));
/// }
/// assert!(model.score("aino")?.log_prob > model.score("xqzw")?.log_prob);
/// # Ok::<(), nextchar::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Model {
    file: ModelFile,
    /// Created for the first verdict.
    judge: OnceLock<Option<Judge>>,
}

impl Model {
    /// The characters that the model knows.
    pub fn vocab(&self) -> &Vocab {
        &self.file.vocab
    }

    /// Networks, counts, or both combined: P(next character) after a context.
    pub fn language_model(&self) -> &Mixture {
        &self.file.model
    }

    /// The names that the model was made from, by part; `None` if they were not saved.
    pub fn names(&self) -> Option<&Split> {
        self.file.names.as_ref()
    }

    /// How the model was made.
    pub fn record(&self) -> &Record {
        &self.file.record
    }

    /// Windows of the training names with a context of one character.
    pub fn bigrams(&self) -> &CountedWindows {
        &self.file.bigrams
    }

    /// Everything that its file contains.
    pub fn as_file(&self) -> &ModelFile {
        &self.file
    }

    /// Everything that its file contains, for callers that want to change it.
    pub fn into_file(self) -> ModelFile {
        self.file
    }

    /// The length of the longest name that it was made from, in characters; at least 1.
    pub fn longest_name(&self) -> usize {
        self.file.record.longest_name.max(1)
    }

    /// The judge of words; `None` if the model was made from too few names.
    ///
    /// # Errors
    /// Those of [`Judge::new`].
    pub fn judge(&self) -> Result<Option<&Judge>, Error> {
        if self.judge.get().is_none() {
            let plausibility = self.file.record.plausibility.clone();
            let (bigrams, vocab) = (&self.file.bigrams, &self.file.vocab);
            let background = background_model();
            let judge = plausibility.map(|known| Judge::new(bigrams, vocab, known, background));
            let _ = self.judge.set(judge.transpose()?); // whoever was quicker had the same
        }
        Ok(self.judge.get().and_then(Option::as_ref))
    }
}

impl From<ModelFile> for Model {
    fn from(file: ModelFile) -> Self {
        Model {
            file,
            judge: OnceLock::new(),
        }
    }
}
