//! The network as a model: embedding, features, hidden layers, logits, softmax, in that order.
//!
//! Inference is always portable arithmetic (unfused, one order of every sum), so one file gives
//! the same probabilities natively, in a browser and from any language.

use std::ops::Range;

use nextchar_kernels::{Arithmetic, Contexts, Kernels};

use crate::data::CountedWindows;
use crate::error::Error;
use crate::language_model::{LanguageModel, State};
use crate::model::config::ModelConfig;
use crate::model::engine::packed::PackedLayout;
use crate::model::engine::{features, first_layer, hidden};
use crate::model::params::Params;
use crate::numeric::softmax::log_softmax;
use crate::text::Token;

/// Rows that go through the layers together: their activations stay in cache.
const BLOCK_ROWS: usize = 128;

/// A trained (or new) network: parameters, and what inference computes from them once.
#[derive(Clone, Debug)]
pub struct Network {
    config: ModelConfig,
    params: Params,
    layout: PackedLayout,
    flat: Vec<f32>,
    tables: Vec<f32>,
    kernels: Kernels,
}

impl Network {
    /// A network of these parameters.
    ///
    /// # Errors
    /// Those of [`ModelConfig::validate`]; [`Error::WrongParameters`] where a tensor has another size than
    /// the configuration says.
    pub fn new(config: ModelConfig, params: Params) -> Result<Self, Error> {
        config.validate()?;
        let infos = Params::<f32>::tensor_infos(&config);
        let tensors = params.tensors();
        let fits = infos.len() == tensors.len()
            && infos
                .iter()
                .zip(tensors)
                .all(|(info, values)| info.len() == values.len());
        if !fits {
            return Err(Error::WrongParameters);
        }
        let layout = PackedLayout::new(&config);
        let flat = layout.pack(&params);
        Ok(Self::from_packed(config, params, layout, flat))
    }

    fn from_packed(
        config: ModelConfig,
        params: Params,
        layout: PackedLayout,
        flat: Vec<f32>,
    ) -> Self {
        let kernels = Kernels::best(Arithmetic::Unfused);
        let mut tables =
            vec![0.0; config.context_length * config.token_count() * layout.layers[0].stride];
        first_layer::tables(kernels, &layout, &flat, &mut tables);
        Network {
            config,
            params,
            layout,
            flat,
            tables,
            kernels,
        }
    }

    /// Its shape.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Its parameters, in PyTorch's layout.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Calls `each` with every row's preactivations of hidden layer `layer` (from 0), \[H\].
    pub(crate) fn preactivations(
        &self,
        contexts: &[Token],
        layer: usize,
        mut each: impl FnMut(usize, &[f32]),
    ) {
        let width = self.config.hidden_sizes[layer];
        let mut scratch = Scratch::default();
        let values = self.preactivation(contexts, layer, &mut scratch);
        let rows = values.chunks_exact(self.layout.layers[layer].stride);
        for (row, values) in rows.enumerate() {
            each(row, &values[..width]);
        }
    }

    /// The logits of a block of contexts, [B, padded(V)], in the scratch's values.
    fn logits<'a>(&self, contexts: &[Token], scratch: &'a mut Scratch) -> &'a mut [f32] {
        self.preactivation(contexts, self.config.hidden_sizes.len(), scratch)
    }

    /// z of a layer (the output layer comes last) for a block of contexts, [B, its stride].
    fn preactivation<'a>(
        &self,
        contexts: &[Token],
        layer: usize,
        scratch: &'a mut Scratch,
    ) -> &'a mut [f32] {
        let first = &self.layout.layers[0];
        let rows = contexts.len() / self.config.context_length;
        scratch.values.resize(rows * first.stride, 0.0);
        let contexts = Contexts {
            tokens: contexts,
            length: self.config.context_length,
            vocab_size: self.config.token_count(),
        };
        let values = &mut scratch.values;
        features::forward(
            self.kernels,
            first,
            &self.flat,
            contexts,
            &self.tables,
            values,
        );
        for (index, pair) in self.layout.layers.windows(2).take(layer).enumerate() {
            let (below, layer) = (&pair[0], &pair[1]);
            let Scratch {
                values,
                out,
                skipped,
            } = scratch;
            hidden::activate_only(self.kernels, self.config.activation, values);
            if self.config.is_residual(index) {
                self.kernels.axpy(1.0, skipped, values);
            }
            if self.config.is_residual(index + 1) {
                skipped.clone_from(values);
            }
            out.resize(rows * layer.stride, 0.0);
            hidden::linear(self.kernels, layer, &self.flat, values, below.stride, out);
            std::mem::swap(values, out);
        }
        &mut scratch.values
    }
}

