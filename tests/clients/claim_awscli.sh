#!/bin/sh
# A claim with the aws CLI and openssl alone, command by command as in the AWS CloudHSM User Guide ("Initialize the
# cluster"). Usage: claim_awscli.sh URL, in an empty directory. Ends with 0 if everything was as it must be.
set -eu

export AWS_ENDPOINT_URL="$1" AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_PAGER="" AWS_MAX_ATTEMPTS=1

fail() {
    echo "claim_awscli.sh: $*" >&2
    exit 1
}

# What DescribeClusters says of the cluster: $1 is a JMESPath expression on it.
cluster() {
    aws cloudhsmv2 describe-clusters --filters "clusterIds=$id" --output text --query "Clusters[].$1"
}

# Until `cluster $1` is $2, for ten minutes or so (each call of the CLI takes a good part of a second): then it never comes.
await() {
    tries=0
    until [ "$(cluster "$1")" = "$2" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || fail "$1 is never $2, but $(cluster "$1")"
        sleep 0.2
    done
}

# That the rest of the line is refused with the error $1.
refused() {
    wanted=$1
    shift
    if "$@" >/dev/null 2>refused.txt; then
        fail "expected $wanted, but this went through: $*"
    fi
    grep -q "($wanted)" refused.txt || fail "expected $wanted, found: $(cat refused.txt)"
}

refused CloudHsmResourceNotFoundException aws cloudhsmv2 delete-cluster --cluster-id cluster-abcdefghijk

id=$(aws cloudhsmv2 create-cluster --hsm-type hsm2m.medium --mode FIPS --subnet-ids subnet-0a1b2c3d subnet-0a1b2c3e \
    --output text --query Cluster.ClusterId)
await State UNINITIALIZED

aws cloudhsmv2 create-hsm --cluster-id "$id" --availability-zone us-east-1a >create-hsm.json
await 'Hsms[0].State' ACTIVE

# "Get the cluster CSR", and the certificates that the identity of the HSM is verified with.
cluster Certificates.ClusterCsr >"${id}_ClusterCsr.csr"
cluster Certificates.HsmCertificate >"${id}_HsmCertificate.crt"
cluster Certificates.AwsHardwareCertificate >"${id}_AwsHardwareCertificate.crt"
cluster Certificates.ManufacturerHardwareCertificate >"${id}_ManufacturerHardwareCertificate.crt"
openssl x509 -in "${id}_HsmCertificate.crt" -pubkey -noout >hsm.pub
openssl req -in "${id}_ClusterCsr.csr" -pubkey -noout >csr.pub
diff hsm.pub csr.pub || fail "the CSR's key is not the HSM certificate's"

# "Create a private key", "Use the private key to create a self-signed certificate", "Sign the cluster CSR". The guide
# types the passphrase; a script reads it from a file.
echo "a passphrase of the owner's" >passphrase.txt
openssl genrsa -aes256 -passout file:passphrase.txt -out customerCA.key 2048
openssl req -new -x509 -days 3652 -key customerCA.key -passin file:passphrase.txt -subj "/C=US/O=an owner/CN=customerCA" \
    -out customerCA.crt
openssl x509 -req -days 3652 -in "${id}_ClusterCsr.csr" -CA customerCA.crt -CAkey customerCA.key \
    -passin file:passphrase.txt -CAcreateserial -out "${id}_CustomerHsmCertificate.crt"

# The pair the wrong way round is refused and changes nothing.
refused CloudHsmInvalidRequestException aws cloudhsmv2 initialize-cluster --cluster-id "$id" \
    --signed-cert file://customerCA.crt --trust-anchor "file://${id}_CustomerHsmCertificate.crt"

# "Initialize the cluster"
aws cloudhsmv2 initialize-cluster --cluster-id "$id" --signed-cert "file://${id}_CustomerHsmCertificate.crt" \
    --trust-anchor file://customerCA.crt >initialize.json
grep -q '"State": "INITIALIZE_IN_PROGRESS"' initialize.json || fail "initialize-cluster answered: $(cat initialize.json)"
await State INITIALIZED
cluster Certificates.ClusterCertificate >claimed.crt
openssl x509 -in claimed.crt -outform DER -out claimed.der
openssl x509 -in "${id}_CustomerHsmCertificate.crt" -outform DER -out signed.der
cmp claimed.der signed.der || fail "ClusterCertificate is not the certificate that was sent"
[ -z "$(cluster Certificates.ClusterCsr)" ] || fail "the CSR is still there"

refused CloudHsmInvalidRequestException aws cloudhsmv2 delete-cluster --cluster-id "$id"
aws cloudhsmv2 delete-hsm --cluster-id "$id" --hsm-id "$(cluster 'Hsms[0].HsmId')" >delete-hsm.json
await 'Hsms[0].State' ""
aws cloudhsmv2 delete-cluster --cluster-id "$id" >delete-cluster.json
await State DELETED
echo "claimed with $(aws --version 2>&1)"
