//! Executors: work is divided into a fixed number of shards, and an executor runs them.
//!
//! The number of shards depends on the work alone and results are reduced in index order, so the bits do not depend on
//! the number of threads.

use std::fmt;
use std::sync::Mutex;

/// Runs independent pieces of work. The trait is object-safe: functions take a `&dyn Executor`, so that no type has it
/// as a parameter.
///
/// [`Serial`] suffices for small work. With threads (a pool would avoid starting new ones each time):
///
/// ```
/// use nextchar_core::Executor;
///
/// struct Scoped;
///
/// impl Executor for Scoped {
///     fn run(&self, items: usize, work: &(dyn Fn(usize) + Sync)) {
///         std::thread::scope(|scope| {
///             for index in 0..items {
///                 scope.spawn(move || work(index));
///             }
///         });
///     }
/// }
///
/// let executor: &dyn Executor = &Scoped;
/// let mut squares = [1, 2, 3];
/// executor.for_each(&mut squares, |_, number| *number *= *number);
/// assert_eq!(squares, [1, 4, 9]);
/// ```
pub trait Executor: Sync {
    /// Calls `work` once with every index below `items`, in any order and possibly concurrently, and returns when
    /// all calls have returned.
    fn run(&self, items: usize, work: &(dyn Fn(usize) + Sync));
}

impl dyn Executor + '_ {
    /// Calls `work(index, item)` once for every item, in any order and possibly concurrently, and returns when all
    /// calls have returned.
    pub fn for_each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
        let number = items.len();
        // Each call takes the next item, regardless of its index. A briefly held lock hands out every item once,
        // without allocations or unsafe code.
        let queue = Mutex::new(items.iter_mut().enumerate());
        self.run(number, &|_| {
            let next = queue.lock().expect("taking an item does not panic").next();
            let (index, item) = next.expect("as many calls as items");
            work(index, item);
        });
    }
}

impl fmt::Debug for dyn Executor + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Executor")
    }
}

/// Runs everything on the caller's thread, in order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Executor for Serial {
    fn run(&self, items: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..items).for_each(work);
    }
}
