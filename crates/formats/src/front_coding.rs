//! Sorted names as bytes: how much of the previous name stays, then what follows it.
//!
//! Each name is a varint of the bytes shared with the name before, a varint of the bytes that
//! follow, and those bytes.

use nextchar::data::{MAX_NAME_LENGTH, NameList};

/// Decoded bytes are at most this many times the encoded ones, or this many in all, whichever is
/// more: a hostile file cannot make a small tensor unfold into memory without end.
const MAX_EXPANSION: usize = 64;
const MAX_UNFOLDED: usize = 64 << 20;

/// The bytes of a list's names in sorted order, and their counts in the same order.
pub(crate) fn encode(list: &NameList) -> (Vec<u8>, Vec<u64>) {
    let sorted = list.sorted();
    let mut bytes = Vec::new();
    let mut previous: &[u8] = b"";
    for name in &sorted {
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
    (bytes, sorted.iter().map(|name| name.count).collect())
}

/// The names back, in sorted order.
///
/// # Errors
/// Says what is wrong: cut short, out of order, not UTF-8, too long.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = Vec::new();
    let (mut place, mut total) = (0, 0usize);
    let mut current: Vec<u8> = Vec::new();
    while place < bytes.len() {
        let shared = take_varint(bytes, &mut place)?;
        let rest = take_varint(bytes, &mut place)?;
        if shared > current.len() {
            return Err(format!(
                "name {} shares more than there is",
                names.len() + 1
            ));
        }
        let end = place.checked_add(rest).filter(|&end| end <= bytes.len());
        let end = end.ok_or_else(|| format!("name {} is cut short", names.len() + 1))?;
        current.truncate(shared);
        current.extend_from_slice(&bytes[place..end]);
        place = end;
        if current.len() > 4 * MAX_NAME_LENGTH {
            return Err(format!("name {} is too long", names.len() + 1));
        }
        total = total.saturating_add(current.len());
        if total > bytes.len().saturating_mul(MAX_EXPANSION).max(MAX_UNFOLDED) {
            return Err("it unfolds into too much".into());
        }
        let name = std::str::from_utf8(&current)
            .map_err(|_| format!("name {} is not UTF-8", names.len() + 1))?;
        if names.last().is_some_and(|last| last.as_str() >= name) {
            return Err(format!("name {} is out of order", names.len() + 1));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// LEB128: seven bits a byte, the lowest first.
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
        let byte = *bytes.get(*place).ok_or("it is cut short")?;
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
            prop_assert_eq!(decode(&bytes).unwrap(), names.keys().cloned().collect::<Vec<_>>());
            prop_assert_eq!(counts, names.values().copied().collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(names) = decode(&bytes) {
                prop_assert!(names.is_sorted());
            }
        }
    }

    #[test]
    fn each_fault_is_named() {
        let fault = |bytes: &[u8]| decode(bytes).unwrap_err();
        assert!(fault(&[1, 1, b'a']).contains("shares more"));
        assert!(fault(&[0, 5, b'a']).contains("cut short"));
        assert!(fault(&[0x80, 0x80, 0x80, 1]).contains("too large"));
        assert!(fault(&[0, 1, 0xff]).contains("UTF-8"));
        assert!(fault(&[0, 1, b'b', 0, 1, b'a']).contains("out of order"));
        assert!(fault(&[0]).contains("cut short"));
        // A name of 3,500 letters, then 26⁴ that change only its last four: 1.6 GB from 3 MB.
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
        assert!(fault(&bomb).contains("too much"));
    }
}
