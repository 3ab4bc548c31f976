//! The first step: writes the cluster's CSR and certificates, as DescribeClusters shows them, into
//! a bundle.
//!
//! Nothing is judged here. The texts are written as the service returned them.

use std::path::Path;

use crate::bundle::{self, Bundle, ClusterId, Digests, Fingerprint, Part, Request, TranscriptStep};
use crate::claim::Failure;
use crate::cloudhsm::{Cluster, ClusterState};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, NewFile};
use crate::verify::Evidence;
use crate::x509::{Moment, sha256, to_hex};

/// The facts of a fetch besides the cluster itself.
#[derive(Clone)]
pub struct FetchFacts<'a> {
    /// The region that the cluster was found in.
    pub region: &'a str,
    /// The endpoint that was asked, where one was set.
    pub endpoint: Option<&'a str>,
    /// Now.
    pub now: Moment,
    /// Name and version of the program.
    pub tool: &'a str,
    /// The step, for the transcript.
    pub step: TranscriptStep<'a>,
}

/// The result of a fetch.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The bundle, opened.
    pub bundle: Bundle,
    /// The content of its `request.json`.
    pub request: Request,
    /// Certificates that the service did not show; the bundle cannot be verified without them.
    pub missing: Vec<Part>,
    /// The request's fingerprint. The user reads it to the person who signs the request.
    pub fingerprint: Fingerprint,
    /// `true` if the bundle held all this already, and nothing was written.
    pub unchanged: bool,
}

/// Writes a described cluster into the bundle at `dir`, whole or not at all; with `force` over
/// files of other content.
///
/// # Errors
/// Class `Conflict` where the cluster's state shows no CSR, or where another content or another
/// cluster's bundle stands in the way; `Machine` for the disk.
pub fn write(
    dir: &Path,
    cluster: &Cluster,
    facts: &FetchFacts<'_>,
    force: bool,
) -> Result<Fetched> {
    let id: ClusterId = cluster
        .cluster_id
        .as_raw()
        .parse()
        .map_err(|fault: String| strange_answer(&format!("its id: {fault}")))?;
    let (parts, missing) = collect_texts(cluster)?;
    let bundle = Bundle::at_path(dir, id.clone());
    bundle.store().mend_leftovers()?;
    bundle.is_alone()?;
    let files: Digests = parts
        .iter()
        .map(|(part, text)| (part.file_name(&id), to_hex(&sha256(text.as_bytes()))))
        .collect();
    let request = Request {
        format: Request::FORMAT.to_owned(),
        cluster_id: id.clone(),
        region: facts.region.into(),
        endpoint: facts.endpoint.map(Into::into),
        hsm_type: cluster.hsm_type.clone(),
        mode: cluster.mode.clone(),
        state: cluster.state.as_str().into(),
        hsms: cluster.hsms.iter().map(|hsm| hsm.hsm_id.clone()).collect(),
        fetched_at: facts.now,
        tool: facts.tool.into(),
        files,
    };
    let same = known_request(&bundle, &request);
    // One that no step wrote is not the program's own, whatever it says: it is written anew.
    let replace = force || same.is_some();
    let own = bundle.written_by(bundle::REQUEST)?.is_some();
    // One of an earlier version does not say what kind of cluster it is.
    let known = same
        .filter(|known| own && known.hsm_type == request.hsm_type && known.mode == request.mode);
    let mut new: Vec<NewFile<'_>> = parts
        .iter()
        .map(|(part, text)| NewFile::readable(part.file_name(&id), text.as_bytes(), force))
        .collect();
    let document = bundle::to_document(&request);
    if known.is_none() {
        new.push(NewFile::readable(bundle::REQUEST, &document, replace));
    }
    // Whatever stands there was there before: `write` leaves equal files alone.
    let unchanged = known.is_some()
        && Part::REQUEST
            .into_iter()
            .all(|part| bundle.has_part(part) || missing.contains(&part));
    bundle.write(&new, &facts.step)?;
    let request = known.unwrap_or(request);
    Ok(Fetched {
        bundle: bundle.with_request(request.clone()),
        request,
        missing,
        fingerprint: texts_fingerprint(&id, &parts),
        unchanged,
    })
}

fn texts_fingerprint(id: &ClusterId, parts: &Texts<'_>) -> Fingerprint {
    let text = |wanted| {
        parts
            .iter()
            .find(|(part, _)| *part == wanted)
            .map(|(_, text)| text.as_bytes().to_vec())
    };
    let evidence = Evidence {
        csr: text(Part::Csr),
        hsm: text(Part::Hsm).unwrap_or_default(),
        aws_hardware: text(Part::AwsHardware).unwrap_or_default(),
        manufacturer_hardware: text(Part::ManufacturerHardware).unwrap_or_default(),
    };
    Fingerprint::of_request(id, &evidence)
}

