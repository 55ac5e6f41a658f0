//! Networks and counts as one model: ln p ∝ a·mean(ln p_networks) + b·ln p_Kneser–Ney.
//!
//! A log-linear mixture (Klakow 1998) is again a distribution given a finite context, so it can be used wherever a
//! model can. A single network, or counts alone, is the simplest mixture. Each of them can be combined with an
//! estimate of how often whole names [repeat](crate::combine::repeats).

use std::borrow::Cow;
use std::ops::Range;

use crate::combine::repeats::Repeats;
use crate::counts::KneserNey;
use crate::data::trie::FREE;
use crate::data::{CountedRow, CountedWindows, NameList};
use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::{LanguageModel, State, WordModel, packing, row_states, total_nll};
use crate::model::Network;
use crate::numeric::newton::maximise_pair;
use crate::numeric::softmax::normalise;
use crate::setting::{Allowed, Setting};
use crate::text::{END, Token, Vocab};

/// The weights of the two kinds of model.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Weights {
    /// a: the weight of the networks' mean log-probability.
    pub networks: f64,
    /// b: the weight of the counts' log-probability.
    pub counts: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Weights {
            networks: 1.0,
            counts: 1.0,
        }
    }
}

/// Any number of networks, with or without counts: the model of a model file.
///
/// ```
/// use nextchar_core::combine::mixture::{Mixture, Weights};
/// use nextchar_core::counts::KneserNey;
/// use nextchar_core::data::{CountedWindows, EmbeddedList, ReadOptions};
/// use nextchar_core::language_model::loss;
/// use nextchar_core::model::{Activation, Init, ModelConfig, Network, Params};
/// use nextchar_core::text::Vocab;
/// use nextchar_core::{Serial, rng::Seed};
///
/// # fn main() -> Result<(), nextchar_core::Error> {
/// let list = EmbeddedList::find("finnish-names").unwrap();
/// let (names, _) = list.read(&ReadOptions::default())?;
/// let table = CountedWindows::from_list(&names, &Vocab::az(), 3)?;
/// let counts = KneserNey::closed_form(&table)?;
/// let shape = ModelConfig {
///     vocab_size: 27,
///     context_length: 3,
///     embedding_dim: 2,
///     hidden_sizes: vec![8],
///     activation: Activation::Tanh,
///     residual: false,
///     labels: 0,
/// };
/// let untrained = Network::new(shape.clone(), Params::init(&shape, Init::Kaiming, &Seed::from(42)))?;
///
/// let counts_alone = loss(&counts, &table, &Serial);
/// let mut mixture = Mixture::new(vec![untrained], Some(counts), Weights::default())?;
/// mixture.fit_weights(&table, &Serial);
/// // An untrained network gets next to no weight.
/// assert!(mixture.weights().networks < 0.1);
/// assert!(loss(&mixture, &table, &Serial) <= counts_alone + 1e-3);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Mixture {
    networks: Vec<Network>,
    counts: Option<KneserNey>,
    weights: Weights,
    repeats: Option<Repeats>,
}

impl From<Network> for Mixture {
    fn from(network: Network) -> Self {
        Mixture {
            networks: vec![network],
            counts: None,
            weights: Weights::default(),
            repeats: None,
        }
    }
}

impl From<KneserNey> for Mixture {
    fn from(counts: KneserNey) -> Self {
        Mixture {
            networks: Vec::new(),
            counts: Some(counts),
            weights: Weights::default(),
            repeats: None,
        }
    }
}

