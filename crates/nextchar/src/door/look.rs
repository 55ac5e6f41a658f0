//! A look inside: the next character, the stages of one prediction, a word character by character, and similar
//! characters.

use nextchar_core::LanguageModel;
use nextchar_core::model::Network;
use nextchar_core::score::{
    Explanation, Plane, WordExplanation, embedding_plane, explain, explain_word_after, neighbors,
};
use nextchar_core::text::{Start, Token};

use super::model::Model;
use crate::door::Error;

impl Model {
    /// The probability of every character after a context, the likeliest first; `_` is the end of the name.
    /// Only the last characters of the context count, up to the model's context length.
    ///
    /// ```
    /// use nextchar::{Family, Model, Names, TrainOptions};
    ///
    /// # let counts = TrainOptions { family: Some(Family::KneserNey), ..TrainOptions::default() };
    /// # let model = Model::train(&Names::embedded("indian-names")?, &counts)?;
    /// let next = model.next("ash")?;
    /// assert!(next.len() == 27 && next[0].1 > next[26].1);
    /// assert!((next.iter().map(|(_, p)| p).sum::<f64>() - 1.0).abs() < 1e-9);
    /// # Ok::<(), nextchar::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownPiece`].
    pub fn next(&self, context: &str) -> Result<Vec<(&str, f64)>, Error> {
        let model = self.language_model();
        let log_probs = model.next_log_probs(&self.context(context, model.context_length())?);
        let symbol = |token| self.vocab().symbol(token as Token);
        let rows = log_probs.iter().enumerate();
        let mut rows: Vec<(&str, f64)> = rows
            .map(|(token, log_prob)| (symbol(token), log_prob.exp()))
            .collect();
        rows.sort_by(|a, b| b.1.total_cmp(&a.1));
        Ok(rows)
    }

    /// The last `length` tokens of a text, cleaned like names and padded on the left.
    ///
    /// # Errors
    /// [`Error::UnknownPiece`].
    pub fn context(&self, text: &str, length: usize) -> Result<Vec<Token>, Error> {
        let context = self.vocab().context(&self.vocab().normalized(text), length);
        context.map_err(|fault| Error::UnknownPiece {
            text: text.to_owned(),
            fault,
        })
    }

    /// Every number of one prediction of the first network: embedding, features, layers, probabilities.
    ///
    /// # Errors
    /// [`Error::WithoutNetwork`] and [`Error::UnknownPiece`].
    pub fn explain(&self, context: &str) -> Result<Explanation, Error> {
        let network = self.first_network()?;
        let context = self.context(context, network.context_length())?;
        Ok(explain(network, self.vocab(), &context))
    }

    /// A word character by character: how likely each was, and the `shown` likeliest at its position. For an empty
    /// word, the end of the name is explained.
    ///
    /// # Errors
    /// [`Error::LongWord`] and [`Error::UnknownPiece`].
    pub fn explain_word(&self, word: &str, shown: usize) -> Result<WordExplanation, Error> {
        self.explain_word_after(&Start::default(), word, shown)
    }

    /// [`Model::explain_word`] for a word with its own start, such as a label.
    ///
    /// # Errors
    /// As [`Model::explain_word`].
    pub fn explain_word_after(
        &self,
        start: &Start,
        word: &str,
        shown: usize,
    ) -> Result<WordExplanation, Error> {
        let (model, tokens) = (self.language_model(), self.tokens(word)?);
        Ok(explain_word_after(
            model,
            self.vocab(),
            start,
            &tokens,
            shown,
        ))
    }

    /// All other characters by their similarity to one, the most similar first, with the cosine of the angle between
    /// their embeddings (the mean over the networks). `_` is the end of a name.
    ///
    /// # Errors
    /// [`Error::WithoutNetwork`] and [`Error::UnknownPiece`].
    pub fn neighbors(&self, character: &str) -> Result<Vec<(&str, f64)>, Error> {
        self.first_network()?;
        let token = self.context(character, 1)?[0];
        let found = neighbors(self.language_model().networks(), token).into_iter();
        let shown = found.map(|near| (self.vocab().symbol(near.token), near.similarity));
        Ok(shown.collect())
    }

    /// The characters as points in the plane, from the embedding of the first network.
    ///
    /// # Errors
    /// [`Error::WithoutNetwork`].
    pub fn plane(&self) -> Result<Plane, Error> {
        Ok(embedding_plane(self.first_network()?))
    }

    /// The first network.
    ///
    /// # Errors
    /// [`Error::WithoutNetwork`].
    pub fn first_network(&self) -> Result<&Network, Error> {
        let networks = self.language_model().networks();
        networks.first().ok_or(Error::WithoutNetwork)
    }

    /// Whether the model is more than its first network.
    pub fn is_more_than_a_network(&self) -> bool {
        let model = self.language_model();
        model.networks().len() > 1 || model.counts().is_some() || model.repeats().is_some()
    }
}
