//! The run harness: what surrounds every task. Claim, lease, deadline, finish, publish, tell, answer.
//!
//! It knows nothing of what a task does. One invocation is described step by step in `docs/ARCHITECTURE.md`.

mod answer;
mod context;
mod host;
mod invoke;
mod record;
mod serve;
mod state;

pub use self::{
    answer::{Answer, Failure},
    context::{LEASE, Run, Task, finished},
    record::AnswerError,
    serve::{process, serve},
};
