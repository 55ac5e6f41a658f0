//! The door in ten lines: `cargo run -p nextchar --example door`, where `mine.txt` has a name a line.

use nextchar::prelude::*;

/// Reads, learns, writes, judges and saves.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let names = Names::read("mine.txt")?; // or Names::from_iter(["aabid", "aadesh", …])
    let model = Model::train(&names, &TrainOptions::preset(Preset::Fast))?;

    for name in model.generate().suffix("ya").length(6..=6).novel().take(4) {
        println!("{name}");
    }
    let verdict = model.score("aadesh")?;
    let what = if verdict.is_plausible(0.01) {
        "a name"
    } else {
        "no name"
    };
    println!("{:.2} nats, {what}", verdict.log_prob);
    model.save("mine.safetensors")?;
    Ok(())
}
