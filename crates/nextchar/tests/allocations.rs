//! A training step takes no memory: everything was made with the trainer.

use nextchar::Serial;
use nextchar::data::{CountedWindows, EMBEDDED_LISTS, ReadOptions, Vocab};
use nextchar::model::{Activation, Init, ModelConfig};
use nextchar::optim::{BatchKind, Engine, Optimizer, Schedule, TrainConfig, Trainer};
use nextchar::rng::Seed;

#[test]
fn steps_do_not_allocate() {
    let list = EMBEDDED_LISTS
        .iter()
        .find(|list| list.name == "finnish-names")
        .unwrap();
    let (names, _) = list.read(&ReadOptions::default()).unwrap();
    let table = CountedWindows::from_list(&names, &Vocab::az(), 3).unwrap();
    let model = ModelConfig {
        vocab_size: 27,
        context_length: 3,
        embedding_dim: 4,
        hidden_sizes: vec![40, 30],
        activation: Activation::Gelu,
        residual: false,
    };
    for batch in [
        BatchKind::Full,
        BatchKind::Contexts(300),
        BatchKind::Windows(700),
    ] {
        let config = TrainConfig {
            init: Init::Kaiming,
            optimizer: Optimizer::AdamW {
                beta1: 0.9,
                beta2: 0.99,
                epsilon: 1e-8,
                weight_decay: 0.1,
            },
            learning_rate: 0.01,
            schedule: Schedule::Cosine,
            batch,
            steps: 100,
            evaluate_every: 100,
            patience: None,
            target_loss: None,
            portable: false,
            dropout: 0.0,
            batch_norm: false,
            averaging: 0.0,
            seed: Seed::from(1),
        };
        let mut trainer = Trainer::new(&model, &config, &table, &Engine::new(&Serial)).unwrap();
        for _ in 0..50 {
            trainer.step(); // scratch memory grows to the largest batch
        }
        let found = allocation_counter::measure(|| {
            for _ in 0..50 {
                trainer.step();
            }
        });
        // A batch of windows may still turn out larger than any before it.
        assert!(found.count_total <= 4, "{batch:?}: {found:?}");
    }
}
