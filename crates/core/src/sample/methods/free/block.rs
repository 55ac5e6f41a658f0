//! Blocks of chains that move through alias tables in lockstep, and the names that they drew.

use nextchar_kernels::{AliasTables, Arithmetic, Chains, Kernels, LANES, Steps, TOO_LONG};

use crate::rng::Stream;
use crate::sample::batch::Batch;
use crate::sample::conditions::Filter;
use crate::sample::methods::free::chains::{ATTEMPTS, Accepted, CHAINS};
use crate::text::{END, Token};

/// Steps per call of the kernel.
const STEPS: usize = 16;
/// Room for the ends of attempts: the last steps may end more attempts than are counted.
const ENDS: usize = 2 * ATTEMPTS;

const _: () = assert!(CHAINS == LANES, "one chain for every lane of the kernel");
const _: () = assert!(
    ATTEMPTS + STEPS <= ENDS,
    "room for what follows the last attempt"
);

/// Sixteen chains that share a stream.
pub(crate) struct Block {
    stream: Stream,
    chains: Chains,
    words: [u32; STEPS * CHAINS],
    tokens: [[Token; CHAINS]; STEPS],
    lanes: [Lane; CHAINS],
}

/// What one chain drew.
struct Lane {
    /// Those of all attempts; after the last one, arbitrary tokens.
    tokens: Vec<Token>,
    drawn: usize,
    /// The places of the tokens that ended an attempt.
    ends: [u32; ENDS],
    attempts: usize,
}

/// Advances two blocks until every chain has made its attempts. No name is longer than `longest`.
pub(crate) fn walk(tables: AliasTables<'_>, longest: usize, streams: [Stream; 2]) -> [Block; 2] {
    let kernels = Kernels::best(Arithmetic::Unfused);
    let mut pair = streams.map(|stream| Block::new(stream, longest));
    while pair.iter().any(Block::is_unfinished) {
        let steps = pair.each_mut().map(Block::next_steps);
        kernels.walk(tables, longest as u32, steps);
        pair.iter_mut().for_each(Block::record);
    }
    pair
}

impl Block {
    fn new(stream: Stream, longest: usize) -> Self {
        Block {
            stream,
            chains: Chains::default(),
            words: [0; STEPS * CHAINS],
            tokens: [[END; CHAINS]; STEPS],
            lanes: std::array::from_fn(|_| Lane {
                tokens: vec![END; ATTEMPTS * (longest + 1) + STEPS],
                drawn: 0,
                ends: [0; ENDS],
                attempts: 0,
            }),
        }
    }

    fn is_unfinished(&self) -> bool {
        self.lanes.iter().any(|lane| lane.attempts < ATTEMPTS)
    }

    fn next_steps(&mut self) -> Steps<'_> {
        self.stream.fill(&mut self.words);
        Steps {
            chains: &mut self.chains,
            words: self.words.as_chunks().0,
            tokens: &mut self.tokens,
        }
    }

    fn record(&mut self) {
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            if lane.attempts < ATTEMPTS {
                lane.record(self.tokens.each_ref().map(|row| row[index]));
            }
        }
    }

    /// The accepted names of all chains but the first `skipped`.
    pub(crate) fn names(&self, skipped: usize, filter: &Filter) -> Accepted {
        let mut accepted = Accepted {
            attempts: ((CHAINS - skipped) * ATTEMPTS) as u64,
            ..Accepted::default()
        };
        for lane in &self.lanes[skipped..] {
            lane.names(filter, &mut accepted.batch);
        }
        accepted
    }
}

impl Lane {
    /// Records what the chain drew, without a branch that depends on a token: a misprediction costs as much as
    /// three tokens.
    #[inline(always)]
    fn record(&mut self, drawn: [Token; STEPS]) {
        let from = self.drawn;
        self.tokens[from..from + STEPS].copy_from_slice(&drawn);
        let mut attempts = self.attempts;
        for (place, token) in (from as u32..).zip(drawn) {
            self.ends[attempts % ENDS] = place;
            attempts += usize::from(token == END || token == TOO_LONG);
        }
        (self.drawn, self.attempts) = (from + STEPS, attempts);
    }

    /// Appends the accepted names. Adjacent ones are copied together.
    fn names(&self, filter: &Filter, batch: &mut Batch) {
        let (mut copied, mut start) = (0, 0);
        for &end in &self.ends[..ATTEMPTS] {
            let end = end as usize;
            if self.tokens[end] == END && filter.fits(&self.tokens[start..end]) {
                batch.names += 1;
            } else {
                batch.tokens.extend_from_slice(&self.tokens[copied..start]);
                copied = end + 1;
            }
            start = end + 1;
        }
        batch.tokens.extend_from_slice(&self.tokens[copied..start]);
    }
}