impl Mixture {
    /// A mixture with known weights.
    ///
    /// # Errors
    /// [`Error::EmptyMixture`], [`Error::DifferentVocabularies`]; [`Error::OutOfRange`] for a weight outside
    /// 0 to 100.
    pub fn new(
        networks: Vec<Network>,
        counts: Option<KneserNey>,
        weights: Weights,
    ) -> Result<Self, Error> {
        let parts = networks.iter().map(|network| network as &dyn LanguageModel);
        let counted = counts.iter().map(|counts| counts as &dyn LanguageModel);
        let mut sizes = parts.chain(counted).map(LanguageModel::vocab_size);
        let size = sizes.next().ok_or(Error::EmptyMixture)?;
        if sizes.any(|other| other != size) {
            return Err(Error::DifferentVocabularies);
        }
        let possible = Allowed::Within(0.0, 100.0);
        Setting::NetworkWeight.check(weights.networks, possible)?;
        Setting::CountsWeight.check(weights.counts, possible)?;
        Ok(Mixture {
            networks,
            counts,
            weights,
            repeats: None,
        })
    }

    /// Makes known names repeat as often as the duplicates in the training list imply (Good–Turing).
    ///
    /// # Errors
    /// [`Error::NoRepeats`] if the list has no duplicates to estimate from; [`Error::UnknownPiece`].
    pub fn fit_repeats(
        &mut self,
        list: &NameList,
        vocab: &Vocab,
        executor: &dyn Executor,
    ) -> Result<(), Error> {
        self.repeats = None;
        self.repeats = Some(Repeats::fit(self, list, vocab, executor)?);
        Ok(())
    }

    /// The same mixture with another estimate of repeat names, or none.
    pub fn with_repeats(self, repeats: Option<Repeats>) -> Self {
        Mixture { repeats, ..self }
    }

    /// The estimate of repeat names, if there is one.
    pub fn repeats(&self) -> Option<&Repeats> {
        self.repeats.as_ref()
    }

    /// Context length of the networks and counts; repeat names need longer contexts.
    pub fn tokens_seen(&self) -> usize {
        let networks = self.networks.iter().map(LanguageModel::context_length);
        let counted = self.counts.iter().map(LanguageModel::context_length);
        let longest = networks.chain(counted).max();
        longest.expect("a mixture has a part")
    }

    /// The networks.
    pub fn networks(&self) -> &[Network] {
        &self.networks
    }

    /// The counts.
    pub fn counts(&self) -> Option<&KneserNey> {
        self.counts.as_ref()
    }

    /// The weights; they have an effect only if there are both networks and counts.
    pub fn weights(&self) -> Weights {
        self.weights
    }

    /// Number of parameters of all networks.
    pub fn parameter_count(&self) -> usize {
        self.networks
            .iter()
            .map(|network| network.params().count())
            .sum()
    }

    /// The only part, if there is just one.
    fn single(&self) -> Option<&dyn LanguageModel> {
        match (self.networks.as_slice(), &self.counts) {
            ([network], None) => Some(network),
            ([], Some(counts)) => Some(counts),
            _ => None,
        }
    }

    /// The counts, if they see as many tokens as the mixture, and the number of tokens that the networks see.
    fn counts_and_networks(&self) -> Option<(&KneserNey, usize)> {
        let counts = self.counts.as_ref()?;
        let networks = self.networks.iter().map(LanguageModel::context_length);
        let longest = networks.max().filter(|_| self.weights.networks > 0.0);
        let longer = counts.context_length() == self.context_length() && self.repeats.is_none();
        longer.then_some((counts, longest.unwrap_or(0)))
    }

    /// The networks' mean log-probabilities, and the counts'; each [B, V]. `one` is memory for a single network.
    fn parts(&self, states: &[State], mean: &mut [f64], counted: &mut [f64], one: &mut [f64]) {
        if let [network] = self.networks.as_slice() {
            network.log_probs(&self.shortened(states, network.context_length()), mean);
        } else {
            mean.fill(0.0);
            for network in &self.networks {
                network.log_probs(&self.shortened(states, network.context_length()), one);
                for (sum, log_prob) in mean.iter_mut().zip(one.iter()) {
                    *sum += log_prob / self.networks.len() as f64;
                }
            }
        }
        if let Some(counts) = &self.counts {
            counts.log_probs(&self.shortened(states, counts.context_length()), counted);
        }
    }

