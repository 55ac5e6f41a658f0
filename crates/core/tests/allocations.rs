//! A training step takes no memory: everything was made with the trainer.

use nextchar_core::Serial;
use nextchar_core::data::{CountedWindows, EMBEDDED_LISTS, ReadOptions};
use nextchar_core::model::{Activation, ModelConfig};
use nextchar_core::rng::Seed;
use nextchar_core::text::Vocab;
use nextchar_core::train::{BatchKind, Engine, TrainConfig, Trainer};

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
        labels: 0,
    };
    for batch in [
        BatchKind::Full,
        BatchKind::Contexts(300),
        BatchKind::Windows(700),
    ] {
        let config = TrainConfig {
            batch,
            steps: 100,
            evaluate_every: 100,
            seed: Seed::from(1),
            ..TrainConfig::default()
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
