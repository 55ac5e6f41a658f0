//! The lecture, step by step, in one sitting: `cargo run --release -p nextchar-core --example lecture`

use nextchar_core::data::{CountedWindows, EMBEDDED_LISTS, ReadOptions, windows};
use nextchar_core::language_model::{LanguageModel, loss};
use nextchar_core::model::{Activation, Init, ModelConfig, Network, Params, reference};
use nextchar_core::rng::{Purpose, Seed};
use nextchar_core::text::Vocab;
use nextchar_core::train::{BatchKind, Engine, Optimizer, Schedule, Tables, TrainConfig, train};
use nextchar_core::{Error, Serial};

fn main() -> Result<(), Error> {
    // 1. Next character as classification: 27 classes, a–z and the end mark.
    let vocab = Vocab::az();
    println!("1. {} classes", vocab.len());

    // 2. Data: Indian names, longer than 4 and shorter than 10 letters, as in the lecture.
    let lecture = ReadOptions {
        min_length: 5,
        max_length: 9,
        ..ReadOptions::default()
    };
    let (names, _) = EMBEDDED_LISTS[0].read(&lecture)?;
    println!("2. {} names, such as {}", names.len(), names.name(0).text);

    // 3. Windows: what follows each context of three characters, and how often.
    for (context, target) in windows(&[1, 1, 2, 9, 4], 3) {
        println!("3. {}→{}", vocab.decode(&context), vocab.symbol(target));
    }
    let table = CountedWindows::from_list(&names, &vocab, 3)?;
    println!(
        "3. {} windows are {} contexts with counts",
        table.examples(),
        table.len()
    );

    // 4. Embedding and 5. concatenation, hidden layer, logits: the network, before training.
    let config = ModelConfig {
        vocab_size: vocab.len(),
        context_length: 3,
        embedding_dim: 2,
        hidden_sizes: vec![64],
        activation: Activation::Tanh,
        residual: false,
        labels: 0,
    };
    let params = Params::init(&config, Init::Kaiming, &Seed::from(42));
    let stages = reference::forward(&config, &params.to_f64(), &[0, 1, 1]);
    println!("4. embeddings of _aa: {:.2?}", stages.embeddings);
    println!("5. features: {:.2?}", stages.features);
    let network = Network::new(config.clone(), params)?;

    // 6. Cross-entropy trains the embedding and all the weights together.
    println!(
        "6. loss before training {:.4}, ln 27 = {:.4}",
        loss(&network, &table, &Serial),
        27f64.ln()
    );
    let training = TrainConfig {
        init: Init::Kaiming,
        optimizer: Optimizer::adamw(0.01),
        learning_rate: 0.02,
        schedule: Schedule::Cosine,
        batch: BatchKind::Contexts(512),
        steps: 500,
        evaluate_every: 500,
        patience: None,
        target_loss: None,
        portable: false,
        dropout: 0.0,
        batch_norm: false,
        averaging: 0.0,
        seed: Seed::from(42),
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

    // 7. Generate: draw from P(c) until the end mark.
    let mut rng = Seed::from(42).stream(Purpose::Sample, 0);
    for _ in 0..10 {
        println!("7. {}", one_name(&trained.network, &vocab, &mut rng));
    }
    Ok(())
}

/// The loop of the lecture: the last three characters in, the next one drawn.
fn one_name(network: &Network, vocab: &Vocab, rng: &mut nextchar_core::rng::Stream) -> String {
    let mut name = Vec::new();
    loop {
        let context = vocab
            .context(&vocab.decode(&name), network.context_length())
            .expect("drawn from the vocabulary");
        let mut left = rng.uniform();
        let drawn = network
            .next_log_probs(&context)
            .iter()
            .position(|log_prob| {
                left -= log_prob.exp();
                left < 0.0
            });
        match drawn {
            Some(token) if token > 0 => name.push(token as u16),
            _ => return vocab.decode(&name),
        }
    }
}