    /// The states for a part with a context of `length` tokens.
    fn shortened<'s>(&self, states: &'s [State], length: usize) -> Cow<'s, [State]> {
        if length == self.context_length() {
            return Cow::Borrowed(states);
        }
        let packing = packing(self);
        let shorten = |state: &State| state.shortened(packing, length);
        states.iter().map(shorten).collect()
    }

    /// Log-probabilities according to networks and counts, without repeat names.
    fn parts_log_probs(&self, states: &[State], log_probs: &mut [f64]) {
        if let Some(single) = self.single() {
            return single.log_probs(&self.shortened(states, self.tokens_seen()), log_probs);
        }
        let vocab_size = self.vocab_size();
        let len = states.len().min(BLOCK) * vocab_size;
        let mut counted = vec![0.0; len];
        let mut one = vec![0.0; if self.networks.len() > 1 { len } else { 0 }];
        let blocks = log_probs.chunks_mut(BLOCK * vocab_size);
        for (states, out) in states.chunks(BLOCK).zip(blocks) {
            let counted = &mut counted[..out.len()];
            let size = one.len().min(out.len());
            self.parts(states, out, counted, &mut one[..size]);
            let weights = match self.counts {
                Some(_) => self.weights,
                None => Weights {
                    networks: 1.0,
                    counts: 0.0,
                },
            };
            mix(weights, out, counted, vocab_size);
        }
    }

    /// Fits the weights: those that maximise the likelihood of a table, by Newton's method (the loss is convex),
    /// with a prior around the counts alone, so that a table of few windows moves them little. Networks whose
    /// weight comes out negligible are switched off, which leaves the counts exactly as they are.
    ///
    /// # Panics
    /// If the table's context length or vocabulary is not the mixture's.
    pub fn fit_weights(&mut self, table: &CountedWindows, executor: &dyn Executor) {
        if self.single().is_some() || self.counts.is_none() || table.is_empty() {
            return;
        }
        let mut blocks: Vec<(Vec<f64>, Vec<f64>)> =
            vec![Default::default(); table.len().div_ceil(BLOCK)];
        executor.for_each(&mut blocks, |index, block| {
            let rows = index * BLOCK..((index + 1) * BLOCK).min(table.len());
            let len = rows.len() * self.vocab_size();
            let (mut mean, mut counted) = (vec![0.0; len], vec![0.0; len]);
            let states = row_states(self, table, rows);
            self.parts(&states, &mut mean, &mut counted, &mut vec![0.0; len]);
            *block = (mean, counted);
        });
        let vocab_size = self.vocab_size();
        let start = [self.weights.networks, self.weights.counts];
        let [networks, counts] = maximise_pair(start, 0.0..=10.0, |[networks, counts]| {
            let weights = Weights { networks, counts };
            let mut sums: Vec<Moments> = vec![Moments::default(); blocks.len()];
            executor.for_each(&mut sums, |index, sums| {
                let (mean, counted) = &blocks[index];
                let rows = mean
                    .chunks_exact(vocab_size)
                    .zip(counted.chunks_exact(vocab_size));
                for (row, (mean, counted)) in rows.enumerate() {
                    sums.add(weights, table.row(index * BLOCK + row), mean, counted);
                }
            });
            let total = sums.iter().fold(Moments::prior(weights), Moments::plus);
            (total.gradient, total.curvature)
        });
        self.weights = if networks < NEGLIGIBLE {
            COUNTS_ALONE
        } else {
            Weights { networks, counts }
        };
    }
}

/// The weights when nothing speaks for the networks.
const COUNTS_ALONE: Weights = Weights {
    networks: 0.0,
    counts: 1.0,
};

/// Networks with less weight than this are switched off: what they add is noise from a small validation set.
const NEGLIGIBLE: f64 = 0.05;

/// Precision of the normal prior around [`COUNTS_ALONE`].
const PRIOR: f64 = 20.0;

/// Contexts that are evaluated together.
const BLOCK: usize = 256;

