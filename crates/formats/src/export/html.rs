//! A page that writes names from a model, offline: the engine and the model are embedded as base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The page, with placeholders for a title, the engine and the model; the playground uses the same template.
const PAGE: &str = include_str!("../../../web/generator.html");

/// How a WebAssembly module begins.
const MAGIC: &[u8] = b"\0asm\x01\0\0\0";

/// Whether these bytes claim to be a WebAssembly module, which the engine is.
pub fn is_module(engine: &[u8]) -> bool {
    engine.starts_with(MAGIC)
}

/// The text of the page. `engine` is the module that `web/build` makes from `crates/web`, `model` a model file.
pub fn page(title: &str, engine: &[u8], model: &[u8]) -> String {
    let mut page = String::new();
    let mut rest = PAGE;
    while let Some((before, (place, after))) = rest
        .split_once("{{")
        .and_then(|(before, behind)| Some((before, behind.split_once("}}")?)))
    {
        page.push_str(before);
        match place {
            "TITLE" => page.extend(title.chars().map(escaped)),
            "WASM" => STANDARD.encode_string(engine, &mut page),
            "MODEL" => STANDARD.encode_string(model, &mut page),
            other => unreachable!("the page has no place {other}"),
        }
        rest = after;
    }
    page + rest
}

/// A character, escaped if HTML could take it for markup.
fn escaped(character: char) -> String {
    match character {
        '&' | '<' | '>' | '"' => format!("&#{};", u32::from(character)),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled_and_a_title_is_no_markup() {
        let page = page("<b>R&D</b>", b"engine", b"model");
        assert!(!page.contains("{{") && !page.contains("}}"));
        assert!(page.contains("<title>&#60;b&#62;R&#38;D&#60;/b&#62;</title>"));
        assert!(page.contains("\"ZW5naW5l\"") && page.contains("\"bW9kZWw=\""));
        assert!(!is_module(b"engine") && is_module(b"\0asm\x01\0\0\0rest"));
    }
}
