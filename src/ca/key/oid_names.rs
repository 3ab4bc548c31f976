//! The names of what a key may be encrypted with and is not read here, by object identifier.

/// The schemes before PBES2 that are not read (RFC 8018 A.3, RFC 7292 C), and whether OpenSSL 3 has
/// their ciphers and hashes in its legacy provider.
pub(super) const PBES1: [(&str, &str, bool); 8] = [
    ("1.2.840.113549.1.5.1", "PBES1 (MD2 and DES)", true),
    ("1.2.840.113549.1.5.4", "PBES1 (MD2 and RC2)", true),
    ("1.2.840.113549.1.5.6", "PBES1 (MD5 and RC2)", true),
    ("1.2.840.113549.1.5.11", "PBES1 (SHA-1 and RC2)", true),
    (
        "1.2.840.113549.1.12.1.1",
        "PKCS#12's scheme (SHA-1 and RC4)",
        true,
    ),
    (
        "1.2.840.113549.1.12.1.2",
        "PKCS#12's scheme (SHA-1 and RC4)",
        true,
    ),
    (
        "1.2.840.113549.1.12.1.5",
        "PKCS#12's scheme (SHA-1 and RC2)",
        true,
    ),
    (
        "1.2.840.113549.1.12.1.6",
        "PKCS#12's scheme (SHA-1 and RC2)",
        true,
    ),
];

/// Ciphers of PBES2 that are not read: RFC 3657, RFC 5794, RFC 4010, RFC 8018 B.2, and what else
/// OpenSSL takes for `-v2`.
pub(super) const CIPHERS: [(&str, &str, bool); 15] = [
    ("1.2.392.200011.61.1.1.1.2", "Camellia-128-CBC", false),
    ("1.2.392.200011.61.1.1.1.3", "Camellia-192-CBC", false),
    ("1.2.392.200011.61.1.1.1.4", "Camellia-256-CBC", false),
    ("1.2.410.200046.1.1.2", "ARIA-128-CBC", false),
    ("1.2.410.200046.1.1.7", "ARIA-192-CBC", false),
    ("1.2.410.200046.1.1.12", "ARIA-256-CBC", false),
    ("1.2.410.200004.1.4", "SEED-CBC", true),
    ("1.2.840.113549.3.2", "RC2-CBC", true),
    ("1.2.840.113549.3.4", "RC4", true),
    ("1.2.840.113549.3.9", "RC5-CBC", true),
    ("1.3.6.1.4.1.3029.1.2", "Blowfish-CBC", true),
    ("1.2.840.113533.7.66.10", "CAST5-CBC", true),
    ("1.3.6.1.4.1.188.7.1.1.2", "IDEA-CBC", true),
    ("1.2.156.10197.1.104.2", "SM4-CBC", false),
    ("2.16.840.1.101.3.4.1.46", "AES-256-GCM", false),
];

/// Functions of PBKDF2 that are not read (RFC 8018 B.1, and the Computer Security Objects
/// Register).
pub(super) const FUNCTIONS: [(&str, &str, bool); 9] = [
    ("1.2.840.113549.2.6", "PBKDF2 with HMAC-MD5", false),
    ("1.2.840.113549.2.8", "PBKDF2 with HMAC-SHA224", false),
    ("1.2.840.113549.2.12", "PBKDF2 with HMAC-SHA512/224", false),
    ("1.2.840.113549.2.13", "PBKDF2 with HMAC-SHA512/256", false),
    (
        "2.16.840.1.101.3.4.2.13",
        "PBKDF2 with HMAC-SHA3-224",
        false,
    ),
    (
        "2.16.840.1.101.3.4.2.14",
        "PBKDF2 with HMAC-SHA3-256",
        false,
    ),
    (
        "2.16.840.1.101.3.4.2.15",
        "PBKDF2 with HMAC-SHA3-384",
        false,
    ),
    (
        "2.16.840.1.101.3.4.2.16",
        "PBKDF2 with HMAC-SHA3-512",
        false,
    ),
    ("1.2.156.10197.1.401.2", "PBKDF2 with HMAC-SM3", false),
];
