//! The options for a new cluster, and the notice before it is created. `cluster create` and
//! `bootstrap --create` take the same options.

use clap::ValueEnum;

use super::choice_args::ChoiceArgs;
use super::retention_parser;
use crate::cli::manage::{check_no_repeats, check_tags, parse_tag, usage_error};
use crate::cli::ui::{BOLD, StyledText, Ui, styled};
use crate::cloudhsm::choices::{CLUSTER_CHOICES, ChosenValues};
use crate::cloudhsm::fleet::{ClusterMode, NewCluster};
use crate::cloudhsm::{CallPlace, Tag, limits};
use crate::error::{FactName, Result};
use crate::generation::{Generation, GenerationFacts};

/// The options for a new cluster.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct NewClusterArgs {
    /// A subnet, one for each Availability Zone (may repeat, 1 to 10)
    #[arg(long, value_name = "ID", value_parser = limits::SUBNET_ID.parser())]
    pub(crate) subnet_id: Vec<String>,
    /// The HSMs' type: hsm2m.medium (default), or another that AWS has by now. No new clusters of
    /// hsm1.medium can be made
    #[arg(long, value_name = "TYPE", value_parser = limits::HSM_TYPE.parser())]
    pub(crate) hsm_type: Option<String>,
    /// The cluster's mode, for good: no cluster, and no backup of one, ever gets the other one
    /// (default: fips; from a backup, the backup's)
    #[arg(long, value_enum, value_name = "MODE", ignore_case = true)]
    pub(crate) mode: Option<ModeName>,
    #[command(flatten)]
    pub(crate) choices: ChoiceArgs,
    /// The days to keep backups, 7 to 379 (the service's default: 90)
    #[arg(long, value_name = "DAYS", value_parser = retention_parser())]
    pub(crate) retention_days: Option<u16>,
    /// A tag (may repeat, up to 50)
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_tag)]
    pub(crate) tag: Vec<Tag>,
}

/// `--mode`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModeName {
    /// Keys and algorithms that are FIPS-validated, and no others
    Fips,
    /// All that the HSMs can do
    #[value(alias = "NON_FIPS")]
    NonFips,
}

impl From<ModeName> for ClusterMode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Fips => ClusterMode::Fips,
            ModeName::NonFips => ClusterMode::NonFips,
        }
    }
}

impl NewClusterArgs {
    /// Tells whether any option for a new cluster is given.
    pub(crate) fn are_given(&self) -> bool {
        let chosen = self.hsm_type.is_some() || self.mode.is_some() || !self.choices.0.is_empty();
        chosen
            || !self.subnet_id.is_empty()
            || self.retention_days.is_some()
            || !self.tag.is_empty()
    }

    /// Returns the members of CreateCluster, after checking that its lists are as documented.
    pub(crate) fn to_new_cluster(&self, source_backup_id: Option<String>) -> Result<NewCluster> {
        let subnets: Vec<&str> = self.subnet_id.iter().map(String::as_str).collect();
        if subnets.is_empty() || subnets.len() > limits::MAX_SUBNETS {
            return Err(usage_error(
                format!(
                    "{} subnets were given, expected 1 to {}",
                    subnets.len(),
                    limits::MAX_SUBNETS
                ),
                "name them with --subnet-id",
            )
            .with_fact(FactName::Option, "--subnet-id")
            .with_fact(FactName::Limit, limits::MAX_SUBNETS)
            .with_fact(FactName::Size, subnets.len()));
        }
        check_no_repeats("the subnet", &subnets)?;
        check_tags(self.tag.iter().map(|tag| tag.key.as_raw()))?;
        let hsm_type = self
            .hsm_type
            .clone()
            .unwrap_or_else(|| Generation::NEWEST.hsm_type().to_owned());
        Ok(NewCluster {
            mode: self.mode_for(&hsm_type)?,
            choices: self.choices_for(&hsm_type)?,
            hsm_type,
            subnet_ids: self.subnet_id.clone(),
            source_backup_id,
            retention_days: self.retention_days,
            tags: self.tag.clone(),
        })
    }

    /// Returns the mode for the type. A type that is not known is taken to have both.
    fn mode_for(&self, hsm_type: &str) -> Result<Option<ClusterMode>> {
        let has_one = facts_of(hsm_type).is_some_and(|facts| !facts.has_modes);
        match (self.mode, has_one) {
            (Some(ModeName::NonFips), true) => Err(usage_error(
                format!("{hsm_type} has the FIPS mode alone"),
                &other_type_hint("--mode"),
            )
            .with_fact(FactName::Option, "--mode")
            .with_fact(FactName::Expected, "FIPS")),
            (Some(mode), _) => Ok(Some(mode.into())),
            (None, true) => Ok(None),
            (None, false) => Ok(Some(ClusterMode::Fips)),
        }
    }

