//! The threads that compute: the caller's, or a pool. Results are the same for any number.

use nextchar_core::{Executor, Serial};

#[cfg(feature = "threads")]
use nextchar_parallel::Threads;

/// Runs the items that work is divided into. A pool is created on first use and kept for the rest of the
/// process, so handles are free.
///
/// ```
/// use nextchar::{Executor, Workers};
///
/// let executor: &dyn Executor = Workers::available();
/// let mut squares = [0; 5];
/// executor.for_each(&mut squares, |index, square| *square = index * index);
/// assert_eq!(squares, [0, 1, 4, 9, 16]);
/// ```
#[derive(Debug)]
pub struct Workers(Kind);

#[derive(Debug)]
enum Kind {
    Serial,
    #[cfg(feature = "threads")]
    Threads(Threads),
}

impl Workers {
    /// Only the caller's thread.
    pub fn serial() -> &'static Workers {
        static SERIAL: Workers = Workers(Kind::Serial);
        &SERIAL
    }

    /// One thread per processor that the process may use; only the caller's thread if the system provides no more,
    /// and without the feature `threads`.
    pub fn available() -> &'static Workers {
        #[cfg(feature = "threads")]
        if let Ok(workers) = Workers::threads(Threads::available()) {
            return workers;
        }
        Workers::serial()
    }

    /// This number of threads.
    ///
    /// # Errors
    /// [`Error::Threads`](crate::Error::Threads) if the system provides no more threads.
    #[cfg(feature = "threads")]
    pub fn threads(number: std::num::NonZeroUsize) -> Result<&'static Workers, crate::Error> {
        use std::collections::BTreeMap;
        use std::sync::Mutex;
        static POOLS: Mutex<BTreeMap<usize, &'static Workers>> = Mutex::new(BTreeMap::new());

        if number.get() == 1 {
            return Ok(Workers::serial());
        }
        let mut pools = POOLS
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = pools.get(&number.get()) {
            return Ok(known);
        }
        let pool = Threads::new(number).map_err(|fault| crate::Error::Threads {
            number: number.get(),
            fault: fault.to_string(),
        })?;
        let pool: &'static Workers = Box::leak(Box::new(Workers(Kind::Threads(pool))));
        pools.insert(number.get(), pool);
        Ok(pool)
    }
}

impl Executor for Workers {
    fn run(&self, items: usize, work: &(dyn Fn(usize) + Sync)) {
        match &self.0 {
            Kind::Serial => Serial.run(items, work),
            #[cfg(feature = "threads")]
            Kind::Threads(threads) => threads.run(items, work),
        }
    }
}
