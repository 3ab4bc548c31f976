//! The keys, their secret numbers in every form that could be shown, and the ways to damage a file.

use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;

/// A key file, and what of it nobody may see.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) file: Vec<u8>,
    pub(super) secret: Secret,
}

/// Eight characters of its base64, or eight octets, in hex or as they are, anywhere in it.
#[derive(Default)]
pub(super) struct Secret {
    pub(super) base64: HashSet<[u8; 8]>,
    pub(super) octets: HashSet<[u8; 8]>,
    pub(super) hex: HashSet<[u8; 16]>,
}

impl Secret {
    fn of(base64: &str, octets: &[u8]) -> Self {
        let mut secret = Secret::default();
        let eight = |window: &[u8]| <[u8; 8]>::try_from(window).unwrap();
        secret
            .base64
            .extend(base64.as_bytes().windows(8).map(eight));
        secret.octets.extend(octets.windows(8).map(eight));
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        secret.hex.extend(
            hex.as_bytes()
                .windows(16)
                .map(|window| <[u8; 16]>::try_from(window).unwrap()),
        );
        secret
    }

    /// The PEM block's body.
    fn of_pem(text: &str) -> Self {
        let body: String = text
            .lines()
            .filter(|line| !line.starts_with('-') && !line.contains(':'))
            .collect();
        let octets = STANDARD.decode(&body).unwrap();
        Secret::of(&body, &octets)
    }

    /// What also stands in there is no secret: the outlines that every key has, and what
    /// certificates have of them.
    fn without(mut self, public: &[u8]) -> Self {
        let joined: Vec<u8> = public
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        for window in public.windows(8).chain(joined.windows(8)) {
            self.base64.remove(window);
            self.octets.remove(window);
        }
        let hex: String = public.iter().map(|octet| format!("{octet:02x}")).collect();
        hex.as_bytes().windows(16).for_each(|window| {
            self.hex.remove(window);
        });
        self
    }

    pub(super) fn is_in(&self, output: &[u8]) -> bool {
        // A line break in the middle hides nothing.
        let joined: Vec<u8> = output
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        [output, &joined].into_iter().any(|text| {
            let eight = text
                .windows(8)
                .any(|window| self.base64.contains(window) || self.octets.contains(window));
            eight
                || text
                    .windows(16)
                    .any(|window| self.hex.contains(window.to_ascii_lowercase().as_slice()))
        })
    }
}

/// Every form that a private key is met in, less what a key has in common with others and with the
/// files there are.
pub(super) fn keys(bench: &Bench) -> Vec<Key> {
    let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let others = forms(other.path());
    let same: Vec<u8> = bench
        .listing()
        .into_values()
        .flat_map(|(_, content)| content)
        .collect();
    let pairs = forms(one.path()).into_iter().zip(&others);
    pairs
        .map(|(key, other)| {
            let made_up = key.file == other.file;
            let secret = key
                .secret
                .without(&same)
                .without(if made_up { b"" } else { &other.file });
            let ders = pem::parse_many(&other.file).unwrap_or_default();
            Key {
                secret: ders.iter().fold(secret, |secret, block| {
                    if made_up {
                        secret
                    } else {
                        secret.without(block.contents())
                    }
                }),
                ..key
            }
        })
        .collect()
}

