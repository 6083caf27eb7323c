//! Turns a plan into lists for an installer. Distributions with a source become local wheels, so
//! that no index can supply another distribution of that name.

mod builder;
mod checkout;
mod lists;
mod local;

use self::builder::MakeEnvironment;
use self::lists::Lists;
use self::local::Local;
use super::error::Result;
use super::index::Index;
use super::installer::{Batch, Installer};
use super::plan::Plan;
use super::request::InstallRequest;
use crate::python::interpreter::Interpreter;

/// The runs that install a plan, in order.
pub(super) fn prepare(
    plan: Plan,
    installer: &Installer,
    interpreter: &Interpreter,
    request: &InstallRequest,
    index: &Index,
    make_environment: MakeEnvironment,
) -> Result<Vec<Batch>> {
    let mut lists = Lists::new(installer, request, index);
    let mut local = Local::new(interpreter, request, make_environment);
    let additional = !plan.additional.is_empty();
    let pins = plan.items.clone();
    let items = local.resolve(plan.items, plan.complete)?;
    if plan.complete {
        lists.complete(&items)?;
    } else {
        lists.open(&items, None)?;
    }
    if additional {
        let held = lists.constraints(&pins, &items)?;
        let items = local.resolve(plan.additional, false)?;
        lists.open(&items, Some(held))?;
    }
    Ok(lists.batches)
}
