//! Who computes what: work is cut into a fixed number of shards, an executor runs them.
//!
//! The number of shards follows from the work alone and results are reduced in index order, so
//! an executor with any number of threads gives the same bits.

use std::fmt;
use std::sync::Mutex;

/// Runs independent pieces of work. The trait is object-safe: everything that computes takes a
/// `&dyn Executor`, and no type carries it as a parameter.
///
/// [`Serial`] is enough for small work. With threads (a pool would not start them anew each time):
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
    /// Calls `work` once with every index below `items`, in any order, perhaps at the same time,
    /// and returns when all calls have returned.
    fn run(&self, items: usize, work: &(dyn Fn(usize) + Sync));
}

impl dyn Executor + '_ {
    /// Calls `work(index, item)` once for every item, in any order, perhaps at the same time, and
    /// returns when all calls have returned.
    pub fn for_each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
        let number = items.len();
        // Each call takes the next item, whichever index it was given: a lock held for a moment
        // hands out every item once, without memory and without unsafe code.
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

/// One after the other, on the caller's thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Executor for Serial {
    fn run(&self, items: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..items).for_each(work);
    }
}