/// All forms. `secret` opens those that are encrypted, in no time.
fn forms(dir: &Path) -> Vec<Key> {
    let make = |args: &str| drop(openssl(dir, args));
    make("ecparam -name prime256v1 -genkey -noout -out sec1");
    make("ecparam -name prime256v1 -genkey -out sec1-parameters");
    make("pkcs8 -topk8 -nocrypt -in sec1 -out pkcs8");
    make("pkcs8 -topk8 -in sec1 -iter 1 -passout pass:secret -out encrypted");
    make("ec -in sec1 -aes128 -passout pass:secret -out proc-type");
    make("genrsa -traditional -out pkcs1 2048");
    make("pkcs8 -topk8 -nocrypt -in sec1 -outform DER -out pkcs8.der");
    make("ec -in sec1 -outform DER -out sec1.der");
    make("pkcs8 -topk8 -in sec1 -iter 1 -passout pass:secret -outform DER -out encrypted.der");
    make("req -x509 -new -key sec1 -subj /CN=x -out certificate");
    make("pkcs12 -export -inkey sec1 -in certificate -iter 1 -passout pass:secret -out store.p12");
    let mut keys: Vec<Key> = Vec::new();
    for name in [
        "sec1",
        "sec1-parameters",
        "pkcs8",
        "encrypted",
        "proc-type",
        "pkcs1",
    ] {
        let file = fs::read(dir.join(name)).unwrap();
        let text = String::from_utf8(file.clone()).unwrap();
        let block = &text[text.find("KEY-----").unwrap()..];
        keys.push(Key {
            name,
            secret: Secret::of_pem(&block.lines().skip(1).collect::<Vec<_>>().join("\n")),
            file,
        });
    }
    for name in ["sec1.der", "pkcs8.der", "encrypted.der", "store.p12"] {
        let file = fs::read(dir.join(name)).unwrap();
        keys.push(Key {
            name,
            secret: Secret::of(&STANDARD.encode(&file), &file),
            file,
        });
    }
    // In the forms of other programs: their outlines, around octets that nothing else has.
    let octets: Vec<u8> = (0..150_u32)
        .map(|n| u8::try_from((n * 89 + 41) % 256).unwrap())
        .collect();
    let body = STANDARD.encode(&octets);
    let lines = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect::<Vec<_>>()
        .join("\n");
    let scalar = URL_SAFE_NO_PAD.encode(&octets[..32]);
    for (name, text, secret) in [
        (
            "openssh",
            format!(
                "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n{lines}\n-----END \
                 OPENSSH PRIVATE KEY-----\n"
            ),
            &body,
        ),
        (
            "putty",
            format!(
                "PuTTY-User-Key-File-3: ecdsa-sha2-nistp256\nEncryption: none\nComment: \
                 x\nPrivate-Lines: 4\n{lines}\nPrivate-MAC: 00\n"
            ),
            &body,
        ),
        (
            "jwk",
            format!("{{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"{scalar}\"}}\n"),
            &scalar,
        ),
    ] {
        keys.push(Key {
            name,
            file: text.into_bytes(),
            secret: Secret::of(secret, &octets),
        });
    }
    keys
}

/// The file, damaged at every byte: in seven ways, or, a large one, in a line break and one of the
/// others.
pub(super) fn damaged(file: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let at_each = move |at: usize| {
        let put = move |byte: &[u8]| [&file[..at], byte, &file[at + 1..]].concat();
        let octet = file[at];
        let mut ways = vec![
            put(b"\n"),
            file[..at].to_vec(),
            put(&[]),
            put(&[octet ^ 1]),
            put(b"-"),
            put(&[octet, octet]),
            put(&[octet, b'\r', b'\n']),
        ];
        if file.len() > 600 {
            ways.swap(1, 1 + at % 6);
            ways.truncate(2);
        }
        ways
    };
    (0..file.len()).flat_map(at_each)
}

/// The damages that a person or a mail program makes: dashes, labels, line ends, one line, other
/// encodings, quoting.
pub(super) fn mangled(key: &Key) -> Vec<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(&key.file) else {
        return vec![key.file.clone()];
    };
    let mut all = vec![text.to_owned()];
    for dashes in ["", "-", "----", "------"] {
        all.push(text.replace("KEY-----", &format!("KEY{dashes}")));
        all.push(text.replace("-----BEGIN", &format!("{dashes}BEGIN")));
    }
    for label in [
        "CERTIFICATE",
        "CERTIFICATE REQUEST",
        "EC PRIVATE KEX",
        "X509 CRL",
    ] {
        let known = [
            "EC PRIVATE KEY",
            "ENCRYPTED PRIVATE KEY",
            "RSA PRIVATE KEY",
            "OPENSSH PRIVATE KEY",
            "PRIVATE KEY",
        ];
        let relabelled = known
            .into_iter()
            .find(|known| text.contains(known))
            .map(|known| text.replace(known, label));
        all.extend(relabelled);
    }
    for end in ["\r", "\r\n", "", " ", "\t", "\n\n", "\0"] {
        all.push(text.replace('\n', end));
        all.push(text.replace("-----\n", &format!("----{end}")));
    }
    all.push(text.lines().next().unwrap().to_owned() + "\n");
    all.push(serde_json::to_string(text).unwrap());
    all.push(format!(
        "{{\"format\":{}}}",
        serde_json::to_string(text).unwrap()
    ));
    all.push(format!(
        "{{\"format\":\"hsmboot-request/1\",\"cluster_id\":{}}}",
        serde_json::to_string(text).unwrap()
    ));
    all.push(format!(
        "{{\"format\":\"hsmboot-verification/1\",\"at\":{}}}",
        serde_json::to_string(text).unwrap()
    ));
    let mut all: Vec<Vec<u8>> = all.into_iter().map(String::into_bytes).collect();
    all.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    all.push([&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat());
    all
}
