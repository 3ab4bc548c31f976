//! A key in AWS KMS, as its stand-in has it.

#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub, reason = "tests")]

use std::path::Path;

use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::EncodePublicKey;
use rsa::sha2::Sha256;
use serde_json::{Value, json};

use crate::aws::{Call, StandIn, base64, unbase64};

pub const KEY: &str =
    "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
pub const ALIAS: &str = "awskms:arn:aws:kms:eu-central-1:111122223333:alias/cloudhsm-ca";

pub fn key() -> rsa::PrivateKey {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/keys/rsa-2048-stranger.pem");
    rsa::PrivateKey::from_pkcs1_der(pem::parse(std::fs::read(file).unwrap()).unwrap().contents())
        .unwrap()
}

pub fn public_key(change: &[(&str, Value)]) -> (u16, Value) {
    let spki = key().to_public_key().to_public_key_der().unwrap();
    let mut answer = json!({
        "KeyId": KEY, "KeyUsage": "SIGN_VERIFY", "KeySpec": "RSA_2048",
        "CustomerMasterKeySpec": "RSA_2048",
        "PublicKey": base64(spki.as_bytes()),
        "SigningAlgorithms": ["RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PSS_SHA_256"],
    });
    for (name, value) in change {
        answer[*name] = value.clone();
    }
    (200, answer)
}

/// What KMS makes of a digest.
pub fn signature(call: &Call) -> (u16, Value) {
    let digest = unbase64(call.body["Message"].as_str().unwrap());
    let signature = key()
        .sign(rsa::Pkcs1v15Sign::new::<Sha256>(), &digest)
        .unwrap();
    (
        200,
        json!({
            "KeyId": KEY, "Signature": base64(&signature),
            "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256",
        }),
    )
}

pub fn kms() -> StandIn {
    StandIn::new(|call| match call.target.as_str() {
        "TrentService.GetPublicKey" => public_key(&[]),
        "TrentService.Sign" => signature(call),
        other => panic!("{other}"),
    })
}