impl LanguageModel for Network {
    fn vocab_size(&self) -> usize {
        self.config.vocab_size
    }

    fn context_length(&self) -> usize {
        self.config.context_length
    }

    fn token_count(&self) -> usize {
        self.config.token_count()
    }

    fn log_probs(&self, states: &[State], log_probs: &mut [f64]) {
        let (vocab_size, context_length) = (self.config.vocab_size, self.config.context_length);
        assert_eq!(
            log_probs.len() % vocab_size,
            0,
            "whole rows of {vocab_size}"
        );
        assert_eq!(
            states.len(),
            log_probs.len() / vocab_size,
            "a state for each row"
        );
        let contexts = self.contexts(states);
        let mut scratch = Scratch::default();
        for (block, out) in log_probs.chunks_mut(BLOCK_ROWS * vocab_size).enumerate() {
            let rows = out.len() / vocab_size;
            let contexts =
                &contexts[block * BLOCK_ROWS * context_length..][..rows * context_length];
            let logits = self.logits(contexts, &mut scratch);
            let stride = logits.len() / rows;
            for (out, logits) in out
                .chunks_exact_mut(vocab_size)
                .zip(logits.chunks_exact(stride))
            {
                for (log_prob, &logit) in out.iter_mut().zip(logits) {
                    *log_prob = f64::from(logit);
                }
            }
            log_softmax(out, vocab_size);
        }
    }

    /// The same sum with the kernels' softmax: within f32's rounding of the f64 one.
    fn total_nll(&self, table: &CountedWindows, rows: Range<usize>) -> f64 {
        let (vocab_size, context_length) = (self.config.vocab_size, self.config.context_length);
        assert_eq!(
            (table.vocab_size(), table.context_length()),
            (vocab_size, context_length),
            "a table of another shape"
        );
        let (mut scratch, mut log_sums) = (Scratch::default(), [0.0; BLOCK_ROWS]);
        let mut total = 0.0;
        for start in rows.clone().step_by(BLOCK_ROWS) {
            let block = start..(start + BLOCK_ROWS).min(rows.end);
            let contexts = block.start * context_length..block.end * context_length;
            let logits = self.logits(&table.contexts()[contexts], &mut scratch);
            let stride = logits.len() / block.len();
            for (logits, index) in logits.chunks_exact(stride).zip(block.clone()) {
                let row = table.row(index);
                for (&target, &count) in row.targets.iter().zip(row.counts) {
                    total -= count as f64 * f64::from(logits[usize::from(target)]);
                }
            }
            let log_sums = &mut log_sums[..block.len()];
            let ones = &[1.0; BLOCK_ROWS][..block.len()];
            self.kernels
                .softmax(logits, stride, vocab_size, ones, log_sums);
            for (&log_sum, &count) in log_sums.iter().zip(&table.totals()[block]) {
                total += count as f64 * f64::from(log_sum);
            }
        }
        total
    }
}

/// What a block of rows computes with, block after block.
#[derive(Default)]
struct Scratch {
    values: Vec<f32>,
    out: Vec<f32>,
    /// The input of a residual layer.
    skipped: Vec<f32>,
}
