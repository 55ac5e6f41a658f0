//! Threads for nextchar. The library divides work into shards, whose number does not depend on the number of
//! threads, and adds results in the order of the shards; this crate runs the shards. So results are the same for any
//! number of threads.
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
    /// `None` for one thread, which is the caller's own.
    pool: Option<ThreadPool>,
}

impl Threads {
    /// A pool with this number of threads.
    ///
    /// # Errors
    /// If the system refuses to start the threads.
    pub fn new(threads: NonZeroUsize) -> Result<Self, ThreadPoolBuildError> {
        let pool = match threads.get() {
            1 => None,
            threads => Some(ThreadPoolBuilder::new().num_threads(threads).build()?),
        };
        Ok(Threads { pool })
    }

    /// As many threads as this process can run at the same time.
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
