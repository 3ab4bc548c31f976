//! A private key in AWS KMS: it never leaves there. GetPublicKey when it is opened, Sign for each
//! signature.

mod fault;
mod uri;

use std::path::Path;

use aws_sdk_kms::Client;
use aws_sdk_kms::operation::get_public_key::GetPublicKeyOutput;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeyUsageType, MessageType, SigningAlgorithmSpec};

use self::fault::KmsCall;
use self::uri::KmsKeyName;
use super::place::{CaKey, KeyLibrary, KeyPlace, LoadedKey};
use super::scheme::SignatureScheme;
use super::unlock::{TokenOptions, Unlock};
use crate::aws::{self, CallPlace, ConnectOptions, Deadline, Service, run_within};
use crate::error::{ErrorKind, Result};
use crate::x509::PublicKey;

/// The beginning of a `--ca-key` of this kind.
const SCHEME: &str = "awskms:";

const SERVICE: Service = Service {
    id: "KMS",
    endpoint_variable: "AWS_ENDPOINT_URL_KMS",
};

/// The hint for a key that is there and does not fit.
const FITTING_KEY_HINT: &str = "the CA's key is asymmetric, KeyUsage SIGN_VERIFY, KeySpec \
                                RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256 or ECC_NIST_P384: `aws \
                                kms create-key --key-usage SIGN_VERIFY --key-spec RSA_4096` makes \
                                one";

/// A key in AWS KMS, ready to sign.
pub(super) struct KmsKey {
    client: Client,
    place: CallPlace,
    deadline: Option<Deadline>,
    /// The name that GetPublicKey gave it: an alias that moves afterwards changes nothing here.
    key_id: String,
    spki: Vec<u8>,
    public: PublicKey,
    scheme: SignatureScheme,
    identifier: Vec<u8>,
}

impl std::fmt::Debug for KmsKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KmsKey")
            .field("key_id", &self.key_id)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// Reads a `--ca-key` that begins with `awskms:`.
pub(super) fn read(text: &Path) -> Result<Box<dyn KeyPlace>> {
    let bytes = text.as_os_str().as_encoded_bytes();
    let name = String::from_utf8_lossy(bytes.get(SCHEME.len()..).unwrap_or_default());
    Ok(Box::new(KmsKeyName::parse(&name)?))
}

impl KeyPlace for KmsKeyName {
    fn load_key(&self, unlock: &Unlock<'_>) -> Result<LoadedKey> {
        let options = unlock.aws.cloned().unwrap_or_default();
        let (key, notes) = KmsKey::open(self, &options, unlock.say)?;
        let name = format!("{SCHEME}{}", key.key_id);
        Ok(LoadedKey {
            key: Box::new(key),
            warnings: Vec::new(),
            notes,
            name: Some(name),
        })
    }

    fn library<'a>(&'a self, _options: &'a TokenOptions) -> Option<KeyLibrary<'a>> {
        None
    }

    fn region(&self) -> Option<&str> {
        KmsKeyName::region(self)
    }
}

impl KmsKey {
    /// Asks KMS for the public key, and that it is one that a CA for CloudHSM can have. What was
    /// decided on the way comes beside it, one sentence each.
    ///
    /// # Errors
    /// Class `Ca`: `ca-key-missing`, `ca-key-unavailable`, `ca-key-unsupported`. Class
    /// `Service`: whatever stands between this program and the key. Class `Usage`:
    /// `contradicting-region`.
    fn open(
        name: &KmsKeyName,
        options: &ConnectOptions,
        say: &dyn Fn(&str),
    ) -> Result<(Self, Vec<String>)> {
        let options = name
            .region()
            .map_or_else(|| Ok(options.clone()), |own| options.in_region(own))?;
        let shown = name.to_string();
        let (key, elsewhere, notes) = aws::run_to_end(async {
            let failed = |(trouble, place): (_, CallPlace)| {
                KmsCall {
                    name: "GetPublicKey",
                    key: &shown,
                    place: &place,
                }
                .explain_trouble(&trouble)
            };
            let mut connected = aws::connect(SERVICE, &options).await.map_err(failed)?;
            let place = connected.place;
            let client = Client::new(&connected.config);
            let call = KmsCall {
                name: "GetPublicKey",
                key: &shown,
                place: &place,
            };
            let answer = run_within(
                options.deadline,
                client.get_public_key().key_id(name.key_id()).send(),
            )
            .await;
            let answer = answer
                .map_err(|trouble| call.explain_trouble(&trouble))?
                .map_err(|error| call.explain_failure(&error))?;
            let (spki, public, scheme) = public_key(&answer, &call)?;
            let key_id = answer.key_id().unwrap_or(name.key_id()).to_owned();
            connected.notes.push(format!(
                "the CA's key is {key_id}, at {}",
                place.text_for("AWS KMS")
            ));
            let (identifier, deadline) = (scheme.signature_algorithm().to_der(), options.deadline);
            let key = KmsKey {
                client,
                place,
                deadline,
                key_id,
                spki,
                public,
                identifier,
                scheme,
            };
            Ok((key, connected.endpoint_notice, connected.notes))
        })?;
        if let Some(elsewhere) = elsewhere {
            say(&format!("for the CA's key, {elsewhere}"));
        }
        Ok((key, notes))
    }
}

