//! Blocks of chains that walk through alias tables side by side, and their names one after the other.

use nextchar_kernels::{AliasTables, Arithmetic, Chains, Kernels, LANES, Steps, TOO_LONG};

use crate::rng::Stream;
use crate::sample::batch::Batch;
use crate::sample::conditions::filter::Filter;
use crate::sample::methods::free::chains::{ATTEMPTS, Brought, CHAINS};
use crate::text::{END, Token};

/// Steps for which random words are drawn at a time.
const STEPS: usize = 16;
/// Places for the ends of attempts: the last steps may bring more than are counted.
const ENDS: usize = 2 * ATTEMPTS;

const _: () = assert!(CHAINS == LANES, "a chain for every lane of the kernel");
const _: () = assert!(
    ATTEMPTS + STEPS <= ENDS,
    "room for what comes beside the last attempt"
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
    /// As many as there is room for; after the last attempt, anything.
    tokens: Vec<Token>,
    drawn: usize,
    /// The places of the tokens that ended an attempt.
    ends: [u32; ENDS],
    attempts: usize,
}

/// Walks two blocks until every chain has made its attempts; none of the names is longer than `longest`.
pub(crate) fn walk(tables: AliasTables<'_>, longest: usize, streams: [Stream; 2]) -> [Block; 2] {
    let kernels = Kernels::best(Arithmetic::Unfused);
    let mut pair = streams.map(|stream| Block::new(stream, longest));
    while pair.iter().any(Block::is_under_way) {
        let steps = pair.each_mut().map(Block::next_steps);
        kernels.walk(tables, longest as u32, steps);
        pair.iter_mut().for_each(Block::note);
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

    fn is_under_way(&self) -> bool {
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

    fn note(&mut self) {
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            if lane.attempts < ATTEMPTS {
                lane.note(self.tokens.each_ref().map(|row| row[index]));
            }
        }
    }

    /// The names that fit, without those of the first chains.
    pub(crate) fn names(&self, skipped: usize, filter: &Filter) -> Brought {
        let mut brought = Brought {
            attempts: ((CHAINS - skipped) * ATTEMPTS) as u64,
            ..Brought::default()
        };
        for lane in &self.lanes[skipped..] {
            lane.names(filter, &mut brought.batch);
        }
        brought
    }
}

impl Lane {
    /// Notes what the chain drew. No branch depends on a token.
    #[inline(always)]
    fn note(&mut self, drawn: [Token; STEPS]) {
        let from = self.drawn;
        self.tokens[from..from + STEPS].copy_from_slice(&drawn);
        let mut attempts = self.attempts;
        for (place, token) in (from as u32..).zip(drawn) {
            self.ends[attempts % ENDS] = place;
            attempts += usize::from(token == END || token == TOO_LONG);
        }
        (self.drawn, self.attempts) = (from + STEPS, attempts);
    }

    /// Appends the names that fit. Neighbours are copied together.
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
