//! Discounts: what is subtracted from every count so that unseen tokens get some probability.
//!
//! The closed form of Chen and Goodman (1998, eq. 26) needs only counts of counts. Cross-fitted discounts are
//! better: split the names into folds, and choose the discounts that maximise the likelihood of each fold given
//! the counts of the others.

use crate::counts::counting::levels;
use crate::counts::levels::{BUCKETS, Discounts, Level, Levels, Sums, bucket, history};
use crate::data::CountedWindows;
use crate::error::Error;
use crate::executor::Executor;
use crate::numeric::bfgs::minimise_in_box;
use crate::text::Token;

/// Used if the closed form is undefined because a count of counts is 0.
const FALLBACK: Discounts = [0.5, 1.0, 1.5];

/// The closed form for the counts of a level.
pub(crate) fn closed_form(level: &Level) -> Discounts {
    let mut n = [0u64; BUCKETS + 2];
    for count in level.counts() {
        if let Some(n) = n.get_mut(count as usize) {
            *n += 1;
        }
    }
    of_counts_of_counts(n)
}

/// Dᵢ = i − (i + 1)·Y·nᵢ₊₁/nᵢ with Y = n₁/(n₁ + 2n₂), where nᵢ is the number of n-grams with count i; n₀ is not used.
pub(crate) fn of_counts_of_counts(n: [u64; BUCKETS + 2]) -> Discounts {
    let n = n.map(|number| number as f64);
    let y = n[1] / (n[1] + 2.0 * n[2]);
    let mut discounts = FALLBACK;
    for (index, discount) in discounts.iter_mut().enumerate() {
        let i = index + 1;
        let found = i as f64 - (i + 1) as f64 * y * n[i + 1] / n[i];
        if found.is_finite() && (0.0..=i as f64).contains(&found) {
            *discount = found;
        }
    }
    discounts
}

/// How close a cross-fitted discount Dᵢ comes to 0 and to i, in units of i. On a short list the folds can hold no reason
/// to stay away from 0; a history whose counts lose nothing would make every token that never followed it impossible.
pub(crate) const NEAREST: f64 = 0.05;

/// Another search must gain more than this, in nats per token.
const TOLERANCE: f64 = 1e-8;

/// How often the discounts that keep this distance are searched again at most.
const ROUNDS: usize = 8;

/// What one level knows about one held-out token: its bucket and count (if it was seen there), and the sums of its
/// history.
struct Link {
    level: usize,
    seen: Option<(usize, f64)>,
    sums: Sums,
}

/// Held-out tokens with their chains of links, from level 0 up.
#[derive(Default)]
struct Events {
    links: Vec<Link>,
    /// The end of each event's links, and its count.
    ends: Vec<(usize, f64)>,
    /// The sum of all counts.
    times: f64,
}

/// The discounts of every level that maximise the likelihood of a table's folds, each given the other folds. The
/// search starts at the closed form.
///
/// # Errors
/// As [`CountedWindows::shorten`].
pub(crate) fn cross_fitted(
    table: &CountedWindows,
    closed_form: &[Discounts],
    folds: &[CountedWindows],
    executor: &dyn Executor,
) -> Result<Vec<Discounts>, Error> {
    let mut shards: Vec<Result<Events, Error>> =
        folds.iter().map(|_| Ok(Events::default())).collect();
    executor.for_each(&mut shards, |index, events| {
        *events = Events::of(&folds[index], table);
    });
    let shards = shards.into_iter().collect::<Result<Vec<_>, Error>>()?;
    let times: f64 = shards.iter().map(|events| events.times).sum();
    let start: Vec<f64> = closed_form.iter().flatten().copied().collect();
    let limits: Vec<f64> = (0..start.len()).map(|i| (i % BUCKETS + 1) as f64).collect();
    let vocab_size = table.vocab_size() as f64;
    let mut loss = |d: &[f64], grads: &mut [f64]| {
        let mut parts = vec![(0.0, vec![0.0; d.len()]); shards.len()];
        executor.for_each(&mut parts, |index, (nll, grads)| {
            *nll = shards[index].nll(vocab_size, d, grads);
        });
        grads.fill(0.0);
        let mut loss = 0.0;
        for (nll, part) in parts {
            loss += nll / times;
            for (grad, part) in grads.iter_mut().zip(part) {
                *grad += part / times;
            }
        }
        loss
    };
    let mut found = minimise_in_box(&start, &limits, &mut loss);
    keep_away(&mut found, &limits);
    let mut held = vec![false; found.len()];
    let mut slope = vec![0.0; found.len()];
    let mut last = loss(&found, &mut slope);
    for _ in 0..ROUNDS {
        let now = loss(&found, &mut slope);
        let ranges = found.iter().zip(&limits).zip(&slope);
        let edge: Vec<bool> = ranges
            .map(|((d, limit), &slope)| match slope > 0.0 {
                true => *d <= NEAREST * limit,
                false => *d >= (1.0 - NEAREST) * limit,
            })
            .collect();
        if edge == held && last - now < TOLERANCE {
            break;
        }
        (held, last) = (edge, now);
        // Those that would leave stay at the edge; the others are searched again.
        let mut next = minimise_in_box(&found, &limits, |d, grads| {
            let loss = loss(d, grads);
            let grads = grads.iter_mut().zip(&held).filter(|&(_, &held)| held);
            grads.for_each(|(grad, _)| *grad = 0.0);
            loss
        });
        keep_away(&mut next, &limits);
        let moved = found.iter_mut().zip(next).zip(&held);
        for ((d, next), _) in moved.filter(|(_, held)| !**held) {
            *d = next;
        }
    }
    Ok(found.as_chunks::<BUCKETS>().0.to_vec())
}

