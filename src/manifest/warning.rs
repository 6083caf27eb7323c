use super::error::{At, Site};
use super::suggest::did_you_mean;
use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::report::shown;

/// A problem that does not stop a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    #[error("{at}is not a known key and has no effect")]
    UnknownKey { at: At, suggestion: Option<String> },
    #[error("{at}has the unknown placeholder `{}`", shown(placeholder))]
    UnknownPlaceholder { at: At, placeholder: String },
    #[error("{at}is not a known purpose: {}", shown(purpose))]
    UnknownPurpose {
        at: At,
        purpose: String,
        suggestion: Option<String>,
    },
}

impl Diagnostic for Warning {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::UnknownKey { suggestion, .. } => Diagnosis {
                code: Code::UNKNOWN_KEY,
                hint: suggestion.as_deref().map(|near| did_you_mean(&shown(near))),
            },
            Self::UnknownPurpose { suggestion, .. } => Diagnosis {
                code: Code::UNKNOWN_PURPOSE,
                hint: suggestion.as_deref().map(|near| did_you_mean(&shown(near))),
            },
            Self::UnknownPlaceholder { placeholder, .. } => {
                Code::UNKNOWN_PLACEHOLDER.with_hint(if placeholder.contains([':', '.']) {
                    "only values of `env` and `set` can refer to variables, as `{env:NAME}` or `{env:NAME:-DEFAULT}`"
                } else {
                    "did you mean `{workenv}`?"
                })
            }
        }
    }
}

impl Warning {
    /// The key.
    pub fn site(&self) -> &Site {
        match self {
            Self::UnknownKey { at, .. }
            | Self::UnknownPlaceholder { at, .. }
            | Self::UnknownPurpose { at, .. } => at,
        }
    }
}
