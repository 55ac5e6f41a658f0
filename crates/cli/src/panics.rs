//! What a panic prints.

use std::panic;

/// Silences, once and for the whole program, the panics of the Parquet library: reading catches them and reports
/// a damaged file. All others print what they always do.
pub fn install_hook() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !nextchar_formats::is_panic_caught() {
            usual(panic);
        }
    }));
}
