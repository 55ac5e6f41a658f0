//! Numbers with a fixed number of decimals, as `format!` writes them, several times as fast.

use std::io::Write;

/// Appends `x` with D decimals: the same characters as `format!("{x:.D$}")`.
pub fn fixed<const D: usize>(out: &mut Vec<u8>, x: f64) {
    let Some(mut digits) = scaled::<D>(x) else {
        write!(out, "{x:.D$}").expect("memory takes every byte");
        return;
    };
    // At most nine digits, a point and a sign, the last character in the highest byte.
    let (mut text, mut length) = (0u128, 0);
    let mut prepend = |byte: u8| {
        text = text << 8 | u128::from(byte);
        length += 1;
    };
    let mut place = 0;
    while digits > 0 || place <= D {
        if place == D && D > 0 {
            prepend(b'.');
        }
        prepend(b'0' + (digits % 10) as u8);
        digits /= 10;
        place += 1;
    }
    if x.is_sign_negative() {
        prepend(b'-');
    }
    short(out, text.to_le_bytes(), length);
}

/// A character of one byte between blanks, and a number with one decimal, as [`fixed`] writes it.
pub fn with_tenths(out: &mut Vec<u8>, byte: u8, x: f64) {
    match scaled::<1>(x) {
        Some(digits @ ..1000) => {
            let (number, length) = match digits / 100 {
                0 => (TENTHS[digits as usize] >> 8, 3),
                _ => (TENTHS[digits as usize], 4),
            };
            let is_negative = x.is_sign_negative();
            let signed = match is_negative {
                true => u64::from(number) << 8 | u64::from(b'-'),
                false => u64::from(number),
            };
            let start = u64::from_le_bytes([b' ', byte, b' ', 0, 0, 0, 0, 0]);
            let text = (signed << 24 | start).to_le_bytes();
            short(out, text, 3 + length + usize::from(is_negative));
        }
        _ => {
            out.extend_from_slice(&[b' ', byte, b' ']);
            fixed::<1>(out, x);
        }
    }
}

/// The numbers 00.0 to 99.9 in characters, the first one in the lowest byte.
static TENTHS: [u32; 1000] = {
    let mut texts = [0; 1000];
    let mut number = 0;
    while number < 1000 {
        texts[number] = u32::from_le_bytes([
            b'0' + (number / 100) as u8,
            b'0' + (number / 10 % 10) as u8,
            b'.',
            b'0' + (number % 10) as u8,
        ]);
        number += 1;
    }
    texts
};

/// |x| · 10ᴰ, rounded; `None` if it is too large, no number, or so close to a half that only the exact digits
/// determine the direction, because scaling rounds, too.
fn scaled<const D: usize>(x: f64) -> Option<u32> {
    let scaled = x.abs() * const { 10u64.pow(D as u32) } as f64;
    // Rounded towards zero, which for these numbers is `floor`, but without a call.
    let whole = scaled as u32;
    let part = scaled - f64::from(whole);
    let is_exact = scaled < 1e9 && (part - 0.5).abs() > 1e-6;
    is_exact.then(|| whole + u32::from(part > 0.5))
}

/// Appends the first `length` bytes of some. A copy of all of them, whose number is fixed, needs no call.
pub fn short<const N: usize>(out: &mut Vec<u8>, bytes: [u8; N], length: usize) {
    let end = out.len() + length;
    out.extend_from_slice(&bytes);
    out.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(x: f64) {
        let mut out = Vec::new();
        fixed::<1>(&mut out, x);
        out.push(b' ');
        fixed::<2>(&mut out, x);
        out.push(b' ');
        fixed::<4>(&mut out, x);
        with_tenths(&mut out, b'a', x);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!("{x:.1} {x:.2} {x:.4} a {x:.1}"),
            "{x:e}"
        );
    }

    #[test]
    fn as_format_writes_them() {
        for x in [
            0.0, -0.0, 0.05, 0.25, 0.35, 1.0, 9.95, 99.999, 100.0, 1e8, 1e9, 1e300,
        ] {
            same(x);
            same(-x);
        }
        same(f64::NAN);
        same(f64::INFINITY);
        same(f64::NEG_INFINITY);
        // All ties and their neighbours, and numbers between.
        for i in 0..200_000u32 {
            let x = f64::from(i) / 2000.0;
            for x in [x, x.next_up(), x.next_down()] {
                same(-x);
            }
            same(f64::from(i.wrapping_mul(2_654_435_761)) / 1e7);
        }
    }
}
