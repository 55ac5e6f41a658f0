//! Any bytes are scored or rejected with a reason, and the output is complete.

use std::io::Cursor;

use nextchar::rng::{Purpose, Seed};
use nextchar::score::WordScorer;
use nextchar::{Placeholders, Recognition, Workers};

use super::{Lines, Rows, Style, Verdicts, decoded, run};
use crate::store;

/// What lists and tables are made of, and what breaks them.
const PIECES: [&[u8]; 24] = [
    b"aadesh",
    b"zeel",
    b"Zo\xc3\xab",
    b"name",
    b"name,count\n",
    b"id;name\n",
    b"\n",
    b"\n",
    b"\r\n",
    b",",
    b",",
    b";",
    b"\t",
    b"\"",
    b"\"",
    b" ",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"_",
    b"\x1b[31m",
    b"=1+1",
    b"o'neil",
];

/// Bytes of up to 200 pieces, one of them at times as long as a shard.
fn hostile(case: u64) -> Vec<u8> {
    let mut rng = Seed::from(case).stream(Purpose::Judge, 0);
    let mut bytes = Vec::new();
    for _ in 0..rng.below(200) {
        let piece = PIECES[rng.below(PIECES.len() as u64) as usize];
        let times = match rng.below(2000) {
            0 => 20_000,
            _ => 1,
        };
        bytes.extend(piece.repeat(times));
    }
    bytes
}

#[test]
fn any_bytes_are_scored_or_refused() {
    let times = std::env::var("NEXTCHAR_CASES").map_or(1, |times| times.parse().unwrap());
    let file = store::load(None).ok().unwrap();
    let judge = file.judge().unwrap().cloned().unwrap();
    let verdicts = |only_failing| Verdicts {
        judge: Some(judge.clone()),
        false_rejection: 0.01,
        recognition: Recognition::new(&file, Placeholders::usual()),
        only_failing,
    };
    let mut scorer = WordScorer::new(file.language_model()).unwrap();
    let threads = Workers::serial();
    let (mut scored, mut refused) = (0, 0);
    for case in 0..1000 * times {
        let input = decoded("input", Box::new(Cursor::new(hostile(case))));
        let verdicts = verdicts(case % 5 == 0);
        let mut out = Vec::new();
        let mut score = |input: &mut dyn super::Input, style| {
            let out = &mut out;
            run(
                &mut scorer,
                file.vocab(),
                &verdicts,
                input,
                style,
                out,
                threads,
            )
        };
        let style = match case % 3 {
            0 => Style::Text { colours: true },
            1 => Style::Json,
            _ => Style::Table,
        };
        let done = input.and_then(|input| match style {
            Style::Table => {
                Rows::of("input", input, "name").and_then(|mut rows| score(&mut rows, style))
            }
            _ => score(&mut Lines::of("input", input), style),
        });
        match done {
            Ok(_) => {
                scored += 1;
                check(&out, style);
            }
            Err(failure) => {
                refused += 1;
                let said = failure.to_string();
                assert!(said.starts_with("input: ") && said.len() > 20, "{said}");
            }
        }
    }
    eprintln!("scored {scored}, refused {refused}");
    assert!(scored > 500 && refused > 100, "{scored} {refused}");
}

/// Every line of JSON and every row of a table can be read again.
fn check(out: &[u8], style: Style) {
    match style {
        Style::Json => {
            for line in out
                .split(|&byte| byte == b'\n')
                .filter(|line| !line.is_empty())
            {
                let value: serde_json::Value = serde_json::from_slice(line).unwrap();
                assert!(value["text"].is_string(), "{value}");
            }
        }
        Style::Table => {
            // Its first line may not determine the delimiter: a cell can contain other delimiters or a line feed.
            let is_whole = |delimiter| {
                let mut table = csv::ReaderBuilder::new()
                    .delimiter(delimiter)
                    .from_reader(out);
                let columns = table.byte_headers().map_or(0, csv::ByteRecord::len);
                columns >= 4 && table.byte_records().all(|row| row.is_ok())
            };
            assert!([b'\t', b',', b';'].into_iter().any(is_whole));
        }
        Style::Text { .. } => assert!(std::str::from_utf8(out).is_ok()),
    }
}
