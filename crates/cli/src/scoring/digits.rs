//! Numbers with a fixed number of decimals, as `format!` writes them, several times as fast.

use std::io::Write;

/// Appends `x` with D decimals: the same characters as `format!("{x:.D$}")`.
pub fn fixed<const D: usize>(out: &mut Vec<u8>, x: f64) {
    let scaled = x.abs() * const { 10u64.pow(D as u32) } as f64;
    let whole = scaled.floor();
    let part = scaled - whole;
    // Scaling rounds: near a half, only the exact digits determine the direction.
    if !(scaled < 1e9 && (part - 0.5).abs() > 1e-6) {
        write!(out, "{x:.D$}").expect("memory takes every byte");
        return;
    }
    let mut digits = whole as u64 + u64::from(part > 0.5);
    let mut text = [0; 24];
    let mut start = text.len();
    let mut place = 0;
    while digits > 0 || place <= D {
        if place == D && D > 0 {
            start -= 1;
            text[start] = b'.';
        }
        start -= 1;
        text[start] = b'0' + (digits % 10) as u8;
        digits /= 10;
        place += 1;
    }
    if x.is_sign_negative() {
        out.push(b'-');
    }
    out.extend_from_slice(&text[start..]);
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
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!("{x:.1} {x:.2} {x:.4}"),
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
