//! The lecture, step by step, in one sitting: `cargo run --release -p nextchar-core --example lecture`

use nextchar_core::data::{CountedWindows, EMBEDDED_LISTS, ReadOptions, windows};
use nextchar_core::language_model::{LanguageModel, loss};
use nextchar_core::model::{Activation, Init, ModelConfig, Network, Params, reference};
use nextchar_core::rng::{Purpose, Seed, Stream};
use nextchar_core::text::{END, Token, Vocab};
use nextchar_core::train::{BatchKind, Engine, Optimizer, Tables, TrainConfig, train};
use nextchar_core::{Error, Serial};

/// Number of tokens in a context.
const CONTEXT: usize = 3;

fn main() -> Result<(), Error> {
    // 1. Next character as classification: 27 classes, a–z and the end mark.
    let vocab = Vocab::az();
    println!("1. {} classes", vocab.len());

    // 2. Data: Indian names of 5 to 9 characters, as in the lecture.
    let lecture = ReadOptions {
        min_length: 5,
        max_length: 9,
        ..ReadOptions::default()
    };
    let (names, _) = EMBEDDED_LISTS[0].read(&lecture)?;
    println!("2. {} names, such as {}", names.len(), names.name(0).text);

    // 3. Windows: which tokens follow each context of three, and how often.
    let aabid = vocab.encode("aabid").expect("a–z");
    for (context, target) in windows(&aabid, CONTEXT) {
        println!("3. {}→{}", vocab.decode(&context), vocab.symbol(target));
    }
    let table = CountedWindows::from_list(&names, &vocab, CONTEXT)?;
    println!(
        "3. {} windows are {} contexts with counts",
        table.examples(),
        table.len()
    );

    // 4. Embedding; 5. concatenation, hidden layer, logits: the network, before training.
    let config = ModelConfig {
        vocab_size: vocab.len(),
        context_length: CONTEXT,
        embedding_dim: 2,
        hidden_sizes: vec![64],
        activation: Activation::Tanh,
        residual: false,
        labels: 0,
    };
    let params = Params::init(&config, Init::Kaiming, &Seed::from(42));
    let after_aa = vocab.context("aa", CONTEXT).expect("a–z");
    let stages = reference::forward(&config, &params.to_f64(), &after_aa);
    println!("4. embeddings of _aa: {:.2?}", stages.embeddings);
    println!("5. features: {:.2?}", stages.features);
    let network = Network::new(config.clone(), params)?;

    // 6. Cross-entropy trains the embedding and all weights together.
    println!(
        "6. loss before training {:.4}, ln 27 = {:.4}",
        loss(&network, &table, &Serial),
        27f64.ln()
    );
    let training = TrainConfig {
        optimizer: Optimizer::adamw(0.01),
        learning_rate: 0.02,
        batch: BatchKind::Contexts(512),
        steps: 500,
        evaluate_every: 500,
        ..TrainConfig::default()
    };
    let tables = Tables {
        train: &table,
        val: None,
    };
    let trained = train(&config, &training, tables, &Engine::new(&Serial), &mut ())?;
    println!(
        "6. loss after training {:.4}",
        loss(&trained.network, &table, &Serial)
    );

    // 7. Generate: draw from P(next | context) until the end mark.
    let mut rng = Seed::from(42).stream(Purpose::Sample, 0);
    for _ in 0..10 {
        println!("7. {}", one_name(&trained.network, &vocab, &mut rng));
    }
    Ok(())
}

/// The sampling loop of the lecture: the last three tokens in, the next one drawn.
fn one_name(network: &Network, vocab: &Vocab, rng: &mut Stream) -> String {
    let (mut context, mut name) = ([END; CONTEXT], Vec::new());
    loop {
        let token = draw(&network.next_log_probs(&context), rng);
        if token == END {
            return vocab.decode(&name);
        }
        name.push(token);
        context = [context[1], context[2], token];
    }
}

/// A token with its probability: the first one at which the cumulative probability exceeds a uniform number.
fn draw(log_probs: &[f64], rng: &mut Stream) -> Token {
    let mut left = rng.uniform();
    let drawn = (0..).zip(log_probs).find(|(_, log_prob)| {
        left -= log_prob.exp();
        left < 0.0
    });
    drawn.map_or(END, |(token, _)| token)
}