/// Gradient and curvature of the log-likelihood with respect to the two weights.
#[derive(Clone, Copy, Default)]
struct Moments {
    gradient: [f64; 2],
    /// Entries (0, 0), (0, 1), (1, 1).
    curvature: [f64; 3],
}

impl Moments {
    /// The prior's contribution.
    fn prior(weights: Weights) -> Self {
        let (a, b) = (weights.networks, weights.counts);
        Moments {
            gradient: [COUNTS_ALONE.networks - a, COUNTS_ALONE.counts - b].map(|x| PRIOR * x),
            curvature: [PRIOR, 0.0, PRIOR],
        }
    }

    /// Adds one context of the table; `mean` and `counted` are the log-probabilities of the parts.
    fn add(&mut self, weights: Weights, row: CountedRow<'_>, mean: &[f64], counted: &[f64]) {
        let mut probs = mean.to_vec();
        mix(weights, &mut probs, counted, counted.len());
        let (mut first, mut second) = ([0.0; 2], [0.0; 3]);
        for ((log_prob, x), y) in probs.iter().zip(mean).zip(counted) {
            let p = libm::exp(*log_prob);
            first[0] += p * x;
            first[1] += p * y;
            second[0] += p * x * x;
            second[1] += p * x * y;
            second[2] += p * y * y;
        }
        let total = row.total as f64;
        for (&target, &count) in row.targets.iter().zip(row.counts) {
            let place = usize::from(target);
            self.gradient[0] += count as f64 * (mean[place] - first[0]);
            self.gradient[1] += count as f64 * (counted[place] - first[1]);
        }
        self.curvature[0] += total * (second[0] - first[0] * first[0]);
        self.curvature[1] += total * (second[1] - first[0] * first[1]);
        self.curvature[2] += total * (second[2] - first[1] * first[1]);
    }

    fn plus(mut self, other: &Moments) -> Moments {
        for (sum, x) in self.gradient.iter_mut().zip(other.gradient) {
            *sum += x;
        }
        for (sum, x) in self.curvature.iter_mut().zip(other.curvature) {
            *sum += x;
        }
        self
    }
}

/// `log_probs` ← ln softmax(a·log_probs + b·counted), rows of \[V\].
fn mix(weights: Weights, log_probs: &mut [f64], counted: &[f64], vocab_size: usize) {
    for (log_prob, counted) in log_probs.iter_mut().zip(counted) {
        *log_prob = weights.networks * *log_prob + weights.counts * counted;
    }
    normalise(log_probs, vocab_size);
}

impl LanguageModel for Mixture {
    fn vocab_size(&self) -> usize {
        let counted = self.counts.as_ref().map(LanguageModel::vocab_size);
        let networks = self.networks.first().map(LanguageModel::vocab_size);
        networks.or(counted).expect("a mixture has a part")
    }

    fn context_length(&self) -> usize {
        let repeats = self.repeats.as_ref().map(Repeats::context_length);
        self.tokens_seen().max(repeats.unwrap_or(0))
    }

    fn token_count(&self) -> usize {
        let counted = self.counts.as_ref().map(LanguageModel::token_count);
        let networks = self.networks.first().map(LanguageModel::token_count);
        networks.or(counted).expect("a mixture has a part")
    }

    fn log_probs(&self, states: &[State], log_probs: &mut [f64]) {
        self.parts_log_probs(states, log_probs);
        if let Some(repeats) = &self.repeats {
            let packing = packing(self);
            let rows = log_probs.chunks_exact_mut(self.vocab_size());
            for (state, log_probs) in states.iter().zip(rows) {
                let context = packing.unpack_context(state.packed());
                repeats.scale(repeats.node(&context[state.held()..]), log_probs);
            }
        }
    }