/// Returns the existing `request.json`, if it differs only in the moment and the endpoint. Several
/// endpoints lead to one service.
fn known_request(bundle: &Bundle, request: &Request) -> Option<Request> {
    let known = Request::read(bundle.store()).ok()?;
    let same = known.cluster_id == request.cluster_id
        && known.region == request.region
        && known.files == request.files;
    same.then_some(known)
}

type Texts<'a> = Vec<(Part, &'a str)>;

/// Returns the texts to write, and the missing parts.
fn collect_texts(cluster: &Cluster) -> Result<(Texts<'_>, Vec<Part>)> {
    if matches!(
        cluster.state,
        ClusterState::InitializeInProgress
            | ClusterState::Initialized
            | ClusterState::Active
            | ClusterState::UpdateInProgress
    ) {
        return Err(csr_gone_error(cluster));
    }
    if cluster.state != ClusterState::Uninitialized || cluster.certificates.cluster_csr.is_none() {
        return Err(Failure::StateForbids {
            cluster: Box::new(cluster.clone()),
            sent: false,
        }
        .into());
    }
    let shown = &cluster.certificates;
    let all = [
        (Part::Csr, &shown.cluster_csr),
        (Part::Hsm, &shown.hsm_certificate),
        (Part::AwsHardware, &shown.aws_hardware_certificate),
        (
            Part::ManufacturerHardware,
            &shown.manufacturer_hardware_certificate,
        ),
    ];
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for (part, text) in all {
        match text.as_deref().filter(|text| !text.is_empty()) {
            Some(text)
                if u64::try_from(text.len()).is_ok_and(|length| length <= fsio::MAX_INPUT) =>
            {
                found.push((part, text))
            }
            Some(text) => {
                return Err(strange_answer(&format!(
                    "{} has {} characters",
                    part.noun(),
                    text.len()
                )));
            }
            None => missing.push(part),
        }
    }
    Ok((found, missing))
}

fn csr_gone_error(cluster: &Cluster) -> Error {
    let id = &cluster.cluster_id;
    Error::new(
        ErrorKind::CsrGone,
        [
            format!(
                "{id} shows its CSR and its hardware certificates no more: that ends with its \
                 initialization"
            ),
            format!("  state  {}", cluster.state),
        ],
        format!(
            "`hsmboot status --cluster-id {id}` shows which certificate it carries, and with `--ca \
             FILE` whether it is your CA's"
        ),
    )
    .with_fact(FactName::ClusterId, id)
    .with_fact(FactName::State, cluster.state.to_string())
}

