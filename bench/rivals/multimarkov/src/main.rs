//! Names from the crate multimarkov: `bench-multimarkov LIST NAMES` prints names, seconds and characters as JSON.

use std::time::Instant;

use multimarkov::MultiMarkov;
use rand::SeedableRng;
use rand::rngs::SmallRng;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let list = std::fs::read_to_string(&arguments[1]).expect("a list");
    let number: usize = arguments[2].parse().expect("a number");
    // Three marks before a name and one after it, as in its own examples.
    let sequence = |name: &str| format!("###{name}_").chars().collect::<Vec<char>>();
    let model = MultiMarkov::<char>::builder()
        .with_order(3)
        .without_prior()
        .train(list.lines().map(sequence))
        .build();
    let mut rng = SmallRng::seed_from_u64(42);
    let (mut letters, start) = (0, Instant::now());
    for _ in 0..number {
        let mut name: Vec<char> = "###".chars().collect();
        while let Some(next) = model.random_next(&mut rng, &name) {
            if next == '_' {
                break;
            }
            name.push(next);
        }
        letters += name.len() - 3;
        std::hint::black_box(name.iter().skip(3).collect::<String>());
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{{\"names\": {number}, \"seconds\": {seconds}, \"letters\": {letters}}}");
}
