//! Calls to a service from code that is not asynchronous.

use std::future::Future;

use crate::error::{Error, ErrorKind, FactName, Result};

/// Runs `work` to its end, on a thread and a runtime of its own. The caller may itself be inside a
/// runtime, where waiting in place would panic.
///
/// # Errors
/// Those of `work`; class `Machine`, where the system gives no thread, timers or sockets.
pub(crate) fn run_to_end<T: Send>(work: impl Future<Output = Result<T>> + Send) -> Result<T> {
    let none = |cause: std::io::Error| {
        Error::new(
            ErrorKind::NoRuntime,
            format!(
                "the system gives no threads, timers or sockets: {}",
                cause.kind()
            ),
            "nothing has been done",
        )
        .with_fact(FactName::Cause, cause.kind().to_string())
    };
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(none)?;
        let done = runtime.block_on(work);
        // A name that is still being looked up, or a file that nobody writes, is not waited for.
        runtime.shutdown_background();
        done
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("aws".to_owned())
            .spawn_scoped(scope, run)
            .map_err(none)?;
        // A panic ends the program by its hook; where a caller of the library has another, it ends
        // the call. No type rules a library's panic out.
        thread.join().unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Bug,
                "a call to AWS ended in a panic",
                "please report it",
            ))
        })
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    async fn late_answer() -> Result<u8> {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        Ok(7)
    }

    #[test]
    fn a_call_can_be_waited_for_inside_a_runtime_and_outside() {
        assert_eq!(run_to_end(late_answer()).unwrap(), 7);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        assert_eq!(
            runtime
                .block_on(async { run_to_end(late_answer()) })
                .unwrap(),
            7
        );
    }
}
