//! The boundary to JavaScript: functions of plain numbers. No raw pointer is read or written here.
//!
//! To make a call, JavaScript gets memory from [`input`], writes the request there, and calls [`call`]; the answer
//! is at [`output`]. Numbers are little-endian, as in WebAssembly.
//!
//! | | layout |
//! |---|---|
//! | request | length of the JSON (u32), JSON, concatenated byte strings |
//! | answer | lengths of the JSON and of the bytes, and number of f32 (u32 each); the f32 numbers; JSON; bytes |

use std::cell::RefCell;

use crate::answer::Answer;
use crate::session::Session;

/// The state of the module between calls.
#[derive(Default)]
struct State {
    session: Session,
    input: Vec<u8>,
    output: Vec<u8>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Memory for a request of `len` bytes; valid until the next call of any function here.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn input(len: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        state.input.clear();
        state.input.resize(len, 0);
        state.input.as_mut_ptr()
    })
}

/// Answers the request; returns the number of bytes at [`output`].
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn call() -> usize {
    STATE.with_borrow_mut(|state| {
        let answer = match split(&state.input) {
            Some((json, bytes)) => state.session.answer(json, bytes),
            None => Answer::fault("the request is shorter than its stated length"),
        };
        state.output = answer.to_bytes();
        state.output.len()
    })
}

/// The address of the last answer.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn output() -> *const u8 {
    STATE.with_borrow(|state| state.output.as_ptr())
}

thread_local! {
    /// Separate from the state, which stays borrowed after a panic in a call.
    static LAST_WORDS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// From now on, a panic stores its message at [`last_words`]; the module cannot be used after a panic.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn catch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let said = panic.to_string().into_bytes();
        LAST_WORDS.with_borrow_mut(|words| *words = said);
    }));
}

/// The address of a panic's message, in UTF-8.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn last_words() -> *const u8 {
    LAST_WORDS.with_borrow(|words| words.as_ptr())
}

/// Its length in bytes.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn last_words_len() -> usize {
    LAST_WORDS.with_borrow(Vec::len)
}

/// Splits a request into JSON and byte strings.
fn split(request: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = request.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}
