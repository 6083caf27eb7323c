use super::super::application::PythonApplication;
use super::modules::Modules;
use crate::manifest::Manifest;
use crate::pack::slots::SlotPlan;

/// Everything that the checks read.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) application: &'a PythonApplication,
    pub(super) plans: &'a [SlotPlan],
    pub(super) modules: &'a Modules<'a>,
}
