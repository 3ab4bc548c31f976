//! A stand-in for AWS Private CA.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::*;

// AWS Private CA.

/// A private CA: its root, made by openssl, and what it does with a request.
#[derive(Clone)]
pub(super) struct PrivateCa {
    pub(super) dir: Arc<tempfile::TempDir>,
    pub(super) root: String,
    /// What GetCertificateAuthorityCertificate returns beside the certificate.
    pub(super) chain: Option<String>,
    /// What `x509 -req` is told besides.
    pub(super) issue: Arc<Mutex<String>>,
    /// How often GetCertificate says that the certificate is not there yet.
    pub(super) slow: usize,
    pub(super) describe: Value,
    /// The ARN that IssueCertificate answers with.
    pub(super) certificate: String,
    /// A file that somebody exchanges while the CA is asked for its root.
    pub(super) exchanged: Option<PathBuf>,
}

impl PrivateCa {
    pub(super) fn new(key: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        openssl(
            dir.path(),
            &format!(
                "req -x509 -newkey {key} -nodes -keyout ca.key -out ca.crt -subj /CN=Private -days \
                 3652 -sha384"
            ),
        );
        let root = std::fs::read_to_string(dir.path().join("ca.crt")).unwrap();
        let describe = json!({
            "Arn": CA, "Status": "ACTIVE", "Type": "ROOT", "UsageMode": "GENERAL_PURPOSE",
        });
        PrivateCa {
            dir: Arc::new(dir),
            root,
            chain: None,
            issue: Arc::default(),
            slow: 0,
            describe,
            certificate: format!("{CA}/certificate/0123456789abcdef"),
            exchanged: None,
        }
    }

    /// A subordinate CA, with so many others between it and its root: made by openssl, as AWS
    /// Private CA's templates have them.
    pub(super) fn subordinate(between: usize) -> Self {
        let mut ca = PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256");
        let dir = ca.dir.path().to_owned();
        let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
        let mut chain = String::new();
        for at in (0..=between).rev() {
            for end in ["key", "crt"] {
                std::fs::rename(
                    dir.join(format!("ca.{end}")),
                    dir.join(format!("above.{end}")),
                )
                .unwrap();
            }
            chain = read("above.crt") + &chain;
            std::fs::write(
                dir.join("ext"),
                format!(
                    "basicConstraints=critical,CA:TRUE,pathlen:{at}\nkeyUsage=critical,keyCertS\
                         ign,cRLSign,digitalSignature\n"
                ),
            )
            .unwrap();
            openssl(
                &dir,
                &format!(
                    "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out \
                     ca.csr -subj /CN=Private{at}"
                ),
            );
            openssl(
                &dir,
                "x509 -req -in ca.csr -CA above.crt -CAkey above.key -CAcreateserial -days 3000 \
                 -sha384 -extfile ext -out ca.crt",
            );
        }
        ca.root = read("ca.crt");
        ca.chain = Some(chain);
        ca.describe["Type"] = json!("SUBORDINATE");
        ca
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn start(&self) -> StandIn {
        let ca = self.clone();
        let der = x509_parser::pem::parse_x509_pem(self.root.as_bytes())
            .ok()
            .map(|(_, pem)| pem.contents);
        PIN.set(der.map(|der| hsmboot::x509::to_hex(&hsmboot::x509::sha256(&der))));
        StandIn::new(
            move |call| match call.target.strip_prefix("ACMPrivateCA.").unwrap() {
                "DescribeCertificateAuthority" => {
                    (200, json!({ "CertificateAuthority": ca.describe }))
                }
                "GetCertificateAuthorityCertificate" => {
                    if let Some(file) = &ca.exchanged {
                        std::fs::write(file, "exchanged").unwrap();
                    }
                    let answer = json!({ "Certificate": ca.root, "CertificateChain": ca.chain });
                    (
                        200,
                        answer
                            .as_object()
                            .unwrap()
                            .iter()
                            .filter(|(_, value)| !value.is_null())
                            .map(|(name, value)| (name.clone(), value.clone()))
                            .collect(),
                    )
                }
                "IssueCertificate" => {
                    std::fs::write(ca.file("csr"), unbase64(call.body["Csr"].as_str().unwrap()))
                        .unwrap();
                    let more = ca.issue.lock().unwrap().clone();
                    openssl(
                        ca.dir.path(),
                        format!(
                            "x509 -req -in csr -CA ca.crt -CAkey ca.key \
                                                    -CAcreateserial -days 30 -sha384 -out crt \
                                                    {more}"
                        )
                        .trim(),
                    );
                    (200, json!({ "CertificateArn": ca.certificate }))
                }
                "GetCertificate" if call.before < ca.slow => {
                    refusal(400, "RequestInProgressException")
                }
                "GetCertificate" => (
                    200,
                    json!({
                        "Certificate": std::fs::read_to_string(ca.file("crt")).unwrap().trim(),
                        "CertificateChain": ca.root,
                    }),
                ),
                other => panic!("{other}"),
            },
        )
    }
}

pub(super) fn by_pca<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["sign", "bundle", "--ca-arn", CA], &TRUST[..], more].concat()
}
