//! A client's side of Signature Version 4.

use ring::{digest, hmac};

use super::*;

/// How a request is signed. Each test gets one thing wrong.
#[derive(Clone)]
pub struct Signer {
    pub key: &'static str,
    pub secret: &'static str,
    pub token: Option<&'static str>,
    pub region: &'static str,
    pub service: &'static str,
    pub signed: &'static [&'static str],
    /// Seconds from now.
    pub skew: i64,
}

impl Default for Signer {
    fn default() -> Self {
        let signed = &["content-type", "host", "x-amz-date", "x-amz-target"];
        Self {
            key: "AKIDEXAMPLE",
            secret: "secret",
            token: None,
            region: "us-east-1",
            service: "cloudhsm",
            signed,
            skew: 0,
        }
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

pub fn sha256(octets: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, octets).as_ref())
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
        .as_ref()
        .to_vec()
}

impl Signer {
    fn date(&self) -> String {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(self.skew);
        at.strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    /// The headers of a call, signed; `more` are signed too if `signed` names them.
    pub fn headers(&self, action: &str, body: &[u8], more: &[(&str, &str)]) -> String {
        let date = self.date();
        let target = format!("BaldrApiService.{action}");
        let mut headers = vec![
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-date", date.as_str()),
            ("x-amz-target", target.as_str()),
        ];
        headers.extend(self.token.map(|token| ("x-amz-security-token", token)));
        headers.extend(more);
        let value = |name: &str| {
            if name == "host" {
                "localhost"
            } else {
                headers
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map_or("", |(_, value)| value)
            }
        };
        let canonical: String = self
            .signed
            .iter()
            .map(|name| format!("{name}:{}\n", value(name)))
            .collect();
        let signed = self.signed.join(";");
        let request = format!("POST\n/\n\n{canonical}\n{signed}\n{}", sha256(body));
        let day = &date[..8];
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let text = format!(
            "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
            sha256(request.as_bytes())
        );
        let key = [day, self.region, self.service, "aws4_request"]
            .iter()
            .fold(format!("AWS4{}", self.secret).into_bytes(), |key, part| {
                mac(&key, part)
            });
        let signature = hex(&mac(&key, &text));
        let lines: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        format!(
            "{lines}Authorization: AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, \
             Signature={signature}\r\n",
            self.key
        )
    }
}

pub fn send(simulator: &Simulator, signer: &Signer, action: &str, body: &str) -> Answer {
    post(
        simulator,
        "/",
        &signer.headers(action, body.as_bytes(), &[]),
        body,
    )
    .expect("an answer")
}
