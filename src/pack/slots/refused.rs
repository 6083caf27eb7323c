//! Rejects slots with conflicting targets, and features that a launcher does not support.

use super::SlotPlan;
use crate::format::{EnvReference, Lifecycle, WORKENV};
use crate::manifest::Manifest;
use crate::pack::BuildError;
use crate::pack::application::Environment;
use crate::stub::Family;

/// FlavorPack's launchers extract everything permanently, and run set-up commands in a directory
/// that is renamed afterwards.
pub(super) fn refuse_what_launcher_lacks(
    plans: &[SlotPlan],
    manifest: &Manifest,
    family: Family,
) -> Result<(), BuildError> {
    if family == Family::Flavor {
        return Ok(());
    }
    if !manifest.post_extract.is_empty() {
        return Err(BuildError::LauncherLacks {
            what: "`post_extract`".into(),
            launcher: family.name(),
        });
    }
    let execution = &manifest.execution;
    if execution.path {
        return Err(BuildError::LauncherLacks {
            what: "`path = true`".into(),
            launcher: family.name(),
        });
    }
    let mut values = execution.env.iter().chain(&execution.runtime_env.set);
    if let Some((name, _)) = values.find(|(_, value)| EnvReference::all_in(value).next().is_some())
    {
        let what = format!("another variable in the value of `{name}`");
        return Err(BuildError::LauncherLacks {
            what,
            launcher: family.name(),
        });
    }
    match plans.iter().find(|plan| plan.lifecycle != Lifecycle::Eager) {
        Some(plan) => {
            let what = format!(
                "the lifecycle `{}` of slot `{}`",
                plan.lifecycle.word(),
                plan.name
            );
            Err(BuildError::LauncherLacks {
                what,
                launcher: family.name(),
            })
        }
        None => Ok(()),
    }
}

/// Trees may share a directory; a file excludes other slots from its target and below. So does a
/// tree that does not exist at all times: it could not be merged with the content of others.
pub(super) fn refuse_collisions(
    plans: &[SlotPlan],
    environment: &Environment,
) -> Result<(), BuildError> {
    let is_alone = |plan: &SlotPlan| {
        !plan.chain.tar || matches!(plan.lifecycle, Lifecycle::Lazy | Lifecycle::Init)
    };
    for (at, plan) in plans.iter().enumerate().filter(|(_, plan)| is_alone(plan)) {
        if plan.target == WORKENV && plan.chain.tar {
            return Err(BuildError::WholeTarget {
                slot: plan.name.clone(),
                lifecycle: plan.lifecycle.word(),
            });
        }
        let below = format!("{}/", plan.target);
        let mut others = plans.iter().enumerate().filter(|(other, _)| *other != at);
        if let Some((_, other)) =
            others.find(|(_, one)| one.target == plan.target || one.target.starts_with(&below))
        {
            return Err(BuildError::SameTarget {
                first: plan.name.clone(),
                second: other.name.clone(),
                target: plan.target.clone(),
            });
        }
        let relative = plan
            .target
            .trim_start_matches(WORKENV)
            .trim_start_matches('/');
        if environment.shared.contains(&relative) {
            return Err(BuildError::ReservedTarget {
                slot: plan.name.clone(),
                target: plan.target.clone(),
            });
        }
    }
    Ok(())
}
