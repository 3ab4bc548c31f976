//! The roots that are known: those that are built in, and those that AWS's guide names.
//!
//! A published root is *not* an anchor. Nobody here has seen it; whoever downloads it and gives it
//! with an option makes it one.

use serde::Serialize;

use crate::checks::Side;
use crate::x509::Moment;

/// One certificate in which an anchor has been published: its dates are worth a note, no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Issue {
    pub(crate) not_before: Moment,
    pub(crate) not_after: Moment,
    pub(crate) fingerprint: Option<[u8; 32]>,
    pub(crate) version: u8,
}

/// A root as docs/verification.md gives it ("The anchors"): exponent 65537, dates of the
/// certificates it was published in.
pub(crate) struct Figures {
    pub(crate) subject: &'static [(&'static str, &'static str)],
    pub(crate) modulus: &'static str,
    pub(crate) issues: &'static [Issue],
}

const fn make_issue(
    not_before: i64,
    not_after: i64,
    version: u8,
    fingerprint: Option<[u8; 32]>,
) -> Issue {
    Issue {
        not_before: Moment::from_constant(not_before),
        not_after: Moment::from_constant(not_after),
        fingerprint,
        version,
    }
}

/// docs/verification.md; the certificate is published by AWS with the User Guide's "Verify HSM
/// Identity".
pub(crate) const AWS_ROOT_G1: Figures = Figures {
    subject: &[
        ("2.5.4.6", "US"),
        ("2.5.4.8", "Virginia"),
        ("2.5.4.7", "Herndon"),
        ("2.5.4.10", "Amazon Web Services INC."),
        ("2.5.4.11", "CloudHSM"),
        ("2.5.4.3", "AWS CloudHSM Root G1"),
    ],
    modulus: "C8E3F62AE01F1E6673001E57DC3E69F19B737324586085804599A2853FE7F967419F39D2E8E188EC18075\
              C3898255A455F1FC4600E29E4AC65F0B6928334621AE7C6AE0F406652BB0B6AC6782757D6323B6C0A837D\
              A7E9A16C104627742C6E863AFD71181F848E0084BB00DC57D848945C137AFF3B375260CD5A64573595DF6\
              76839E2F985AD59EEA69A977535F4E13208D30E2FBC3304F334E8C9B518FD6983E0B75AB43FCE1C2FB51E\
              0F4F15F027002367D5B82CCBD6EFEB3425802833FAE63A31587A0BFD4F6DD31C6410478C4FABE3610CA2A\
              90B2DE659F41C2C922AA4F9A483213A66DCC7750615FE839DF8257F3B66E8AA9FD1E5BA1D5AC52E21EE52\
              61",
    issues: &[make_issue(
        1_493_368_666,
        1_808_728_666,
        3,
        Some([
            0x9C, 0x69, 0x58, 0xFC, 0xAC, 0xBB, 0x6F, 0x0E, 0x36, 0x54, 0x6B, 0xE1, 0xF2, 0xCE,
            0x59, 0xAD, 0x84, 0xEE, 0x20, 0x68, 0x35, 0xE6, 0x97, 0x7F, 0x69, 0x7D, 0x30, 0xDC,
            0xE9, 0xA7, 0xB5, 0x70,
        ]),
    )],
};