/// Moves discounts that are nearer than [`NEAREST`] to 0 or to their limits.
fn keep_away(discounts: &mut [f64], limits: &[f64]) {
    for (d, limit) in discounts.iter_mut().zip(limits) {
        *d = d.clamp(NEAREST * limit, (1.0 - NEAREST) * limit);
    }
}

impl Events {
    /// The tokens of a fold, given the counts outside of it.
    fn of(fold: &CountedWindows, table: &CountedWindows) -> Result<Self, Error> {
        let others = levels(&table.without(fold))?;
        let mut events = Events::default();
        for row in fold.rows() {
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                events.push(&others, history(row.context), target, count as f64);
            }
        }
        Ok(events)
    }

    fn push(&mut self, levels: &Levels, history: &[Token], target: Token, times: f64) {
        for (length, row) in levels.path(history.iter().rev().copied()).enumerate() {
            let row = levels.level(length).row(row);
            self.links.push(Link {
                level: length,
                seen: row.find(target).map(|count| (bucket(count), count as f64)),
                sums: row.sums(),
            });
        }
        self.ends.push((self.links.len(), times));
        self.times += times;
    }

    /// Σ −ln p over the events; its gradient with respect to the discounts is added to `grads`.
    fn nll(&self, vocab_size: f64, discounts: &[f64], grads: &mut [f64]) -> f64 {
        let (discounts, _) = discounts.as_chunks::<BUCKETS>();
        let (grads, _) = grads.as_chunks_mut::<BUCKETS>();
        let (mut total, mut start) = (0.0, 0);
        let mut below = Vec::new();
        for &(end, count) in &self.ends {
            let links = &self.links[start..end];
            start = end;
            below.clear();
            let mut p = 1.0 / vocab_size;
            for link in links {
                below.push(p);
                let d = &discounts[link.level];
                let kept = link.seen.map_or(0.0, |(bucket, count)| count - d[bucket]);
                p = (kept + link.mass(d) * p) / link.sums.total;
            }
            total -= count * libm::log(p);
            let mut slope = -count / p;
            for (link, &below) in links.iter().zip(&below).rev() {
                let (d, grads) = (&discounts[link.level], &mut grads[link.level]);
                for (grad, kind) in grads.iter_mut().zip(&link.sums.kinds) {
                    *grad += slope * kind * below / link.sums.total;
                }
                if let Some((bucket, _)) = link.seen {
                    grads[bucket] -= slope / link.sums.total;
                }
                slope *= link.mass(d) / link.sums.total;
            }
        }
        total
    }
}

impl Link {
    /// Σ Dᵢ·Nᵢ, the mass passed on to the level below. Written out because half of the fitting time is spent here.
    #[inline(always)]
    fn mass(&self, d: &Discounts) -> f64 {
        d[0] * self.sums.kinds[0] + d[1] * self.sums.kinds[1] + d[2] * self.sums.kinds[2]
    }
}
