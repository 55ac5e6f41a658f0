//! ONNX: `tokens` [batch, T] int64 → `logits` [batch, V] float, the batch of any size.
//!
//! The softmax of the logits is the model's distribution. The logits of one network are its own; those of several
//! are the mean of their log-probabilities. Kneser–Ney counts are a dense table \[V^T, V\] of log-probabilities,
//! indexed by the number of the context, so only short contexts fit.

use nextchar_core::counts::KneserNey;
use nextchar_core::model::{Activation, Network, Params};
use nextchar_core::text::{Start, Token, Vocab};
use nextchar_core::{LanguageModel, Mixture};
use prost::Message;

use super::onnx_types::tensor_proto::DataType;
use super::onnx_types::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, attribute_proto, tensor_shape_proto,
    type_proto,
};

/// The version of the operators, and the version of the container that belongs to it.
const OPSET: i64 = 26;
const IR_VERSION: i64 = 13;

/// The largest table of counts, in bytes: a context of 4 with the lecture's 27 classes takes 57 MB.
pub const LARGEST_TABLE: usize = 64 << 20;

/// Instead of ln 0: in f32, its softmax is 0, and sums with it stay finite.
const IMPOSSIBLE: f32 = -1e30;

/// The dense table of the counts would be too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "counts of context {context_length} over {vocab_size} classes are a table of more than {} MB; \
     a context of {longest} fits",
    LARGEST_TABLE >> 20
)]
pub struct TableTooLarge {
    /// Context length of the counts.
    pub context_length: usize,
    /// V.
    pub vocab_size: usize,
    /// The longest context whose table fits.
    pub longest: usize,
}

/// A model's networks and counts as ONNX; the factors of repeat names are dropped.
///
/// # Errors
/// [`TableTooLarge`] if its counts do not fit into a dense table.
pub fn model(vocab: &Vocab, model: &Mixture) -> Result<Vec<u8>, TableTooLarge> {
    let table = model.counts().map(dense_table).transpose()?;
    let mut graph = Graph::default();
    let networks = model.networks();
    let length = model.characters_seen();
    let logits = match (networks, table) {
        ([network], None) => graph.network(network, "", length),
        (_, table) => {
            let mut parts = Vec::new();
            let (a, b) = match table {
                Some(_) if !networks.is_empty() => {
                    (model.weights().networks, model.weights().counts)
                }
                _ => (1.0, 1.0),
            };
            for (index, network) in networks.iter().enumerate() {
                let logits = graph.network(network, &format!("member.{index}."), length);
                let log_probs = graph.node("LogSoftmax", &[&logits], &[("axis", 1)]);
                let share = graph.scalar(a / networks.len() as f64);
                parts.push(graph.node("Mul", &[&log_probs, &share], &[]));
            }
            if let (Some(table), Some(counts)) = (table, model.counts()) {
                let log_probs = graph.counts(counts, table, length);
                let share = graph.scalar(b);
                parts.push(graph.node("Mul", &[&log_probs, &share], &[]));
            }
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            graph.node("Sum", &parts, &[])
        }
    };
    graph.nodes.push(NodeProto {
        op_type: Some("Identity".into()),
        input: vec![logits],
        output: vec!["logits".into()],
        name: Some("logits".into()),
        ..NodeProto::default()
    });
    Ok(graph.finish(vocab, length).encode_to_vec())
}

/// ln p for every context, including those with characters before padding: [V^T, V].
fn dense_table(counts: &KneserNey) -> Result<Vec<f32>, TableTooLarge> {
    let (vocab_size, context_length) = (counts.vocab_size(), counts.context_length());
    let size = |length: usize| {
        let cells = vocab_size.checked_pow(length as u32 + 1);
        cells.filter(|&cells| cells <= LARGEST_TABLE / size_of::<f32>())
    };
    let cells = size(context_length).ok_or_else(|| TableTooLarge {
        context_length,
        vocab_size,
        longest: (0..context_length)
            .take_while(|&length| size(length).is_some())
            .count()
            .max(1)
            - 1,
    })?;
    let mut table = Vec::with_capacity(cells);
    let (mut context, mut row) = (vec![0 as Token; context_length], vec![0.0; vocab_size]);
    let start = Start::default();
    for index in 0..cells / vocab_size {
        let mut rest = index;
        for token in context.iter_mut().rev() {
            *token = (rest % vocab_size) as Token;
            rest /= vocab_size;
        }
        counts.log_probs(&[counts.after(&start, &context)], &mut row);
        table.extend(
            row.iter()
                .map(|&log_prob| (log_prob as f32).max(IMPOSSIBLE)),
        );
    }
    Ok(table)
}

/// The pieces of a vocabulary that is none of characters, as JSON.
fn pieces(vocab: &Vocab) -> String {
    let pieces: Vec<&str> = vocab.pieces().collect();
    serde_json::to_string(&pieces).expect("texts are JSON")
}

/// A graph under construction: nodes in order, and the constants that they use.
#[derive(Default)]
struct Graph {
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
}