/// docs/verification.md: two certificates, one expired, one key.
pub(super) const LIQUIDSECURITY_ROOT: Figures = Figures {
    subject: &[
        ("2.5.4.6", "US"),
        ("2.5.4.8", "California"),
        ("2.5.4.7", "San Jose"),
        ("2.5.4.10", "Cavium, Inc."),
        ("2.5.4.11", "LiquidSecurity"),
        ("2.5.4.3", "localca.liquidsecurity.cavium.com"),
    ],
    modulus: "DC92FA9033872F663772A8E2C63138CA270BDFC493A156AC3AA688E050CCF5D1553BCF70AD26BC077044B\
              0103531524331CE87F9E64168AD444B6955428DE7586AE122B27670C125A401E9A9F464449BC897E815ED\
              A19F150D6A0ED87D002621C233ADAA25E6555E19BC03FCD61B43F22EB088347D32CFD6A1E8173076C6462\
              EF42F92950D261C1532B6FD9C8F419519935A1A28B756124DFEE37E26C491CFE937ED04CF7D1115A2F732\
              1C8868D252DB6FB5D2D9F2E2C3944EC3C4B5729A87998F947A67AC6701D7CCF963182BD2F0CD631F8508F\
              1A8F795C6AEAF4D61F34C970B127854ABF03D5543B1D99A2A5E4C1D61413510C3F2BF466B70E4D8A58E46\
              13",
    issues: &[
        make_issue(
            1_447_941_325,
            1_763_301_325,
            1,
            Some([
                0x97, 0x57, 0x57, 0xF0, 0xD7, 0x66, 0x40, 0xE0, 0x3D, 0x14, 0x76, 0x0F, 0x8F, 0xC9,
                0xE3, 0xA5, 0x58, 0x26, 0xFA, 0x78, 0x07, 0xB2, 0xC3, 0x92, 0xF7, 0x80, 0x1A, 0x95,
                0xBD, 0x69, 0xCC, 0x28,
            ]),
        ),
        make_issue(
            1_721_939_360,
            2_037_299_360,
            3,
            Some([
                0x23, 0x01, 0x43, 0xDF, 0x00, 0xE0, 0xB4, 0x52, 0x74, 0x3E, 0x06, 0x8A, 0x5B, 0x3F,
                0xC0, 0x8D, 0xF8, 0xF0, 0x6C, 0xEF, 0xC4, 0x85, 0x4E, 0xA6, 0x27, 0xAE, 0xB7, 0xEB,
                0xD7, 0x0E, 0xE2, 0xF4,
            ]),
        ),
    ],
};

/// A root that AWS's guide names, and that is not built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PublishedRoot {
    /// The side whose chain ends in it.
    pub side: Side,
    /// The hardware, or the regions, whose root it is.
    pub of: &'static str,
    /// The file, where its name is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'static str>,
    /// Its CN, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_name: Option<&'static str>,
    /// The page that leads to it.
    pub page: &'static str,
    /// The archive that it lies in.
    pub archive: &'static str,
    /// True where the download needs a browser: scripts are refused.
    pub browser: bool,
    /// The option that gives it.
    pub option: &'static str,
}

/// The manufacturer's root of hsm2m.medium (AWS CloudHSM User Guide, Verify HSM Identity; the CN by
/// a third party's record of a real cluster, 2026).
pub(super) const LS2_MANUFACTURER_ROOT: PublishedRoot = PublishedRoot {
    side: Side::Manufacturer,
    of: "hsm2m.medium (LiquidSecurity 2)",
    file: Some("mrvl-rsa-LS2-AR-v1.crt"),
    common_name: Some("mrvl-ls2-root-AR-v1"),
    page: "https://www.marvell.com/products/security-solutions/nitrox-hs-adapters/liquidsecurity2-c\
           ertificate-ls2-g-axxx-ar-f-bo-v1.html",
    archive: "https://www.marvell.com/content/dam/marvell/en/public-collateral/security-solutions/l\
              iquidsecurity2_ar_v1.zip",
    browser: true,
    option: "--manufacturer-root",
};

/// AWS's root in the GovCloud regions (AWS GovCloud (US) User Guide, AWS CloudHSM: "AWS CloudHSM
/// Root Certificate", which names the archive; the page is the one that it refers to). What the
/// file in the archive is called is said nowhere.
pub const GOVCLOUD_AWS_ROOT: PublishedRoot = PublishedRoot {
    side: Side::Aws,
    of: "the AWS GovCloud (US) regions",
    file: None,
    common_name: None,
    page: "https://docs.aws.amazon.com/cloudhsm/latest/userguide/verify-hsm-identity.html",
    archive: "https://docs.aws.amazon.com/cloudhsm/latest/userguide/samples/AWS_US_GOV_CloudHSM_Roo\
              t-G1.zip",
    browser: false,
    option: "--aws-root",
};

impl PublishedRoot {
    /// Returns the name of what is downloaded: the file, or the archive where no more is known.
    pub fn download_name(&self) -> &'static str {
        self.file
            .unwrap_or_else(|| self.archive.rsplit('/').next().unwrap_or(self.archive))
    }

    /// The file in a command; where its name is not known, what stands for it.
    pub fn file_word(&self) -> &'static str {
        self.file.unwrap_or("FILE")
    }
}
