//! Control commands for what one does all day, which the page has buttons for: make a cluster, add
//! an HSM, initialize with a CA for tests, and begin anew.
//!
//! Each but the last is the API's own action, with members that nobody has to think of: what the
//! action refuses, the command refuses.

use std::sync::Arc;

use serde_json::{Value, json};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

use super::action_call::run_action;
use super::clock::{Millis, YEAR};
use super::control::{ControlError, SUBNET};
use super::inside::Inside;
use super::issue::{
    MadeCertificate, SIGNS, basic_constraints, key_usage, long_serial, subject_key_identifier,
};
use super::issued_names::root_name;
use super::json_protocol::{Answer, excerpt};
use super::keys::{KEY_BITS, SigningKey};
use super::limits::REGION;
use super::reference::Reference;
use super::state::{AccountRegion, SimulatedCluster};

/// Makes a cluster as most are made, and returns its id.
pub(super) fn make_cluster(inside: &Inside, region: &str) -> Result<Value, ControlError> {
    REGION
        .check_value("Region", region)
        .map_err(|error| ControlError(error.message))?;
    let place = AccountRegion {
        account: super::ACCOUNT.to_owned(),
        region: region.to_owned(),
    };
    let answer = call(
        inside,
        "CreateCluster",
        &place,
        &usual_cluster(inside.reference),
    )?;
    Ok(json!({ "ClusterId": answer.pointer("/Cluster/ClusterId") }))
}

/// Returns the members of CreateCluster for a cluster as most are made.
pub(super) fn usual_cluster(reference: Reference) -> Value {
    match reference {
        Reference::June2022 => json!({ "HsmType": "hsm1.medium", "SubnetIds": [SUBNET] }),
        Reference::Today => json!({
            "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": [SUBNET],
        }),
    }
}

/// Adds an HSM to a cluster, in the zone that has the fewest, and returns its id.
pub(super) fn add_hsm(inside: &Inside, cluster_id: &str) -> Result<Value, ControlError> {
    let (place, zone) = look_at(inside, cluster_id, |cluster| {
        let hsms_in = |zone: &str| {
            let here = cluster.hsms.iter().filter(|hsm| hsm.zone == zone);
            here.filter(|hsm| !hsm.is_deleted()).count()
        };
        let zones = cluster.subnets.iter().map(|(zone, _)| zone);
        zones
            .min_by_key(|zone| hsms_in(zone))
            .cloned()
            .ok_or_else(|| ControlError(format!("cluster '{cluster_id}' has no subnet")))
    })?;
    let order = json!({ "ClusterId": cluster_id, "AvailabilityZone": zone });
    let answer = call(inside, "CreateHsm", &place, &order)?;
    Ok(json!({ "HsmId": answer.pointer("/Hsm/HsmId") }))
}

/// Initializes a cluster with a CA that is made for it, and forgotten: nobody has its key.
pub(super) async fn initialize(
    inside: &Arc<Inside>,
    cluster_id: &str,
) -> Result<Value, ControlError> {
    let (place, csr) = look_at(inside, cluster_id, |cluster| {
        let identity = cluster.csr_identity();
        identity
            .map(|identity| identity.csr.to_string())
            .ok_or_else(|| {
                ControlError(format!(
                    "cluster '{cluster_id}' is {} and has no certificate signing request: that \
                     comes with the first ACTIVE HSM, and goes with the initialization",
                    cluster.state.name()
                ))
            })
    })?;
    // Valid for the simulator, whose clock may have been moved, and for its clients.
    let validity = (inside.clock.client_time(), inside.clock.now());
    // A key takes a tenth of a second and more.
    let made = tokio::task::spawn_blocking(move || sign_with_new_ca(&csr, validity)).await;
    let (signed_cert, trust_anchor) = made
        .map_err(|_| ControlError(String::from("the simulator is stopping")))?
        .map_err(ControlError)?;
    let order = json!({
        "ClusterId": cluster_id, "SignedCert": signed_cert, "TrustAnchor": trust_anchor,
    });
    call(inside, "InitializeCluster", &place, &order)
}

/// Empties the simulator: no cluster, no backup, no fault and no extra member is left. Roots, cards
/// and the clock stay as they are, and so does what was asked of it before.
pub(super) fn begin_anew(inside: &Inside) {
    let mut world = inside.world();
    for (_, region) in world.regions_mut() {
        region.empty();
    }
    drop(world);
    inside.lock_faults().clear();
    *inside.lock_extra() = super::extra_members::ExtraMembers::default();
}

/// Signs a CSR as a new CA, and returns the certificate and the CA's own, as PEM. They are valid
/// from the first of the two times to ten years after the second.
fn sign_with_new_ca(csr: &str, (from, to): (Millis, Millis)) -> Result<(String, String), String> {
    let unread = || String::from("the cluster's CSR cannot be read");
    // The simulator's own PEM: one block.
    let (_, octets) = der::pem::decode_vec(csr.as_bytes()).map_err(|_| unread())?;
    let (_, request) = X509CertificationRequest::from_der(&octets).map_err(|_| unread())?;
    let request = request.certification_request_info;
    let name = root_name([
        "US",
        "Any",
        "Anywhere",
        "hsmboot simulator, for tests",
        "CloudHSM",
        "Test CA whose key is gone",
    ])?;
    let key = SigningKey::generate(KEY_BITS)?;
    let issue = |subject: &[u8], spki: &[u8], extensions| {
        let certificate = MadeCertificate {
            version_1: false,
            serial: long_serial(16)?,
            issuer: &name,
            subject,
            not_before: from.saturating_sub(300_000),
            not_after: to.saturating_add(10 * YEAR),
            spki,
            extensions,
        };
        certificate.signed_by(&key).map(|pem| pem.to_string())
    };
    let of_a_ca = vec![
        basic_constraints(true)?,
        key_usage(SIGNS)?,
        subject_key_identifier(&key.key_identifier())?,
    ];
    let signed = issue(
        request.subject.as_raw(),
        request.subject_pki.raw,
        Vec::new(),
    )?;
    Ok((signed, issue(&name, key.spki(), of_a_ca)?))
}

/// Looks at a cluster, whichever place it is in, and returns that place with what was seen.
fn look_at<T>(
    inside: &Inside,
    cluster_id: &str,
    see: impl FnOnce(&SimulatedCluster) -> Result<T, ControlError>,
) -> Result<(AccountRegion, T), ControlError> {
    let time = inside.time();
    let mut world = inside.world();
    for (place, region) in world.regions_mut() {
        if let Some(cluster) = region.find_cluster(cluster_id, &time) {
            return see(cluster).map(|seen| (place.clone(), seen));
        }
    }
    let id = excerpt(cluster_id);
    Err(ControlError(format!("there is no cluster '{id}'")))
}

/// Carries out an action of the API.
fn call(
    inside: &Inside,
    action: &str,
    place: &AccountRegion,
    order: &Value,
) -> Result<Value, ControlError> {
    let members = order.as_object().cloned().unwrap_or_default();
    match run_action(inside, action, place, &members, None) {
        Ok(Answer::Members(answer)) => Ok(answer),
        Ok(Answer::Written(json)) => Ok(serde_json::from_slice(&json).unwrap_or_default()),
        Err(error) => Err(ControlError(error.message)),
    }
}
