//! Sorted names as bytes (front coding): how much each name shares with the previous one, then the rest.
//!
//! Each name is a varint with the number of bytes shared with the previous name, a varint with the number of
//! remaining bytes, and these bytes.

use nextchar_core::data::{MAX_NAME_LENGTH, NameList};

/// Decoded names have at most this many times the encoded bytes, or this many in all, whichever is more: a
/// hostile file cannot make a small tensor decode into unlimited memory.
const MAX_EXPANSION: usize = 64;
const MAX_UNFOLDED: usize = 64 << 20;

/// The bytes of a list's names in sorted order, and their counts in the same order.
pub(crate) fn encode(list: &NameList) -> (Vec<u8>, Vec<u64>) {
    let sorted = list.sorted();
    let mut bytes = Vec::new();
    let mut previous: &[u8] = b"";
    for name in sorted.clone() {
        let text = name.text.as_bytes();
        let shared = previous
            .iter()
            .zip(text)
            .take_while(|(a, b)| a == b)
            .count();
        put_varint(&mut bytes, shared);
        put_varint(&mut bytes, text.len() - shared);
        bytes.extend_from_slice(&text[shared..]);
        previous = text;
    }
    (bytes, sorted.map(|name| name.count).collect())
}

/// Decoded names, in sorted order.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    /// All texts, concatenated.
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Decoded {
    /// The number of names.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The names.
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        let starts = (0..self.len()).map(|place| self.ends[..place].last().copied().unwrap_or(0));
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.text[start..end])
    }
}

/// Decodes names.
///
/// # Errors
/// What is wrong: truncated, out of order, not UTF-8, or too long.
pub(crate) fn decode(bytes: &[u8]) -> Result<Decoded, String> {
    let mut decoded = Decoded::default();
    let (mut place, mut last) = (0, 0);
    let mut current: Vec<u8> = Vec::new();
    while place < bytes.len() {
        let number = decoded.len() + 1;
        let shared = take_varint(bytes, &mut place)?;
        let rest = take_varint(bytes, &mut place)?;
        if shared > current.len() {
            return Err(format!(
                "name {number} shares more bytes than the previous name has"
            ));
        }
        let end = place.checked_add(rest).filter(|&end| end <= bytes.len());
        let end = end.ok_or_else(|| format!("name {number} is truncated"))?;
        current.truncate(shared);
        current.extend_from_slice(&bytes[place..end]);
        place = end;
        if current.len() > 4 * MAX_NAME_LENGTH {
            return Err(format!("name {number} is too long"));
        }
        let total = decoded.text.len() + current.len();
        if total > bytes.len().saturating_mul(MAX_EXPANSION).max(MAX_UNFOLDED) {
            return Err("it decodes to too many bytes".into());
        }
        let name =
            std::str::from_utf8(&current).map_err(|_| format!("name {number} is not UTF-8"))?;
        if number > 1 && &decoded.text[last..] >= name {
            return Err(format!("name {number} is out of order"));
        }
        last = decoded.text.len();
        decoded.text.push_str(name);
        decoded.ends.push(total);
    }
    Ok(decoded)
}

/// LEB128: seven bits per byte, the lowest first.
fn put_varint(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn take_varint(bytes: &[u8], place: &mut usize) -> Result<usize, String> {
    let mut value = 0usize;
    for shift in [0, 7, 14] {
        let byte = *bytes.get(*place).ok_or("it is truncated")?;
        *place += 1;
        value |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a length is too large".into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn names_come_back_sorted(names in prop::collection::btree_map("[a-zअ-ह]{1,12}", 1u64..5, 0..60)) {
            let list = NameList::from_names(names.iter().rev().map(|(text, &count)| (text, count)));
            let (bytes, counts) = encode(&list);
            let decoded = decode(&bytes).unwrap();
            prop_assert_eq!(decoded.names().collect::<Vec<_>>(), names.keys().collect::<Vec<_>>());
            prop_assert_eq!(counts, names.values().copied().collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(decoded) = decode(&bytes) {
                prop_assert!(decoded.names().is_sorted());
            }
        }
    }

    #[test]
    fn each_fault_is_named() {
        let fault = |bytes: &[u8]| decode(bytes).unwrap_err();
        assert!(fault(&[1, 1, b'a']).contains("shares more"));
        assert!(fault(&[0, 5, b'a']).contains("is truncated"));
        assert!(fault(&[0x80, 0x80, 0x80, 1]).contains("too large"));
        assert!(fault(&[0, 1, 0xff]).contains("UTF-8"));
        assert!(fault(&[0, 1, b'b', 0, 1, b'a']).contains("out of order"));
        assert!(fault(&[0]).contains("is truncated"));
        // A name of 3,500 characters, then 26⁴ that change only its last four: 1.6 GB from 3 MB.
        let mut bomb = vec![0, 0xac, 0x1b];
        bomb.extend([b'a'; 3500]);
        for number in 1u32..26 * 26 * 26 * 26 {
            let digits = [
                number / 17_576,
                number / 676 % 26,
                number / 26 % 26,
                number % 26,
            ];
            bomb.extend([0xa8, 0x1b, 4]);
            bomb.extend(digits.map(|digit| b'a' + digit as u8));
        }
        assert!(fault(&bomb).contains("too many bytes"));
    }
}
