//! Variables of the environment that options are read from.

/// A variable that is set to nothing is not set, as with those of AWS.
pub(crate) fn unless_empty(variable: &'static str) -> Option<&'static str> {
    std::env::var_os(variable)
        .is_none_or(|value| !value.is_empty())
        .then_some(variable)
}