fn strange_answer(what: &str) -> Error {
    Error::new(
        ErrorKind::StrangeAnswer,
        format!("the service's description of the cluster cannot be right: {what}"),
        "check `--endpoint-url`: is it CloudHSM that answers there?",
    )
    .with_fact(FactName::Cause, what)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;

    fn sample_facts() -> FetchFacts<'static> {
        FetchFacts {
            region: "eu-west-1",
            endpoint: None,
            now: Moment::from_constant(1_700_000_000),
            tool: "hsmboot test",
            step: TranscriptStep::default(),
        }
    }

    fn sample_cluster() -> Cluster {
        let mut cluster = Cluster::new("cluster-abc234defgh", ClusterState::Uninitialized);
        cluster.certificates.cluster_csr = Some("csr\r\n".into());
        cluster.certificates.hsm_certificate = Some("hsm".into());
        cluster.certificates.aws_hardware_certificate = Some("aws".into());
        cluster.certificates.manufacturer_hardware_certificate = Some("manufacturer".into());
        cluster
    }

    #[test]
    fn what_the_service_shows_is_written_as_it_came_and_a_second_time_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let first = write(dir.path(), &sample_cluster(), &sample_facts(), false).unwrap();
        assert!(!first.unchanged && first.missing.is_empty());
        assert_eq!(
            fs::read(dir.path().join("cluster-abc234defgh_ClusterCsr.csr")).unwrap(),
            b"csr\r\n"
        );
        assert_eq!(
            Bundle::open(dir.path()).unwrap().request(),
            Some(&first.request)
        );
        let later = FetchFacts {
            now: sample_facts().now.plus_seconds(60),
            ..sample_facts()
        };
        let second = write(dir.path(), &sample_cluster(), &later, false).unwrap();
        assert!(second.unchanged);
        assert_eq!(second.request.fetched_at, sample_facts().now);
    }

    #[test]
    fn a_planted_request_json_does_not_survive_the_next_fetch() {
        let dir = tempfile::tempdir().unwrap();
        let own = write(dir.path(), &sample_cluster(), &sample_facts(), false)
            .unwrap()
            .request;
        let planted = bundle::to_document(&Request {
            state: "ACTIVE".into(),
            hsms: vec!["hsm-abcdefghijk".into()],
            ..own.clone()
        });
        for with_transcript in [true, false] {
            fs::write(dir.path().join(bundle::REQUEST), &planted).unwrap();
            if !with_transcript {
                fs::remove_file(dir.path().join(bundle::TRANSCRIPT)).unwrap();
            }
            let again = write(dir.path(), &sample_cluster(), &sample_facts(), false).unwrap();
            assert!(
                !again.unchanged && again.request == own,
                "{:?}",
                again.request
            );
            assert_eq!(
                fs::read(dir.path().join(bundle::REQUEST)).unwrap(),
                bundle::to_document(&own)
            );
        }
    }

    #[test]
    fn a_replaced_csr_does_not_replace_the_file() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &sample_cluster(), &sample_facts(), false).unwrap();
        let mut replaced = sample_cluster();
        replaced.certificates.cluster_csr = Some("another".into());
        assert_eq!(
            write(dir.path(), &replaced, &sample_facts(), false)
                .unwrap_err()
                .exit_code(),
            8
        );
        assert_eq!(
            Bundle::open(dir.path()).unwrap().read(Part::Csr).unwrap(),
            b"csr\r\n"
        );
        write(dir.path(), &replaced, &sample_facts(), true).unwrap();
        assert_eq!(
            Bundle::open(dir.path()).unwrap().read(Part::Csr).unwrap(),
            b"another"
        );
    }

    #[test]
    fn two_clusters_are_never_put_into_one_bundle() {
        let mut other = sample_cluster();
        other.cluster_id = "cluster-bbbbbbbbbbb".into();
        for place in ["b", "b.hsmboot"] {
            let dir = tempfile::tempdir().unwrap();
            let place = dir.path().join(place);
            write(&place, &sample_cluster(), &sample_facts(), false).unwrap();
            // By hand from the console's downloads, say: without any record of what cluster it is.
            for record in ["request.json", "transcript.jsonl"] {
                drop(fs::remove_file(place.join(record)));
            }
            for force in [false, true] {
                let error = write(&place, &other, &sample_facts(), force).unwrap_err();
                assert_eq!(
                    (error.exit_code(), error.kind),
                    (8, ErrorKind::AnotherCluster)
                );
                assert!(
                    error
                        .message
                        .contains("wanted  cluster-bbbbbbbbbbb\n  there   "),
                    "{}",
                    error.message
                );
                assert!(
                    error.message.contains("cluster-abc234defgh_"),
                    "{}",
                    error.message
                );
            }
            assert_eq!(
                Bundle::open(&place).unwrap().id().as_str(),
                "cluster-abc234defgh"
            );
        }
    }

    #[test]
    fn a_cluster_without_a_csr_leaves_no_bundle() {
        for (state, kind) in [
            (ClusterState::Uninitialized, ErrorKind::NoHsm),
            (ClusterState::CreateInProgress, ErrorKind::ClusterNotReady),
            (ClusterState::Active, ErrorKind::CsrGone),
            (ClusterState::Deleted, ErrorKind::ClusterDeleted),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let error = write(
                &dir.path().join("b"),
                &Cluster::new("cluster-abc234defgh", state),
                &sample_facts(),
                false,
            )
            .unwrap_err();
            assert_eq!((error.exit_code(), error.kind), (8, kind));
            assert!(!dir.path().join("b").exists());
        }
    }

    #[test]
    fn an_answer_that_cannot_be_right_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut long = sample_cluster();
        long.certificates.hsm_certificate = Some("x".repeat(70_000));
        assert_eq!(
            write(&dir.path().join("b"), &long, &sample_facts(), false)
                .unwrap_err()
                .kind,
            ErrorKind::StrangeAnswer
        );
        let mut climbing = sample_cluster();
        climbing.cluster_id = "cluster-../../x".into();
        assert_eq!(
            write(&dir.path().join("b"), &climbing, &sample_facts(), false)
                .unwrap_err()
                .kind,
            ErrorKind::StrangeAnswer
        );
        assert!(!dir.path().join("b").exists());
    }
}
