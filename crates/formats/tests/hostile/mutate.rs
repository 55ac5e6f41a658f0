//! Damage: makes valid bytes invalid, at random, but in the same way for the same case.

use nextchar_core::rng::{Purpose, Seed, Stream};
use serde_json::Value;

/// A source of damage.
pub struct Damage {
    rng: Stream,
}

/// Numbers that break sizes, sums and products.
const NUMBERS: [u64; 16] = [
    0,
    1,
    2,
    3,
    127,
    255,
    256,
    65_535,
    65_536,
    1 << 31,
    (1 << 32) - 1,
    1 << 40,
    1 << 53,
    1 << 62,
    i64::MAX as u64,
    u64::MAX,
];

/// Texts that can be taken for something else.
const TEXTS: [&str; 10] = [
    "",
    "_",
    "a",
    "abc",
    "नमस्ते",
    "\u{0}",
    "\u{1b}[2J",
    "F64",
    "U8",
    "network",
];

impl Damage {
    /// The damage of a case.
    pub fn new(case: u64) -> Self {
        Damage {
            rng: Seed::from(case).stream(Purpose::Judge, 0),
        }
    }

    /// A number below a bound; 0 if there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        match bound {
            0 => 0,
            _ => self.rng.below(bound as u64) as usize,
        }
    }

    /// A random element.
    pub fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }

    /// One to a few changes of the bytes, regardless of their meaning.
    pub fn bytes(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..1 + self.below(4) {
            let place = self.below(bytes.len());
            let length = 1 + self.below(24);
            let end = (place + length).min(bytes.len());
            match self.below(9) {
                0 if !bytes.is_empty() => bytes[place] ^= 1 << self.below(8),
                1 if !bytes.is_empty() => bytes[place] = self.below(256) as u8,
                2 => bytes.truncate(place),
                3 => drop(bytes.drain(place..end)),
                4 => {
                    let copy = bytes[place..end].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, copy);
                }
                5 => {
                    let new: Vec<u8> = (0..length).map(|_| self.below(256) as u8).collect();
                    bytes.splice(place..place, new);
                }
                6 => {
                    let number = self.pick(&NUMBERS).to_le_bytes();
                    let room = 8.min(bytes.len() - place);
                    bytes[place..place + room].copy_from_slice(&number[..room]);
                }
                7 => {
                    let value = *self.pick(&[0u8, 0xff, 0x7f, 0x80, b'"', b'\n', b',', b'{']);
                    bytes[place..end].fill(value);
                }
                _ => {
                    let value = *self.pick(&[f32::NAN, f32::INFINITY, f32::MAX, -0.0, 1e-45]);
                    let place = place / 4 * 4;
                    if place + 4 <= bytes.len() {
                        bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
                    }
                }
            }
        }
    }

    /// One change somewhere in a JSON value, which remains JSON.
    pub fn json(&mut self, value: &mut Value) {
        match value {
            Value::Array(values) if !values.is_empty() && self.below(4) > 0 => {
                let place = self.below(values.len());
                self.json(&mut values[place]);
            }
            Value::Array(values) => match self.below(3) {
                0 => values.clear(),
                1 => values.extend(values.clone()),
                _ => values.push(Value::Null),
            },
            Value::Object(fields) if !fields.is_empty() => {
                let keys: Vec<String> = fields.keys().cloned().collect();
                let key = self.pick(&keys).clone();
                match self.below(10) {
                    0 => drop(fields.remove(&key)),
                    1 => {
                        let taken = fields.remove(&key).expect("it is a key");
                        fields.insert((*self.pick(&TEXTS)).into(), taken);
                    }
                    2 => {
                        let other = fields[self.pick(&keys)].clone();
                        fields.insert(key, other);
                    }
                    _ => self.json(&mut fields[&key]),
                }
            }
            // Metadata: JSON within a string.
            Value::String(text) if text.starts_with('{') && self.below(8) > 0 => {
                if let Ok(mut inner) = serde_json::from_str(text) {
                    self.json(&mut inner);
                    *text = inner.to_string();
                }
            }
            other => {
                *other = match self.below(6) {
                    0 => Value::Null,
                    1 => Value::String((*self.pick(&TEXTS)).into()),
                    2 => Value::from(-1),
                    3 => Value::from(*self.pick(&[1e308, -1e308, 0.5, 1e-320])),
                    4 => Value::Array(vec![Value::from(1); self.below(200)]),
                    _ => Value::from(*self.pick(&NUMBERS)),
                }
            }
        }
    }

    /// A change of a safetensors file: of any bytes, of the tensors' bytes, or of the header, which remains
    /// a valid header.
    pub fn safetensors(&mut self, bytes: &mut Vec<u8>) {
        let length = u64::from_le_bytes(bytes[..8].try_into().expect("it has a header")) as usize;
        match self.below(4) {
            0 => self.bytes(bytes),
            1 => {
                let mut tensors = bytes.split_off(8 + length);
                let size = tensors.len();
                self.bytes(&mut tensors);
                tensors.resize(size, 0);
                bytes.extend(tensors);
            }
            _ => {
                let tensors = bytes.split_off(8 + length);
                let mut header: Value =
                    serde_json::from_slice(&bytes[8..]).expect("a header is JSON");
                for _ in 0..1 + self.below(3) {
                    self.json(&mut header);
                }
                let header = header.to_string().into_bytes();
                *bytes = (header.len() as u64).to_le_bytes().to_vec();
                bytes.extend(header);
                bytes.extend(tensors);
            }
        }
    }

    /// A change of a Parquet file: of any bytes, of pages in place, or of the footer, which remains a valid footer.
    pub fn parquet(&mut self, bytes: &mut Vec<u8>) {
        let end = bytes.len() - 8;
        let length = u32::from_le_bytes(bytes[end..][..4].try_into().expect("four bytes"));
        let pages = 4..end - length as usize;
        match self.below(5) {
            0 => self.bytes(bytes),
            1 => {
                let place = pages.start + self.below(pages.len());
                let number = self.thrift();
                let room = number.len().min(pages.end - place);
                bytes[place..][..room].copy_from_slice(&number[..room]);
            }
            2 => {
                let mut changed = bytes[pages.clone()].to_vec();
                self.bytes(&mut changed);
                changed.resize(pages.len(), 0);
                bytes[pages].copy_from_slice(&changed);
            }
            _ => {
                let mut footer = bytes[pages.end..end].to_vec();
                for _ in 0..1 + self.below(3) {
                    let place = self.below(footer.len());
                    match self.below(3) {
                        0 => self.bytes(&mut footer),
                        1 if place < footer.len() => footer[place..].rotate_left(1),
                        _ => {
                            let number = self.thrift();
                            let until = (place + self.below(3)).min(footer.len());
                            footer.splice(place.min(until)..until, number);
                        }
                    }
                }
                bytes.truncate(pages.end);
                bytes.extend(&footer);
                bytes.extend((footer.len() as u32).to_le_bytes());
                bytes.extend(b"PAR1");
            }
        }
    }

    /// A number as Thrift writes it, signed or unsigned.
    fn thrift(&mut self) -> Vec<u8> {
        let mut number = *self.pick(&NUMBERS);
        if self.below(2) == 0 {
            number = number.wrapping_mul(2);
        }
        let mut bytes = Vec::new();
        while number > 0x7f {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }
}
