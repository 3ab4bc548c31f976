//! The key files that programs write, with the passphrase and what becomes of each.

use super::*;

const PLAIN: Outcome = Read(&["key-unencrypted"]);
const WEAK: Outcome = Read(&["key-weakly-encrypted"]);
const SOUND: Outcome = Read(&[]);
const OTHER_ENCRYPTION: Outcome = Converted("ca-key-encryption-unsupported");
const OTHER_FORM: Outcome = Converted("ca-key-unsupported");

const LEGACY: &str = "openssl PROGRAM -provider legacy -provider default";

/// Commands that make `made` of `made.pem` (a P-256 key, SEC1) or `rsa.pem`; the passphrase is
/// `secret`.
pub(super) fn corpus() -> Vec<(String, Outcome)> {
    let mut all: Vec<(String, Outcome)> = Vec::new();
    let legacy =
        |program: &str, rest: &str| format!("{} {rest}", LEGACY.replace("PROGRAM", program));
    let pkcs8 = |options: &str| {
        legacy(
            "pkcs8",
            &format!("-topk8 -in made.pem -passout pass:secret {options} -out made"),
        )
    };
    // PKCS#8, encrypted.
    for (scheme, outcome) in [
        ("PBE-MD5-DES", WEAK),
        ("PBE-SHA1-DES", WEAK),
        ("PBE-SHA1-3DES", WEAK),
        ("PBE-SHA1-2DES", WEAK),
        ("PBE-MD5-RC2-64", OTHER_ENCRYPTION),
        ("PBE-SHA1-RC2-64", OTHER_ENCRYPTION),
        ("PBE-SHA1-RC2-40", OTHER_ENCRYPTION),
        ("PBE-SHA1-RC2-128", OTHER_ENCRYPTION),
        ("PBE-SHA1-RC4-40", OTHER_ENCRYPTION),
        ("PBE-SHA1-RC4-128", OTHER_ENCRYPTION),
    ] {
        let form = if all.len().is_multiple_of(2) {
            "PEM"
        } else {
            "DER"
        };
        all.push((pkcs8(&format!("-v1 {scheme} -outform {form}")), outcome));
    }
    for cipher in [
        "aes-128-cbc",
        "aes-192-cbc",
        "aes-256-cbc",
        "des3",
        "des-ede3-cbc",
        "des",
    ] {
        all.push((pkcs8(&format!("-v2 {cipher}")), SOUND));
    }
    for cipher in ["camellia256", "aria192", "seed", "rc2", "bf", "cast5-cbc"] {
        all.push((pkcs8(&format!("-v2 {cipher}")), OTHER_ENCRYPTION));
    }
    for function in [
        "hmacWithSHA1",
        "hmacWithSHA256",
        "hmacWithSHA384",
        "hmacWithSHA512",
    ] {
        all.push((pkcs8(&format!("-v2prf {function}")), SOUND));
    }
    for function in ["hmacWithSHA224", "hmacWithSHA512-256", "hmacWithMD5"] {
        all.push((pkcs8(&format!("-v2prf {function}")), OTHER_ENCRYPTION));
    }
    all.push((pkcs8("-scrypt"), SOUND));
    all.push((pkcs8("-iter 10000001"), OTHER_ENCRYPTION));
    // The old PEM encryption.
    for (cipher, outcome) in [
        ("aes128", WEAK),
        ("aes192", WEAK),
        ("aes256", WEAK),
        ("des3", WEAK),
        ("des", WEAK),
        ("des-ede-cbc", WEAK),
        ("camellia256", OTHER_ENCRYPTION),
        ("aria192", OTHER_ENCRYPTION),
        ("seed", OTHER_ENCRYPTION),
        ("rc2", OTHER_ENCRYPTION),
        ("bf", OTHER_ENCRYPTION),
        ("cast", OTHER_ENCRYPTION),
    ] {
        all.push((
            legacy(
                "ec",
                &format!("-in made.pem -{cipher} -passout pass:secret -out made"),
            ),
            outcome,
        ));
    }
    // PKCS#12.
    let store = |options: &str| {
        let export = legacy(
            "pkcs12",
            &format!("-export -inkey made.pem -in c -passout pass:secret {options} -out made"),
        );
        format!("openssl req -x509 -new -key made.pem -subj /CN=x -out c && {export}")
    };
    for (options, outcome) in [
        ("", SOUND),
        ("-legacy", WEAK),
        ("-legacy -descert", WEAK),
        ("-nomac", SOUND),
        ("-macalg sha1", SOUND),
        ("-macalg sha384", SOUND),
        ("-macalg sha512", SOUND),
        ("-keypbe NONE", PLAIN),
        ("-keypbe NONE -certpbe NONE -nomac", PLAIN),
        ("-keypbe aes-128-cbc -certpbe NONE", SOUND),
        ("-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-RC2-40", WEAK),
        ("-keypbe PBE-SHA1-2DES", WEAK),
        ("-keypbe PBE-MD5-DES", WEAK),
        ("-keypbe PBE-SHA1-RC2-40", OTHER_FORM),
        ("-keypbe PBE-SHA1-RC4-128", OTHER_FORM),
        ("-keypbe camellia-256-cbc", OTHER_FORM),
        ("-macalg sha224", OTHER_FORM),
        ("-nocerts", SOUND),
        ("-name somebody -CSP x -LMK", SOUND),
    ] {
        all.push((store(options), outcome));
    }
    // Microsoft's.
    all.push((
        "openssl rsa -in rsa.pem -outform PVK -pvk-none -out made".to_owned(),
        OTHER_FORM,
    ));
    all.push((
        legacy(
            "rsa",
            "-in rsa.pem -outform PVK -pvk-strong -passout pass:secret -out made",
        ),
        OTHER_FORM,
    ));
    all.push((
        legacy(
            "rsa",
            "-in rsa.pem -outform PVK -pvk-weak -passout pass:secret -out made",
        ),
        OTHER_FORM,
    ));
    all.push((
        "openssl rsa -in rsa.pem -outform MSBLOB -out made".to_owned(),
        OTHER_FORM,
    ));
    // Others.
    all.push((
        "ssh-keygen -q -t ecdsa -b 256 -N secret -f made".to_owned(),
        OTHER_FORM,
    ));
    all.push((
        "openssl ec -in made.pem -param_enc explicit -out made".to_owned(),
        OTHER_FORM,
    ));
    // Labels that say something else than what is there.
    let relabelled = |make: &str, from: &str, to: &str| {
        format!("{make} -out m && sed 's/{from} KEY/{to} KEY/' m >made")
    };
    for (make, from) in [
        ("openssl pkcs8 -topk8 -nocrypt -in made.pem", "PRIVATE"),
        ("openssl ec -in made.pem", "EC PRIVATE"),
        ("openssl rsa -traditional -in rsa.pem", "RSA PRIVATE"),
    ] {
        for to in ["PRIVATE", "RSA PRIVATE", "EC PRIVATE", "ENCRYPTED PRIVATE"] {
            all.push((relabelled(make, from, to), PLAIN));
        }
    }
    for to in ["PRIVATE", "RSA PRIVATE", "EC PRIVATE"] {
        all.push((
            relabelled(
                "openssl pkcs8 -topk8 -iter 1 -passout pass:secret -in made.pem",
                "ENCRYPTED PRIVATE",
                to,
            ),
            SOUND,
        ));
        all.push((
            relabelled(
                "openssl ec -aes128 -passout pass:secret -in made.pem",
                "EC PRIVATE",
                to,
            ),
            WEAK,
        ));
    }
    // What editors, shells and secret managers do.
    for edit in [
        "sed 's/^/    /' made.pem >made",
        "sed 's/$/  /' made.pem >made",
        "sed 's/^/\t/; s/$/\\r/' made.pem >made",
        "sed 's/\\(....\\)/\\1 /g; s/BEGI N/BEGIN/; s/PRI VATE/PRIVATE/' m0 >made",
        "tr '\\n' ' ' <made.pem >made",
        "tr -d '\\n' <made.pem >made",
        "awk '{printf \"%s\\\\n\", $0}' made.pem >made",
        "{ cat made.pem; printf '\\0'; } >made",
        "{ openssl ec -in made.pem -outform DER; printf '\\0'; } >made",
        "{ openssl ec -in made.pem -outform DER; echo; } >made",
        "{ printf '\\357\\273\\277'; cat made.pem; } >made",
        "iconv -f ascii -t utf-16le made.pem >made",
        "iconv -f ascii -t utf-16be made.pem >made",
        "{ printf '\\377\\376'; iconv -f ascii -t utf-16le made.pem; } >made",
        "{ echo '-----BEGIN EC PRIVATE KEY-----'; \
         { openssl ec -in made.pem -outform DER; printf '\\0\\0'; } | base64; \
         echo '-----END EC PRIVATE KEY-----'; } >made",
        "{ openssl x509 -in c -text; cat made.pem; } >made",
        "{ cat made.pem; openssl ec -in made.pem -pubout; } >made",
    ] {
        let before = "openssl req -x509 -new -key made.pem -subj /CN=x -out c; openssl pkcs8 \
                      -topk8 -nocrypt -in made.pem | grep -v -- -- | tr -d '\\n' >m1; \
                      { echo '-----BEGIN PRIVATE KEY-----'; sed 's/\\(....\\)/\\1 /g' m1; echo; \
                      echo '-----END PRIVATE KEY-----'; } >m0";
        let edit = if edit.contains("m0") {
            "cp m0 made"
        } else {
            edit
        };
        all.push((format!("{{ {before}; }} 2>/dev/null; {edit}"), PLAIN));
    }
    all
}
