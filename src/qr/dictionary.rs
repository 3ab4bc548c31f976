//! What every bundle has in common, for the compression of [`packed`](super::packed) files: the
//! words of its documents, and the DER of the names and extensions that CloudHSM's certificates
//! have. There is nothing of any one bundle in it, and no key.
//!
//! It is a part of the format `HSMBOOT2`: a changed octet makes all codes unreadable that were
//! drawn before. A test holds its SHA-256.

/// The words, the most likely ones last (RFC 1951 2.3: what is near is told in fewer bits).
#[rustfmt::skip]
pub(super) const DICTIONARY: &[u8] = b"\
    {\n  \"format\": \"hsmboot-verification/1\",\n  \"verdict\": \"verified\",\n  \"policy\": \"\
    attestation\",\n  \"chains_only\": false,\n  \"at\": \"2026-11-30T00:00:00Z\",\n  \"anchors\
    \": [\n    {\n      \"side\": \"aws\",\n      \"subject\": \"C=US, ST=Virginia, L=Herndon, O\
    =hsmboot simulator\\\\, not AWS, OU=CloudHSM, CN=Simulated CloudHSM Root G1\",\n      \"key_\
    sha256\": \"\x01\x00\",\n      \"certificate_sha256\": \"\x01\x00\",\n      \"source\": \"gi\
    ven\",\n      \"file\": \"the simulator's aws-root.crt\"\n    },\n    {\n      \"side\": \"m\
    anufacturer\",\n      \"subject\": \"C=US + ST=CA + OU=SSBU + L=SanJose + O=hsmboot simulato\
    r\\\\, not Marvell, CN=mrvl-ls2-root-AR-v1.simulator.invalid\",\n      \"key_sha256\": \"\
    \x01\x00\",\n      \"certificate_sha256\": \"\x01\x00\",\n      \"source\": \"given\",\n    \
    \x20 \"file\": \"the simulator's manufacturer-root.crt\"\n    }\n  ],\n  \"roots\": \"given\
    \",\n  \"checks\": [\n    {\n      \"id\": \"pem.csr\",\n      \"status\": \"pass\",\n      \
    \"detail\": \"the CSR: one PEM block of strict DER, subject CN=\\\"HSM::PARTN:1, for FIPS mo\
    de\\\", C=US + ST=CA + OU=LS2 + L=SanJose + O=Marvell, SHA-256 \x01\x00\"\n    },\n    {\n  \
    \x20   \"id\": \"pem.hsm\",\n      \"status\": \"pass\",\n      \"detail\": \"the HSM certif\
    icate: one PEM block of strict DER, subject CN=\\\"HSM::PARTN:1, for FIPS mode\\\", C=US + S\
    T=CA + OU=LS2 + L=SanJose + O=Marvell, SHA-256 \x01\x00\"\n    },\n    {\n      \"id\": \"pe\
    m.aws-hardware\",\n      \"status\": \"pass\",\n      \"detail\": \"the AWS hardware certifi\
    cate: one PEM block of strict DER, subject CN=\\\"HSM:, for FIPS mode\\\", C=US + ST=CA + OU\
    =LS2 + L=SanJose + O=Marvell, SHA-256 \x01\x00\"\n    },\n    {\n      \"id\": \"pem.manufac\
    turer-hardware\",\n      \"status\": \"pass\",\n      \"detail\": \"the manufacturer hardwar\
    e certificate: one PEM block of strict DER, subject CN=\\\"HSM:, for FIPS mode\\\", C=US + S\
    T=CA + OU=LS2 + L=SanJose + O=Marvell, SHA-256 \x01\x00\"\n    },\n    {\n      \"id\": \"al\
    gorithm.csr\",\n      \"status\": \"pass\",\n      \"detail\": \"the CSR: signed with RSA PK\
    CS#1 v1.5 with SHA-256; its key is RSA 2048\"\n    },\n    {\n      \"id\": \"algorithm.hsm\
    \",\n      \"status\": \"pass\",\n      \"detail\": \"the HSM certificate: signed with RSA P\
    KCS#1 v1.5 with SHA-256; its key is RSA 2048\"\n    },\n    {\n      \"id\": \"algorithm.aws\
    -hardware\",\n      \"status\": \"pass\",\n      \"detail\": \"the AWS hardware certificate:\
    \x20signed with RSA PKCS#1 v1.5 with SHA-256; its key is RSA 2048\"\n    },\n    {\n      \"\
    id\": \"algorithm.manufacturer-hardware\",\n      \"status\": \"pass\",\n      \"detail\": \
    \"the manufacturer hardware certificate: signed with RSA PKCS#1 v1.5 with SHA-256; its key i\
    s RSA 2048\"\n    },\n    {\n      \"id\": \"anchors.source\",\n      \"status\": \"note\",\
    \n      \"detail\": \"the AWS anchor, given in the simulator's aws-root.crt: CN=Simulated Cl\
    oudHSM Root G1, OU=CloudHSM, O=\\\"hsmboot simulator, not AWS\\\", L=Herndon, ST=Virginia, C\
    =US, certificate SHA-256 \x01\x00, key SHA-256 \x01\x00; the manufacturer anchor, given in t\
    he simulator's manufacturer-root.crt: CN=mrvl-ls2-root-AR-v1.simulator.invalid, C=US + ST=CA\
    \x20+ OU=SSBU + L=SanJose + O=\\\"hsmboot simulator, not Marvell\\\", certificate SHA-256 \
    \x01\x00, key SHA-256 \x01\x00\"\n    },\n    {\n      \"id\": \"anchors.distinct\",\n      \
    \"status\": \"pass\",\n      \"detail\": \"the two anchors are different keys (SHA-256 \xe2\
    \x80\xa6 and \xe2\x80\xa6)\"\n    },\n    {\n      \"id\": \"anchor-validity.aws\",\n      \
    \"status\": \"pass\",\n      \"detail\": \"the AWS anchor's certificate is within its dates \
    at 2026-11-30T00:00:00Z: 2026-11-30T00:00:00Z to 2026-11-30T00:00:00Z (version 3)\"\n    },\
    \n    {\n      \"id\": \"anchor-validity.manufacturer\",\n      \"status\": \"pass\",\n     \
    \x20\"detail\": \"the manufacturer anchor's certificate is within its dates at 2026-11-30T00\
    :00:00Z: 2026-11-30T00:00:00Z to 2026-11-30T00:00:00Z (version 3)\"\n    },\n    {\n      \"\
    id\": \"aws.signature\",\n      \"status\": \"pass\",\n      \"detail\": \"the AWS anchor's \
    key (SHA-256 \xe2\x80\xa6) signed the AWS hardware certificate, RSA PKCS#1 v1.5 with SHA-256\
    \"\n    },\n    {\n      \"id\": \"aws.issuer\",\n      \"status\": \"pass\",\n      \"detai\
    l\": \"the AWS hardware certificate's issuer is the AWS anchor's subject, CN=Simulated Cloud\
    HSM Root G1, OU=CloudHSM, O=\\\"hsmboot simulator, not AWS\\\", L=Herndon, ST=Virginia, C=US\
    \"\n    },\n    {\n      \"id\": \"manufacturer.signature\",\n      \"status\": \"pass\",\n \
    \x20    \"detail\": \"the manufacturer anchor's key (SHA-256 \xe2\x80\xa6) signed the manufa\
    cturer hardware certificate, RSA PKCS#1 v1.5 with SHA-256\"\n    },\n    {\n      \"id\": \"\
    manufacturer.issuer\",\n      \"status\": \"pass\",\n      \"detail\": \"the manufacturer ha\
    rdware certificate's issuer is the manufacturer anchor's subject, CN=mrvl-ls2-root-AR-v1.sim\
    ulator.invalid, C=US + ST=CA + OU=SSBU + L=SanJose + O=\\\"hsmboot simulator, not Marvell\\\
    \"\"\n    },\n    {\n      \"id\": \"hardware.same-key\",\n      \"status\": \"pass\",\n    \
    \x20 \"detail\": \"both hardware certificates carry one key, RSA 2048 (SHA-256 \xe2\x80\xa6)\
    \"\n    },\n    {\n      \"id\": \"aws.hsm-signature\",\n      \"status\": \"pass\",\n      \
    \"detail\": \"the key of the AWS hardware certificate (SHA-256 \xe2\x80\xa6) signed the HSM \
    certificate, RSA PKCS#1 v1.5 with SHA-256\"\n    },\n    {\n      \"id\": \"aws.hsm-issuer\"\
    ,\n      \"status\": \"pass\",\n      \"detail\": \"the HSM certificate's issuer is the subj\
    ect of the AWS hardware certificate, CN=\\\"HSM:, for FIPS mode\\\", C=US + ST=CA + OU=LS2 +\
    \x20L=SanJose + O=Marvell\"\n    },\n    {\n      \"id\": \"manufacturer.hsm-signature\",\n \
    \x20    \"status\": \"pass\",\n      \"detail\": \"the key of the manufacturer hardware cert\
    ificate (SHA-256 \xe2\x80\xa6) signed the HSM certificate, RSA PKCS#1 v1.5 with SHA-256\"\n \
    \x20  },\n    {\n      \"id\": \"manufacturer.hsm-issuer\",\n      \"status\": \"pass\",\n  \
    \x20   \"detail\": \"the HSM certificate's issuer is the subject of the manufacturer hardwar\
    e certificate, CN=\\\"HSM:, for FIPS mode\\\", C=US + ST=CA + OU=LS2 + L=SanJose + O=Marvell\
    \"\n    },\n    {\n      \"id\": \"csr.signature\",\n      \"status\": \"pass\",\n      \"de\
    tail\": \"the CSR is signed by the key it carries (SHA-256 \xe2\x80\xa6), RSA PKCS#1 v1.5 wi\
    th SHA-256\"\n    },\n    {\n      \"id\": \"csr.key\",\n      \"status\": \"pass\",\n      \
    \"detail\": \"the CSR's key is the HSM certificate's, byte for byte (SHA-256 \xe2\x80\xa6)\"\
    \n    },\n    {\n      \"id\": \"csr.subject\",\n      \"status\": \"pass\",\n      \"detail\
    \": \"the CSR's subject is the HSM certificate's, CN=\\\"HSM::PARTN:1, for FIPS mode\\\", C=\
    US + ST=CA + OU=LS2 + L=SanJose + O=Marvell\"\n    },\n    {\n      \"id\": \"validity.hsm\"\
    ,\n      \"status\": \"pass\",\n      \"detail\": \"the HSM certificate is valid from 2026-1\
    1-30T00:00:00Z to 2026-11-30T00:00:00Z, which holds 2026-11-30T00:00:00Z\"\n    },\n    {\n \
    \x20    \"id\": \"validity.aws-hardware\",\n      \"status\": \"pass\",\n      \"detail\": \
    \"the AWS hardware certificate is valid from 2026-11-30T00:00:00Z to 2026-11-30T00:00:00Z, w\
    hich holds 2026-11-30T00:00:00Z\"\n    },\n    {\n      \"id\": \"validity.manufacturer-hard\
    ware\",\n      \"status\": \"pass\",\n      \"detail\": \"the manufacturer hardware certific\
    ate is valid from 2026-11-30T00:00:00Z to 2026-11-30T00:00:00Z, which holds 2026-11-30T00:00\
    :00Z\"\n    },\n    {\n      \"id\": \"role.aws-hardware\",\n      \"status\": \"pass\",\n  \
    \x20   \"detail\": \"the AWS hardware certificate is not a partition's: no :PARTN: in the CN\
    \x20of CN=\\\"HSM:, for FIPS mode\\\", C=US + ST=CA + OU=LS2 + L=SanJose + O=Marvell\"\n    \
    },\n    {\n      \"id\": \"role.manufacturer-hardware\",\n      \"status\": \"pass\",\n     \
    \x20\"detail\": \"the manufacturer hardware certificate is not a partition's: no :PARTN: in \
    the CN of CN=\\\"HSM:, for FIPS mode\\\", C=US + ST=CA + OU=LS2 + L=SanJose + O=Marvell\"\n \
    \x20  },\n    {\n      \"id\": \"extensions.hsm\",\n      \"status\": \"pass\",\n      \"det\
    ail\": \"the HSM certificate (version 3) has no extensions\"\n    },\n    {\n      \"id\": \
    \"extensions.aws-hardware\",\n      \"status\": \"pass\",\n      \"detail\": \"the AWS hardw\
    are certificate has 4 extensions, none of them critical and unknown\"\n    },\n    {\n      \
    \"id\": \"extensions.manufacturer-hardware\",\n      \"status\": \"pass\",\n      \"detail\"\
    : \"the manufacturer hardware certificate has 2 extensions, none of them critical and unknow\
    n\"\n    },\n    {\n      \"id\": \"ca-profile.aws-hardware\",\n      \"status\": \"pass\",\
    \n      \"detail\": \"the AWS hardware certificate says that it is a CA's: basicConstraints \
    CA:TRUE\"\n    },\n    {\n      \"id\": \"ca-profile.manufacturer-hardware\",\n      \"statu\
    s\": \"pass\",\n      \"detail\": \"the manufacturer hardware certificate says that it is a \
    CA's: basicConstraints CA:TRUE\"\n    },\n    {\n      \"id\": \"fips-mode.hsm\",\n      \"s\
    tatus\": \"pass\",\n      \"detail\": \"no name says that the HSM is for non-FIPS mode\"\n  \
    \x20 }\n  ]\n}\n{\n  \"format\": \"hsmboot-response/1\",\n  \"cluster_id\": \"cluster-\",\n \
    \x20\"signed_at\": \"2026-1T\",\n  \"tool\": \"hsmboot 0.1.0\",\n  \"files\": {\n    \"clust\
    er-_ClusterCsr.csr\": \"\x01\x00\",\n    \"cluster-_CustomerHsmCertificate.crt\": \"\x01\x00\
    \",\n    \"customerCA.crt\": \"\x01\x00\"\n  },\n  \"csr_sha256\": \"\x01\x00\",\n  \"signed\
    _cert_sha256\": \"\x01\x00\",\n  \"ca_fingerprint\": \"\x01\x00\",\n  \"verdict\": \"verifie\
    d\"\n}\n0\x82\x02\xce0\x82\x01\xb6\x02\x01\x000\x81\x881B0\x09\x06\x03U\x04\x06\x13\x02US0\
    \x09\x06\x03U\x04\x08\x0c\x02CA0\n\x06\x03U\x04\x0b\x0c\x03LS20\x0e\x06\x03U\x04\x07\x0c\x07\
    SanJose0\x0e\x06\x03U\x04\n\x0c\x07Marvell1B0@\x06\x03U\x04\x03\x0c9HSM:F26A5493BB809055DA96\
    5D206B7830:PARTN:1, for FIPS mode0\x82\x01\"0\x0d\x06\x09*\x86H\x86\xf7\x0d\x01\x01\x01\x05\
    \x00\x03\x82\x01\x0f\x000\x82\x01\n\x02\x82\x01\x01\x00\x02\x03\x01\x00\x01\xa0\x000\x0d\x06\
    \x09*\x86H\x86\xf7\x0d\x01\x01\x0b\x05\x00\x03\x82\x01\x01\x000\x82\x03\x830\x82\x02k\xa0\
    \x03\x02\x01\x02\x02\x01\x010\x0d\x06\x09*\x86H\x86\xf7\x0d\x01\x01\x0b\x05\x000\x81\x801B0\
    \x09\x06\x03U\x04\x06\x13\x02US0\x09\x06\x03U\x04\x08\x0c\x02CA0\n\x06\x03U\x04\x0b\x0c\x03L\
    S20\x0e\x06\x03U\x04\x07\x0c\x07SanJose0\x0e\x06\x03U\x04\n\x0c\x07Marvell1:08\x06\x03U\x04\
    \x03\x0c1HSM:F26A5493BB809055DA965D206B7830, for FIPS mode0\x1e\x17\x0d261130003915Z\x17\x0d\
    361127003915Z0\x81\x881B0\x09\x06\x03U\x04\x06\x13\x02US0\x09\x06\x03U\x04\x08\x0c\x02CA0\n\
    \x06\x03U\x04\x0b\x0c\x03LS20\x0e\x06\x03U\x04\x07\x0c\x07SanJose0\x0e\x06\x03U\x04\n\x0c\
    \x07Marvell1B0@\x06\x03U\x04\x03\x0c9HSM:F26A5493BB809055DA965D206B7830:PARTN:1, for FIPS mo\
    de0\x82\x01\"0\x0d\x06\x09*\x86H\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x000\x82\
    \x01\n\x02\x82\x01\x01\x00\x02\x03\x01\x00\x010\x0d\x06\x09*\x86H\x86\xf7\x0d\x01\x01\x0b\
    \x05\x00\x03\x82\x01\x01\x000i1C0\x09\x06\x03U\x04\x06\x13\x02US0\x09\x06\x03U\x04\x08\x0c\
    \x02CA0\x0b\x06\x03U\x04\x0b\x0c\x04SSBU0\x0e\x06\x03U\x04\x07\x0c\x07SanJose0\x0e\x06\x03U\
    \x04\n\x0c\x07Marvell1\"0 \x06\x03U\x04\x03\x0c\x19cavium-liquidsecurity-ls20\x81\x911\x0b0\
    \x09\x06\x03U\x04\x06\x13\x02US1\x130\x11\x06\x03U\x04\x08\x0c\nCalifornia1\x110\x0f\x06\x03\
    U\x04\x07\x0c\x08San Jose1\x150\x13\x06\x03U\x04\n\x0c\x0cCavium, Inc.1\x170\x15\x06\x03U\
    \x04\x0b\x0c\x0eLiquidSecurity1*0(\x06\x03U\x04\x03\x0c!localca.liquidsecurity.cavium.com0\
    \x81\x871\x0b0\x09\x06\x03U\x04\x06\x13\x02US1\x110\x0f\x06\x03U\x04\x08\x0c\x08Virginia1\
    \x100\x0e\x06\x03U\x04\x07\x0c\x07Herndon1!0\x1f\x06\x03U\x04\n\x0c\x18Amazon Web Services I\
    NC.1\x110\x0f\x06\x03U\x04\x0b\x0c\x08CloudHSM1\x1d0\x1b\x06\x03U\x04\x03\x0c\x14AWS CloudHS\
    M Root G1{\"format\":\"hsmboot-transcript/1\",\"step\":3,\"time\":\"2026-1T\",\"tool\":\"hsm\
    boot 0.1.0\",\"command\":[\"hsmboot\",\"sign\",\"./cluster-\",\"--ca\",\"customerCA.crt\",\"\
    --ca-key\",\"customerCA.key\"],\"host\":\",\"cluster_id\":\"cluster-\",\"inputs\":{\"cluster\
    -_AwsHardwareCertificate.crt\":\"\x01\x00\",\"cluster-_ClusterCsr.csr\":\"\x01\x00\",\"clust\
    er-_HsmCertificate.crt\":\"\x01\x00\",\"cluster-_ManufacturerHardwareCertificate.crt\":\"\
    \x01\x00\",\"customerCA.crt\":\"\x01\x00\",\"request.json\":\"\x01\x00\",\"simulated-roots.p\
    em\":\"\x01\x00\",\"verification.json\":\"\x01\x00\"},\"outputs\":{\"cluster-_CustomerHsmCer\
    tificate.crt\":\"\x01\x00\",\"customerCA.crt\":\"\x01\x00\",\"response.json\":\"\x01\x00\",\
    \"verification.json\":\"\x01\x00\"},\"verdict\":\"verified\",\"operator\":\"\",\"previous\":\
    \"\x01\x00\"}\n{\n  \"format\": \"hsmboot-request/1\",\n  \"cluster_id\": \"cluster-\",\n  \
    \"region\": \"us-east-1\",\n  \"endpoint\": \"http://127.0.0.1:\",\n  \"hsm_type\": \"hsm2m.\
    medium\",\n  \"mode\": \"FIPS\",\n  \"state\": \"UNINITIALIZED\",\n  \"hsms\": [\n    \"hsm-\
    \"\n  ],\n  \"fetched_at\": \"2026-1T\",\n  \"tool\": \"hsmboot 0.1.0\",\n  \"files\": {\n  \
    \x20 \"cluster-_AwsHardwareCertificate.crt\": \"\x01\x00\",\n    \"cluster-_ClusterCsr.csr\"\
    : \"\x01\x00\",\n    \"cluster-_HsmCertificate.crt\": \"\x01\x00\",\n    \"cluster-_Manufact\
    urerHardwareCertificate.crt\": \"\x01\x00\"\n  }\n}\n{\"format\":\"hsmboot-transcript/1\",\"\
    step\":1,\"time\":\"2026-1T\",\"tool\":\"hsmboot 0.1.0\",\"command\":[\"hsmboot\",\"fetch\",\
    \"--cluster-id\",\"cluster-\",\"--bundle\",\"./cluster-\"],\"host\":\",\"cluster_id\":\"clus\
    ter-\",\"inputs\":{},\"outputs\":{\"cluster-_AwsHardwareCertificate.crt\":\"\x01\x00\",\"clu\
    ster-_ClusterCsr.csr\":\"\x01\x00\",\"cluster-_HsmCertificate.crt\":\"\x01\x00\",\"cluster-_\
    ManufacturerHardwareCertificate.crt\":\"\x01\x00\",\"request.json\":\"\x01\x00\"},\"previous\
    \":\"\x01\x00\"}\ncluster-_CustomerHsmCertificate.crt\x00cluster-_ManufacturerHardwareCertif\
    icate.crt\x00cluster-_HsmCertificate.crt\x00cluster-_AwsHardwareCertificate.crt\x00cluster-_\
    ClusterCsr.csr\x00customerCA.crt\x00request.json\x00response.json\x00verification.json\x00tr\
    anscript.jsonl\x00\"region\": \"eu-central-1\",\"eu-west-1\",\"ap-southeast-2\",\"us-west-2\
    \"0\x82\x03\x8c0\x82\x02t\x02\x09\x000\x0d\x06\x09*\x86H\x86\xf7\x0d\x01\x01\x0b\x05\x000\
    \x81\x991\x0b0\x09\x06\x03U\x04\x06\x13\x02US1\x130\x11\x06\x03U\x04\x08\x0c\nCalifornia1\
    \x110\x0f\x06\x03U\x04\x07\x0c\x08San Jose1 0\x1e\x06\x03U\x04\n\x0c\x17hsmboot test, worthl\
    ess1\x170\x15\x06\x03U\x04\x0b\x0c\x0eLiquidSecurity1'0%\x06\x03U\x04\x03\x0c\x1ehsmboot tes\
    t manufacturer root0\x1e\x17\x0d180419200517Z\x17\x0d280416200517Z0v1D0\x09\x06\x03U\x04\x06\
    \x13\x02US0\x09\x06\x03U\x04\x08\x0c\x02CA0\x0d\x06\x03U\x04\n\x0c\x06Cavium0\x0d\x06\x03U\
    \x04\x0b\x0c\x06N3FIPS0\x0e\x06\x03U\x04\x07\x0c\x07SanJose1.0,\x06\x03U\x04\x03\x0c%HSM:5.2\
    G1804-ICM000000, for FIPS mode0\x82\x01\"0\x0d\x06\x09*\x86H\x86\xf7\x0d\x01\x01\x01\x05\x00\
    \x03\x82\x01\x0f\x000\x82\x01\n\x02\x82\x01\x01\x00\x02\x03\x01\x00\x010\x0d\x06\x09*\x86H\
    \x86\xf7\x0d\x01\x01\x0b\x05\x00\x03\x82\x01\x01\x000\x82\x03\xeb0\x82\x02\xd3\xa0\x03\x02\
    \x01\x02\x02\x140\x0d\x06\x09*\x86H\x86\xf7\x0d\x01\x01\x0b\x05\x000\x81\x871\x0b0\x09\x06\
    \x03U\x04\x06\x13\x02US1\x110\x0f\x06\x03U\x04\x08\x0c\x08Virginia1\x100\x0e\x06\x03U\x04\
    \x07\x0c\x07Herndon1 0\x1e\x06\x03U\x04\n\x0c\x17hsmboot test, worthless1\x110\x0f\x06\x03U\
    \x04\x0b\x0c\x08CloudHSM1\x1e0\x1c\x06\x03U\x04\x03\x0c\x15hsmboot test AWS root0 \x17\x0d18\
    0921212232Z\x18\x0f99991231235959Z0v1D0\x09\x06\x03U\x04\x06\x13\x02US0\x09\x06\x03U\x04\x08\
    \x0c\x02CA0\x0d\x06\x03U\x04\n\x0c\x06Cavium0\x0d\x06\x03U\x04\x0b\x0c\x06N3FIPS0\x0e\x06\
    \x03U\x04\x07\x0c\x07SanJose1.0,\x06\x03U\x04\x03\x0c%HSM:5.2G1804-ICM000000, for FIPS mode0\
    \x82\x01\"0\x0d\x06\x09*\x86H\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x000\x82\x01\n\
    \x02\x82\x01\x01\x00\x02\x03\x01\x00\x01\xa3]0[0\x09\x06\x03U\x1d\x13\x04\x020\x000\x0e\x06\
    \x03U\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x05\xa00\x1d\x06\x03U\x1d\x0e\x04\x16\x04\x140\x1f\
    \x06\x03U\x1d#\x04\x180\x16\x80\x140\x0d\x06\x09*\x86H\x86\xf7\x0d\x01\x01\x0b\x05\x00\x03\
    \x82\x01\x01\x000\x82\x03n0\x82\x02V\xa0\x03\x02\x01\x02\x02\x01\x010\x0d\x06\x09*\x86H\x86\
    \xf7\x0d\x01\x01\x0b\x05\x000v1D0\x09\x06\x03U\x04\x06\x13\x02US0\x09\x06\x03U\x04\x08\x0c\
    \x02CA0\x0d\x06\x03U\x04\n\x0c\x06Cavium0\x0d\x06\x03U\x04\x0b\x0c\x06N3FIPS0\x0e\x06\x03U\
    \x04\x07\x0c\x07SanJose1.0,\x06\x03U\x04\x03\x0c%HSM:5.2G1804-ICM000000, for FIPS mode0\x1e\
    \x17\x0d180921212136Z\x17\x0d280918212136Z0\x7f1D0\x09\x06\x03U\x04\x06\x13\x02US0\x09\x06\
    \x03U\x04\x08\x0c\x02CA0\x0d\x06\x03U\x04\n\x0c\x06Cavium0\x0d\x06\x03U\x04\x0b\x0c\x06N3FIP\
    S0\x0e\x06\x03U\x04\x07\x0c\x07SanJose1705\x06\x03U\x04\x03\x0c.HSM:5.2G1804-ICM000000:PARTN\
    :13, for FIPS mode0\x82\x01\"0\x0d\x06\x09*\x86H\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\
    \x0f\x000\x82\x01\n\x02\x82\x01\x01\x00\x02\x03\x01\x00\x010\x0d\x06\x09*\x86H\x86\xf7\x0d\
    \x01\x01\x0b\x05\x00\x03\x82\x01\x01\x000\x82\x02\xc40\x82\x01\xac\x02\x01\x000\x7f1D0\x09\
    \x06\x03U\x04\x06\x13\x02US0\x09\x06\x03U\x04\x08\x0c\x02CA0\x0d\x06\x03U\x04\n\x0c\x06Caviu\
    m0\x0d\x06\x03U\x04\x0b\x0c\x06N3FIPS0\x0e\x06\x03U\x04\x07\x0c\x07SanJose1705\x06\x03U\x04\
    \x03\x0c.HSM:5.2G1804-ICM000000:PARTN:13, for FIPS mode0\x82\x01\"0\x0d\x06\x09*\x86H\x86\
    \xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x000\x82\x01\n\x02\x82\x01\x01\x00\x02\x03\x01\
    \x00\x01\xa0\x000\x0d\x06\x09*\x86H\x86\xf7\x0d\x01\x01\x0b\x05\x00\x03\x82\x01\x01\x00";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_drawn_before_can_be_read() {
        assert_eq!(
            crate::x509::to_hex(&crate::x509::sha256(DICTIONARY)),
            "5c9eb337b695c60d49159e63389a3069a589a5c7d12799a428740d9fa5cd3cc7"
        );
    }
}
