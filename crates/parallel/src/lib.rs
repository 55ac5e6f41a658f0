//! Threads for nextchar. The library cuts work into shards whose number does not depend on threads and
//! adds results up in shard order; here is who runs them. Results are the same for any number.
#![forbid(unsafe_code)]

use std::num::NonZeroUsize;

use nextchar_core::Executor;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// A pool of threads as an executor.
///
/// ```
/// use nextchar_core::Executor;
/// use nextchar_parallel::Threads;
///
/// let threads = Threads::new(2.try_into().unwrap()).unwrap();
/// let executor: &dyn Executor = &threads;
/// let mut squares = [0; 5];
/// executor.for_each(&mut squares, |index, square| *square = index * index);
/// assert_eq!(squares, [0, 1, 4, 9, 16]);
/// ```
#[derive(Debug)]
pub struct Threads {
    /// None for one thread: the caller's own.
    pool: Option<ThreadPool>,
}

impl Threads {
    /// As many threads as asked for.
    ///
    /// # Errors
    /// Where the system gives no more threads.
    pub fn new(threads: NonZeroUsize) -> Result<Self, ThreadPoolBuildError> {
        let pool = match threads.get() {
            1 => None,
            threads => Some(ThreadPoolBuilder::new().num_threads(threads).build()?),
        };
        Ok(Threads { pool })
    }

    /// As many as this process may run at the same time.
    pub fn available() -> NonZeroUsize {
        std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
    }
}

impl Executor for Threads {
    fn run(&self, items: usize, work: &(dyn Fn(usize) + Sync)) {
        match &self.pool {
            Some(pool) if items > 1 => pool.install(|| {
                (0..items).into_par_iter().with_max_len(1).for_each(work);
            }),
            _ => nextchar_core::Serial.run(items, work),
        }
    }
}
