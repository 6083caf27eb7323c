//! Rejects slots with conflicting targets, and features that a launcher does not support.

use super::SlotPlan;
use crate::format::{EnvReference, Lifecycle, Overlap, SlotPlace, WORKENV, overlap};
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

/// Rejects slots in each other's way, and in that of what every start makes.
pub(super) fn refuse_collisions(
    plans: &[SlotPlan],
    environment: &Environment,
) -> Result<(), BuildError> {
    fn place(plan: &SlotPlan) -> SlotPlace<'_> {
        let SlotPlan {
            target,
            chain,
            lifecycle,
            ..
        } = plan;
        SlotPlace {
            target,
            is_tree: chain.tar,
            lifecycle: *lifecycle,
        }
    }
    let places: Vec<SlotPlace<'_>> = plans.iter().map(place).collect();
    match overlap(&places) {
        Some(Overlap::Whole(at)) => {
            return Err(BuildError::WholeTarget {
                slot: plans[at].name.clone(),
                lifecycle: plans[at].lifecycle.word(),
            });
        }
        Some(Overlap::Below { first, second }) => {
            return Err(BuildError::SameTarget {
                first: plans[first].name.clone(),
                second: plans[second].name.clone(),
                target: plans[first].target.clone(),
            });
        }
        None => {}
    }
    let is_reserved = |target: &str| {
        let inside = target.trim_start_matches(WORKENV).trim_start_matches('/');
        environment.shared.contains(&inside)
    };
    let mut alone = plans.iter().filter(|plan| place(plan).is_alone());
    match alone.find(|plan| is_reserved(&plan.target)) {
        Some(plan) => Err(BuildError::ReservedTarget {
            slot: plan.name.clone(),
            target: plan.target.clone(),
        }),
        None => Ok(()),
    }
}
