//! ARPA: an n-gram model in back-off form, as KenLM and SRILM read it. Its "words" are characters.
//!
//! The end mark has two names in this format: `<s>` at the start of a history, `</s>` at the end of a name.
//! Probabilities and weights are log₁₀ here, and nowhere else.

use std::fmt::Write;

use nextchar_core::counts::BackoffNgram;
use nextchar_core::text::{END, Token, Vocab};

use super::embeddings::field;

/// What ARPA readers understand as probability 0.
const NEVER: f64 = -99.0;

/// The model as ARPA text. A space is written as ▁.
pub fn text(vocab: &Vocab, ngram: &BackoffNgram) -> String {
    let order = ngram.order();
    let mut sizes = ngram.sizes();
    sizes[0] += 2; // <s> and <unk>
    let mut text = "\\data\\\n".to_owned();
    for (length, size) in sizes.iter().enumerate() {
        let _ = writeln!(text, "ngram {}={size}", length + 1);
    }
    let mut gram = Vec::with_capacity(order);
    for length in 0..order {
        let _ = write!(text, "\n\\{}-grams:\n", length + 1);
        if length == 0 {
            let _ = writeln!(text, "{NEVER}\t<unk>");
            let _ = write!(text, "{NEVER}\t<s>");
            weight(&mut text, ngram, &[END]);
        }
        for row in ngram.rows(length) {
            for (&target, &log_prob) in row.targets.iter().zip(row.log_probs) {
                gram.clear();
                gram.extend_from_slice(row.history);
                let _ = write!(text, "{}\t", log10(log_prob));
                for (place, &token) in gram.iter().enumerate() {
                    word(
                        &mut text,
                        vocab,
                        token,
                        if place == 0 { "<s>" } else { "</s>" },
                    );
                    text.push(' ');
                }
                word(&mut text, vocab, target, "</s>");
                gram.push(target);
                if target == END || length + 1 == order {
                    text.push('\n');
                } else {
                    weight(&mut text, ngram, &gram);
                }
            }
        }
    }
    text.push_str("\n\\end\\\n");
    text
}

fn word(text: &mut String, vocab: &Vocab, token: Token, end: &str) {
    match token {
        END => text.push_str(end),
        _ => text.push_str(&field(vocab, token)),
    }
}

/// The back-off weight of a history, and the end of the line.
fn weight(text: &mut String, ngram: &BackoffNgram, history: &[Token]) {
    let _ = writeln!(text, "\t{}", log10(ngram.weight(history)));
}

/// Converts ln to log₁₀, rounded to seven decimal places: more than ARPA readers keep.
fn log10(ln: f64) -> f64 {
    let log10 = (ln / std::f64::consts::LN_10).max(NEVER);
    (log10 * 1e7).round() / 1e7 + 0.0 // no -0
}

#[cfg(test)]
mod tests {
    use nextchar_core::counts::KneserNey;
    use nextchar_core::data::{CountedWindows, NameList};

    use super::*;

    #[test]
    fn a_file_begins_with_its_sizes_and_holds_that_many_lines() {
        let names = NameList::from_names(["ab a", "ba", "aab"].map(|name| (name, 1)));
        let vocab = Vocab::from_characters(" ab".chars()).unwrap();
        let table = CountedWindows::from_list(&names, &vocab, 2).unwrap();
        let ngram = BackoffNgram::from(&KneserNey::closed_form(&table).unwrap());
        let text = text(&vocab, &ngram);
        assert!(
            text.starts_with("\\data\\\nngram 1=6\nngram 2=9\n"),
            "{text}"
        );
        assert!(text.ends_with("\n\\end\\\n"));
        for (length, size) in [(1, 6), (2, 9), (3, ngram.sizes()[2])] {
            let section = text.split(&format!("\\{length}-grams:\n")).nth(1).unwrap();
            let lines: Vec<&str> = section
                .lines()
                .take_while(|line| !line.is_empty())
                .collect();
            assert_eq!(lines.len(), size);
            for line in lines {
                let fields: Vec<&str> = line.split('\t').collect();
                assert!(fields[0].parse::<f64>().unwrap() <= 0.0, "{line}");
                let words: Vec<&str> = fields[1].split(' ').collect();
                assert_eq!(words.len(), length, "{line}");
                assert!(
                    words[..length - 1].iter().all(|&word| word != "</s>"),
                    "{line}"
                );
                assert!(words[1..].iter().all(|&word| word != "<s>"), "{line}");
            }
        }
        assert!(text.contains("\tb \u{2581}\t"), "{text}");
    }
}