impl CaKey for KmsKey {
    fn spki(&self) -> &[u8] {
        &self.spki
    }

    fn signature_algorithm(&self) -> &[u8] {
        &self.identifier
    }

    /// The bytes are hashed here and KMS signs the digest: a message of its own may have 4096 bytes
    /// at most (KMS API Reference, Sign).
    fn sign(&self, tbs: &[u8]) -> Result<Vec<u8>> {
        let call = KmsCall {
            name: "Sign",
            key: &self.key_id,
            place: &self.place,
        };
        let request = self
            .client
            .sign()
            .key_id(&self.key_id)
            .message(Blob::new(self.scheme.hash().digest(tbs).as_ref()))
            .message_type(MessageType::Digest)
            .signing_algorithm(signing_spec(self.scheme));
        let answer = aws::run_to_end(async {
            let answer = run_within(self.deadline, request.send())
                .await
                .map_err(|trouble| call.explain_trouble(&trouble))?;
            answer.map_err(|error| call.explain_failure(&error))
        })?;
        let signature = answer
            .signature()
            .map(|blob| blob.as_ref().to_vec())
            .unwrap_or_default();
        if self.scheme.verify(&self.public, tbs, &signature) {
            return Ok(signature);
        }
        Err(call.key_fault(
            ErrorKind::BadSignature,
            "what AWS KMS returned is not this key's signature: it does not verify under the \
             public key that KMS itself gave",
            "",
            "nothing was written; is it AWS KMS that answers at this endpoint?",
        ))
    }
}

/// KMS's name for what a scheme is (KMS API Reference, Sign).
const fn signing_spec(scheme: SignatureScheme) -> SigningAlgorithmSpec {
    match scheme {
        SignatureScheme::Rsa => SigningAlgorithmSpec::RsassaPkcs1V15Sha256,
        SignatureScheme::P256 => SigningAlgorithmSpec::EcdsaSha256,
        SignatureScheme::P384 => SigningAlgorithmSpec::EcdsaSha384,
    }
}

/// The public key, where it is of a kind that counts and KMS says that it signs so.
fn public_key(
    answer: &GetPublicKeyOutput,
    call: &KmsCall<'_>,
) -> Result<(Vec<u8>, PublicKey, SignatureScheme)> {
    let unfit = |found: String| {
        call.key_fault(
            ErrorKind::CaKeyUnsupported,
            &format!("the CA's key is {found}"),
            "",
            FITTING_KEY_HINT,
        )
    };
    match answer.key_usage() {
        Some(KeyUsageType::SignVerify) => {}
        Some(other) => {
            return Err(unfit(format!(
                "for another use: KeyUsage {}, expected SIGN_VERIFY",
                other.as_str()
            )));
        }
        None => {
            return Err(unfit(
                "of no stated KeyUsage, expected SIGN_VERIFY".to_owned(),
            ));
        }
    }
    let spki = answer
        .public_key()
        .map(|blob| blob.as_ref().to_vec())
        .unwrap_or_default();
    let public = PublicKey::from_der(&spki, "AWS KMS's public key")
        .map_err(|fault| unfit(format!("unreadable: {fault}")))?;
    let keyspec = answer
        .key_spec()
        .map(|spec| format!("KeySpec {}, ", spec.as_str()))
        .unwrap_or_default();
    let scheme = SignatureScheme::from_key(&public).map_err(|what| {
        unfit(format!(
            "of a kind that cannot be a CA's here: {keyspec}{what}"
        ))
    })?;
    if !answer.signing_algorithms().contains(&signing_spec(scheme)) {
        let found: Vec<&str> = answer
            .signing_algorithms()
            .iter()
            .map(SigningAlgorithmSpec::as_str)
            .collect();
        return Err(unfit(format!(
            "one that KMS does not sign with as {}: {keyspec}it offers {}",
            signing_spec(scheme).as_str(),
            found.join(", ")
        )));
    }
    Ok((spki, public, scheme))
}
