//! Variables of the environment that options are read from.

/// Returns the variable's name, unless it is set to nothing: that counts as not set, as with AWS's
/// variables.
pub(crate) fn unless_empty(variable: &'static str) -> Option<&'static str> {
    std::env::var_os(variable)
        .is_none_or(|value| !value.is_empty())
        .then_some(variable)
}
