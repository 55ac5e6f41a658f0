//! doubles.rs: functions of f64 numbers, many at a time: what exp64.rs and log64.rs have in common.

/// A function without branches, inlined everywhere: as a function of its own, it would be compiled without the
/// instructions of the instance.
pub(super) trait Function {
    /// A number that it takes quickly, to fill up a register.
    const NEUTRAL: f64;

    fn of(x: f64) -> f64;
}

/// The numbers processed side by side: registers of any width hold a part of them.
const WIDTH: usize = 8;

/// Replaces every number by the function of it.
#[inline(always)]
pub(super) fn each<F: Function>(values: &mut [f64]) {
    let (chunks, rest) = values.as_chunks_mut::<WIDTH>();
    for chunk in chunks {
        replace::<F>(chunk);
    }
    if !rest.is_empty() {
        let mut last = [F::NEUTRAL; WIDTH];
        last[..rest.len()].copy_from_slice(rest);
        replace::<F>(&mut last);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

/// Not `map`, which would be a function of its own, too.
#[inline(always)]
fn replace<F: Function>(values: &mut [f64; WIDTH]) {
    for value in values {
        *value = F::of(*value);
    }
}

/// ln 2 in two parts: the first has so few digits that its product with an exponent is exact.
pub(super) const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
pub(super) const LN2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);

#[inline(always)]
pub(super) fn select(condition: bool, yes: f64, no: f64) -> f64 {
    if condition { yes } else { no }
}
