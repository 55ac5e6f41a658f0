//! Ctrl-C and the other signals that ask the program to end: the first is recorded, the second ends it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Once};

use crate::failure::INTERRUPTED;

/// Set by the first signal.
static ASKED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Whether the program was asked to end since [`catch`].
pub fn interrupted() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// From here on the first signal is recorded and does not end the program. One that the program was started to ignore
/// (`nohup`, a script's `&`) stays ignored.
pub fn catch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(install);
}

#[cfg(unix)]
fn install() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::flag;
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if is_ignored(signal) {
            continue;
        }
        // In this order: the first signal finds the flag unset. Neither fails for these signals.
        let _ = flag::register_conditional_shutdown(signal, INTERRUPTED.into(), Arc::clone(&ASKED));
        let _ = flag::register(signal, Arc::clone(&ASKED));
    }
}

#[cfg(unix)]
#[allow(unsafe_code)]
fn is_ignored(signal: i32) -> bool {
    // SAFETY: all zeroes are a valid `sigaction`, and without a new action only the old one is written.
    let action = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(signal, std::ptr::null(), &mut action) == 0).then_some(action)
    };
    action.is_some_and(|action| action.sa_sigaction == libc::SIG_IGN)
}

#[cfg(not(unix))]
fn install() {
    // Fails only if a handler has been set already.
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
    });
}
