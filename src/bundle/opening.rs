//! Opening a bundle: its cluster's id, and whether its files are those that its documents record.

use std::path::Path;

use super::part::{canonical_name, file_prefixes};
use super::{
    Bundle, CA_FILE, CREATION, ClusterId, Part, REQUEST, RESPONSE, Request, Store, TRANSCRIPT,
    Transcript,
};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{OutsideText, shown_path, shown_text};
use crate::x509::{sha256, to_hex};

const AGAIN: &str = "it was damaged or changed on the way: fetch or copy the bundle again";

/// Says that `bootstrap --create` has begun here, and nothing was fetched yet.
fn only_ordered(path: &Path) -> Error {
    Error::new(
        ErrorKind::NoBundle,
        format!(
            "{} holds no <cluster-id>_ClusterCsr.csr yet: `hsmboot bootstrap --create` ordered a \
             cluster here and did not get that far",
            shown_path(path)
        ),
        "run the same `hsmboot bootstrap --create` again: it goes on from here, and makes no \
         second cluster",
    )
    .with_fact(FactName::File, path)
}

impl Bundle {
    pub(super) fn open_in(store: Store) -> Result<Self> {
        let (bundle, faults) = Self::open_leniently(store)?;
        faults.into_iter().next().map_or(Ok(bundle), Err)
    }

    /// Opens a bundle to look at, and says what [`open`](Self::open) would refuse in it: an
    /// unreadable `request.json`, files that it does not account for.
    ///
    /// # Errors
    /// Class `Input`: no bundle, an id that is none, files of several clusters.
    pub(super) fn open_leniently(store: Store) -> Result<(Self, Vec<Error>)> {
        store.mend_leftovers()?;
        let path = store.path();
        let names = store.names()?;
        let read = names
            .iter()
            .any(|name| name == REQUEST)
            .then(|| Request::read(&store))
            .transpose();
        let (request, fault) =
            read.map_or_else(|fault| (None, Some(fault)), |request| (request, None));
        let named = |name| Some((name, file_prefixes(name).next()?));
        let ids: Vec<(&str, &str)> = names.iter().map(String::as_str).filter_map(named).collect();
        let id = match (&request, ids.first()) {
            (Some(request), _) => request.cluster_id.clone(),
            (None, Some((name, prefix))) => ClusterId::in_bundle(
                prefix,
                &format!("{}: {}", shown_path(path), shown_text(name)),
            )?,
            (None, None) => {
                return Err(fault.unwrap_or_else(|| {
                    if names.iter().any(|name| name == CREATION) {
                        return only_ordered(path);
                    }
                    let message = format!(
                        "{} is not a bundle: it holds no <cluster-id>_ClusterCsr.csr, nor any \
                         other file of one",
                        shown_path(path)
                    );
                    let hint = names
                        .iter()
                        .find_map(|name| Some(store.rename_advice(name, &canonical_name(name)?)));
                    let make = "make one with `hsmboot fetch`, or put the console's downloads into \
                                one directory under their own names";
                    Error::new(
                        ErrorKind::NoBundle,
                        message,
                        hint.as_deref().unwrap_or(make),
                    )
                    .with_fact(FactName::File, path)
                }));
            }
        };
        if let Some((name, _)) = ids.iter().find(|(_, prefix)| *prefix != id.as_str()) {
            return Err(Error::new(
                ErrorKind::SeveralClusters,
                format!(
                    "{} holds files of more than one cluster: {id}, and {}",
                    shown_path(path),
                    shown_text(name)
                ),
                "keep each cluster's files in a directory of their own",
            )
            .with_fact(FactName::File, path)
            .with_fact(FactName::ClusterId, id.as_str()));
        }
        let bundle = Bundle { store, id, request };
        let faults = fault.into_iter().chain(bundle.find_mismatches()).collect();
        Ok((bundle, faults))
    }

    /// Finds the files that do not match `request.json`, where there is one.
    fn find_mismatches(&self) -> Vec<Error> {
        let Some(request) = &self.request else {
            return Vec::new();
        };
        request
            .files
            .iter()
            .filter_map(|(name, expected)| self.compare_fetched(name, expected).err())
            .collect()
    }

    fn compare_fetched(&self, name: &OutsideText, expected: &OutsideText) -> Result<()> {
        // Names in there are from outside too: only a bundle's own are ever opened.
        let part = Part::REQUEST
            .into_iter()
            .find(|part| *name == part.file_name(&self.id))
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::BadRequestJson,
                    format!(
                        "{} records a file that no bundle of {} has: `{name}`",
                        self.place(REQUEST),
                        self.id
                    ),
                    AGAIN,
                )
                .with_fact(FactName::File, self.place(REQUEST).to_string())
                .with_fact(FactName::Found, name)
            })?;
        self.compare_digest(
            &part.file_name(&self.id),
            &self.read(part)?,
            expected,
            "fetched",
            REQUEST,
        )
    }

    /// Compares the signed certificate and the trust anchor with the digests in `response.json`,
    /// where there is one. The CSR is not: that it is the one that was signed shows in the keys,
    /// and one that came later is no damage.
    ///
    /// # Errors
    /// Class `Input`: `response.json` is no such document, or a file is not the one that it
    /// recorded.
    pub fn compare_response(&self) -> Result<()> {
        let Some(response) = self.response()? else {
            return Ok(());
        };
        self.compare_pair("made", |name| {
            Some((RESPONSE.to_owned(), response.files.get(name)?))
        })
    }

    /// Compares the signed certificate and the trust anchor with what the last step that wrote each
    /// (`sign`, `import`, `bootstrap`) put down in the transcript, where there is one: what the CA
    /// returned is what is kept. The signature of a certificate is not signed itself, and an ECDSA
    /// one can be written in a second way by anybody.
    ///
    /// # Errors
    /// Class `Input`: the transcript does not hold, or a file is not the one that was written.
    pub fn compare_written(&self) -> Result<()> {
        let transcript = Transcript::read(&self.store)?;
        self.compare_pair("written", |name| {
            let (step, expected) = transcript.last_written(name)?;
            Some((format!("{TRANSCRIPT}, step {step}"), expected))
        })
    }

    /// Compares the pair's two files with the digests that a record has of them.
    fn compare_pair<'a>(
        &self,
        made: &str,
        recorded: impl Fn(&str) -> Option<(String, &'a OutsideText)>,
    ) -> Result<()> {
        let signed = Part::SignedCert.file_name(&self.id);
        for (name, content) in [
            (signed.as_str(), self.read(Part::SignedCert)),
            (CA_FILE, self.read_trust_anchor()),
        ] {
            if let Some((record, expected)) = recorded(name) {
                self.compare_digest(name, &content?, expected, made, &record)?;
            }
        }
        Ok(())
    }

    fn compare_digest(
        &self,
        name: &str,
        content: &[u8],
        expected: &OutsideText,
        made: &str,
        record: &str,
    ) -> Result<()> {
        let found = to_hex(&sha256(content));
        if expected.as_raw().eq_ignore_ascii_case(&found) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::DigestMismatch,
            [
                format!("{} is not the file that was {made}", self.place(name)),
                format!("  recorded SHA-256 {expected}  {record}"),
                format!("  found    SHA-256 {found}"),
            ],
            AGAIN,
        )
        .with_fact(FactName::File, self.place(name).to_string())
        .with_fact(FactName::Expected, expected)
        .with_fact(FactName::Found, found))
    }
}
