//! The library for WebAssembly: one session, one function. A call is a name and JSON, with byte strings
//! beside it; so is the answer, with f32 numbers beside it. `web/src/engine/protocol.ts` says which calls
//! there are; `web/src/engine/module.ts` is the other side of [`abi`].

pub mod abi;
mod answer;
mod calls;
mod fault;
mod inside;
mod lists;
mod models;
mod request;
mod session;
mod shown;
mod training;