    /// Contexts that neither the networks nor the counts distinguish share a state; see `KneserNey::next_beside`.
    /// With repeat names, a context that is not a prefix of a known name is identified by the tokens that the parts
    /// look at: the older ones are masked, so that equivalent contexts share a state.
    fn next(&self, state: State, token: Token) -> State {
        /// Any token but END: a context that begins with it is not a prefix of a name.
        const MASK: Token = 1;
        if let Some((counts, networks)) = self.counts_and_networks() {
            return counts.next_beside(state, token, networks);
        }
        let (packing, held) = (packing(self), state.held());
        let next = state.with_packed(packing.next_context(state.packed(), token, held));
        let Some(repeats) = &self.repeats else {
            return next;
        };
        let mut context = packing.unpack_context(next.packed());
        let older = context.len() - self.tokens_seen();
        let seen = &context[older + held..];
        if seen.contains(&END) || repeats.node(&context[held..]) != FREE {
            return next;
        }
        context[held..held + older].fill(MASK);
        next.with_packed(packing.pack_context(&context))
    }

    fn word_model(&self) -> Option<Box<dyn WordModel + '_>> {
        match self.repeats {
            None => self.single()?.word_model(),
            Some(_) => None,
        }
    }

    fn total_nll(&self, table: &CountedWindows, rows: Range<usize>) -> f64 {
        match self.single() {
            Some(single) if self.repeats.is_none() => single.total_nll(table, rows),
            _ => total_nll(self, table, rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::Serial;
    use crate::language_model::loss;
    use crate::model::{Activation, Init, ModelConfig, Params};
    use crate::rng::Seed;

    const NAMES: [&str; 8] = [
        "asha", "usha", "isha", "nisha", "maya", "jaya", "vijaya", "vidya",
    ];

    fn windows(names: &[&str], context_length: usize) -> CountedWindows {
        let list = NameList::from_names(names.iter().map(|&name| (name, 1)));
        CountedWindows::from_list(&list, &Vocab::az(), context_length).unwrap()
    }

    /// An untrained network, with counts.
    fn mixture() -> Mixture {
        let config = ModelConfig {
            vocab_size: 27,
            context_length: 3,
            embedding_dim: 4,
            hidden_sizes: vec![8],
            activation: Activation::Tanh,
            residual: false,
            labels: 0,
        };
        let params = Params::init(&config, Init::Kaiming, &Seed::from(1));
        let network = Network::new(config, params).unwrap();
        let counts = KneserNey::closed_form(windows(&NAMES, 2)).unwrap();
        Mixture::new(vec![network], Some(counts), Weights::default()).unwrap()
    }

    #[test]
    fn an_untrained_network_leaves_the_counts_as_they_are() {
        let mut mixture = mixture();
        let few = windows(&["disha"], 3);
        mixture.fit_weights(&few, &Serial);
        assert_eq!(mixture.weights(), COUNTS_ALONE);
        let counts = loss(mixture.counts().unwrap(), &windows(&["disha"], 2), &Serial);
        assert!((loss(&mixture, &few, &Serial) - counts).abs() < 1e-12);
    }

    /// The validation names have characters that only the network expects; a long list outweighs the prior.
    #[test]
    fn many_windows_outweigh_the_prior() {
        let mut mixture = mixture();
        let mut params = mixture.networks[0].params().clone();
        for token in Vocab::az().encode("crkl").unwrap() {
            params.output.bias[usize::from(token)] = 3.0;
        }
        let config = mixture.networks[0].config().clone();
        mixture.networks[0] = Network::new(config, params).unwrap();
        let many = windows(&["carla", "clara", "kira", "lisha"].repeat(500), 3);
        mixture.fit_weights(&many, &Serial);
        let (found, best) = (mixture.weights(), loss(&mixture, &many, &Serial));
        assert!(found.networks > 0.3 && found.counts > 0.3, "{found:?}");
        for (networks, counts) in [(0.05, 0.0), (-0.05, 0.0), (0.0, 0.05), (0.0, -0.05)] {
            mixture.weights.networks = found.networks + networks;
            mixture.weights.counts = found.counts + counts;
            assert!(loss(&mixture, &many, &Serial) > best, "{found:?}");
        }
    }
}