impl Graph {
    /// Adds a node with integer attributes and one output, and returns the name of the output.
    fn node(&mut self, op: &str, inputs: &[&str], attributes: &[(&str, i64)]) -> String {
        let output = format!("{}_{}", op.to_lowercase(), self.nodes.len());
        let attribute = |&(name, value): &(&str, i64)| AttributeProto {
            name: Some(name.into()),
            r#type: Some(attribute_proto::AttributeType::Int as i32),
            i: Some(value),
            ..AttributeProto::default()
        };
        self.nodes.push(NodeProto {
            op_type: Some(op.into()),
            name: Some(output.clone()),
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.clone()],
            attribute: attributes.iter().map(attribute).collect(),
            ..NodeProto::default()
        });
        output
    }

    fn constant(&mut self, name: String, kind: DataType, dims: &[usize], data: Vec<u8>) -> String {
        self.constants.push(TensorProto {
            name: Some(name.clone()),
            data_type: Some(kind as i32),
            dims: dims.iter().map(|&dim| dim as i64).collect(),
            raw_data: Some(data),
            ..TensorProto::default()
        });
        name
    }

    fn floats(&mut self, name: String, dims: &[usize], values: &[f32]) -> String {
        let data = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(name, DataType::Float, dims, data)
    }

    fn integers(&mut self, values: &[i64]) -> String {
        let data = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let name = format!("constant_{}", self.constants.len());
        self.constant(name, DataType::Int64, &[values.len()], data)
    }

    fn scalar(&mut self, value: f64) -> String {
        let name = format!("constant_{}", self.constants.len());
        self.floats(name, &[], &[value as f32])
    }

    /// The last `wanted` of `length` tokens.
    fn tokens(&mut self, length: usize, wanted: usize) -> String {
        if wanted == length {
            return "tokens".into();
        }
        let (start, end, axis) = (length - wanted, length, 1);
        let [start, end, axis] = [start, end, axis].map(|x| self.integers(&[x as i64]));
        self.node("Slice", &["tokens", &start, &end, &axis], &[])
    }

    /// The logits of a network whose tensor names begin with `prefix`.
    fn network(&mut self, network: &Network, prefix: &str, length: usize) -> String {
        let config = network.config();
        let infos = Params::<f32>::tensor_infos(config);
        let mut names = Vec::new();
        for (info, values) in infos.into_iter().zip(network.params().tensors()) {
            names.push(self.floats(format!("{prefix}{}", info.name), &info.shape, values));
        }
        let tokens = self.tokens(length, config.context_length);
        let vectors = self.node("Gather", &[&names[0], &tokens], &[("axis", 0)]);
        let mut x = self.node("Flatten", &[&vectors], &[("axis", 1)]);
        let layers: Vec<&[String]> = names[1..].chunks_exact(2).collect();
        for (index, layer) in layers.iter().enumerate() {
            let z = self.node("Gemm", &[&x, &layer[0], &layer[1]], &[("transB", 1)]);
            if index + 1 == layers.len() {
                return z;
            }
            let op = match config.activation {
                Activation::Tanh => "Tanh",
                Activation::Relu => "Relu",
                Activation::Gelu => "Gelu",
            };
            let y = self.node(op, &[&z], &[]);
            x = match config.is_residual(index) {
                true => self.node("Add", &[&x, &y], &[]),
                false => y,
            };
        }
        unreachable!("there is always an output layer")
    }

    /// The log-probabilities of counts: the row that a context's number in base V chooses.
    fn counts(&mut self, counts: &KneserNey, table: Vec<f32>, length: usize) -> String {
        let (vocab_size, own) = (counts.vocab_size(), counts.context_length());
        let rows = table.len() / vocab_size;
        let table = self.floats("counts.log_probs".into(), &[rows, vocab_size], &table);
        let tokens = self.tokens(length, own);
        let places: Vec<i64> = (0..own as u32)
            .rev()
            .map(|place| (vocab_size as i64).pow(place))
            .collect();
        let (places, axis) = (self.integers(&places), self.integers(&[1]));
        let digits = self.node("Mul", &[&tokens, &places], &[]);
        let number = self.node("ReduceSum", &[&digits, &axis], &[("keepdims", 0)]);
        self.node("Gather", &[&table, &number], &[("axis", 0)])
    }

    fn finish(self, vocab: &Vocab, length: usize) -> ModelProto {
        let entry = |key: &str, value: String| StringStringEntryProto {
            key: Some(key.into()),
            value: Some(value),
        };
        let vocab_size = vocab.len();
        let alphabet = vocab.alphabet().unwrap_or_else(|| pieces(vocab));
        ModelProto {
            ir_version: Some(IR_VERSION),
            opset_import: vec![OperatorSetIdProto {
                domain: Some(String::new()),
                version: Some(OPSET),
            }],
            producer_name: Some("nextchar".into()),
            producer_version: Some(env!("CARGO_PKG_VERSION").into()),
            doc_string: Some(
                "The next character of a name. Token 0 is the end mark and pads the left; \
                 token i + 1 is the i-th character of `alphabet`."
                    .into(),
            ),
            metadata_props: vec![entry("alphabet", alphabet)],
            graph: Some(GraphProto {
                name: Some("next_character".into()),
                node: self.nodes,
                initializer: self.constants,
                input: vec![value("tokens", DataType::Int64, length)],
                output: vec![value("logits", DataType::Float, vocab_size)],
                ..GraphProto::default()
            }),
            ..ModelProto::default()
        }
    }
}

/// An input or output of shape [batch, `width`].
fn value(name: &str, kind: DataType, width: usize) -> ValueInfoProto {
    use tensor_shape_proto::{Dimension, dimension::Value};
    let dimension = |value: Value| Dimension {
        value: Some(value),
        ..Dimension::default()
    };
    let shape = TensorShapeProto {
        dim: vec![
            dimension(Value::DimParam("batch".into())),
            dimension(Value::DimValue(width as i64)),
        ],
    };
    ValueInfoProto {
        name: Some(name.into()),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(type_proto::Tensor {
                elem_type: Some(kind as i32),
                shape: Some(shape),
            })),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}