    /// Returns what else is chosen, for the type. A type that is not known is taken to have every
    /// value.
    fn choices_for(&self, hsm_type: &str) -> Result<ChosenValues> {
        let chosen = &self.choices.0;
        for choice in CLUSTER_CHOICES {
            let has_one = facts_of(hsm_type).is_some_and(|facts| !(choice.has_all_values)(facts));
            if has_one && chosen.value_or_default(choice) != choice.default {
                return Err(usage_error(
                    format!("{hsm_type} has {} alone", choice.default_words),
                    &other_type_hint(&format!("--{}", choice.option)),
                )
                .with_fact(FactName::Option, format!("--{}", choice.option)));
            }
        }
        Ok(chosen.clone())
    }
}

/// Returns the facts about the generation of an HSM type that is known.
fn facts_of(hsm_type: &str) -> Option<&'static GenerationFacts> {
    Generation::of_hsm_type(hsm_type).map(Generation::facts)
}

/// Returns the hint where the HSM type does not go with an option.
fn other_type_hint(option: &str) -> String {
    format!(
        "leave out {option}, or choose another type: --hsm-type {}",
        Generation::NEWEST.hsm_type()
    )
}

/// The step that follows the creation of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterCreation {
    /// Nothing more.
    Nothing,
    /// Its first HSM is created, and it is claimed.
    Claim,
}

/// Shows what is about to be created, what of it can never be changed, and what it takes and costs
/// to undo it.
///
/// Everything is permanent that ModifyCluster has no member for (API 2017-04-28 as of November
/// 2026: HsmType and BackupRetentionPolicy are all that it takes). HSMs are charged by the hour
/// from their creation to their deletion; a cluster without any costs nothing (AWS CloudHSM
/// pricing).
pub(crate) fn announce_creation(
    order: &NewCluster,
    then: AfterCreation,
    place: &CallPlace,
    ui: &Ui,
) {
    match facts_of(&order.hsm_type).and_then(|facts| facts.retirement) {
        Some(retirement) => ui.warn(format!(
            "{retirement}: AWS refuses this; {} is the default",
            Generation::NEWEST.hsm_type()
        )),
        None => warn_of_unknown_type(&order.hsm_type, ui),
    }
    let mode = order
        .mode
        .map_or("the type's only one", ClusterMode::as_str);
    let mut out = StyledText::from([
        styled(BOLD, format!("about to create a cluster at {place}")),
        StyledText::from("\n"),
    ]);
    let mut line = |label: &str, value: &str| out.push_str(&format!("  {label:8}  {value}\n"));
    line("type", &order.hsm_type);
    line("mode", mode);
    for choice in CLUSTER_CHOICES {
        if let Some(value) = order.choices.value_or_default(choice) {
            line(choice.label, value);
        }
    }
    line("subnets", &order.subnet_ids.join(", "));
    if let Some(backup) = &order.source_backup_id {
        line("from", backup);
    }
    let chosen: String = CLUSTER_CHOICES
        .iter()
        .map(|choice| format!("{}, ", choice.words))
        .collect();
    line(
        "for good",
        &format!(
            "mode, {chosen}subnets and their VPC: another cluster is the only way to others, and a \
             backup goes with its mode"
        ),
    );
    line(
        "costs",
        "each HSM by the hour, from its creation until it is deleted; a cluster without HSMs costs \
         nothing",
    );
    line(
        "to undo",
        "delete its HSMs (hsmboot hsm delete), then it (hsmboot cluster delete); the hours until \
         then stay on the bill",
    );
    if then == AfterCreation::Claim {
        line(
            "",
            "once it is claimed, only that undoes the claim; the keys that it holds by then are \
             left in its backups alone",
        );
    }
    ui.say_styled(&out);
}

/// Warns of an HSM type that this version does not know: it may be a new one, or a typing error.
pub(crate) fn warn_of_unknown_type(hsm_type: &str, ui: &Ui) {
    if Generation::of_hsm_type(hsm_type).is_none() {
        ui.warn(format!(
            "{hsm_type} is no type that this version of hsmboot knows ({}); it is asked for all \
             the same",
            Generation::ALL.map(Generation::hsm_type).join(", ")
        ));
    }
}
