#!/bin/sh
# One life of a cluster and its backup with the aws CLI, in which every action of the API does its work; openssl is the
# owner's CA. Usage: every_action_awscli.sh URL, in an empty directory. Ends with 0 if everything was as it must be.
set -eu

export AWS_ENDPOINT_URL="$1" AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_PAGER="" AWS_MAX_ATTEMPTS=1 AWS_DEFAULT_OUTPUT=text

fail() {
    echo "every_action_awscli.sh: $*" >&2
    exit 1
}

hsm() { aws cloudhsmv2 "$@"; }

# That `hsm $2...` prints $1.
gives() {
    wanted=$1
    shift
    found=$(hsm "$@")
    [ "$found" = "$wanted" ] || fail "expected $wanted, found $found: $*"
}

# Until `hsm $2...` prints $1, for ten minutes or so (each call of the CLI takes a good part of a second): then it never comes.
await() {
    wanted=$1
    shift
    tries=0
    until [ "$(hsm "$@")" = "$wanted" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || fail "never $wanted, but $(hsm "$@"): $*"
        sleep 0.2
    done
}

# Until the cluster's $1, a JMESPath expression on it, is $2.
await_cluster() { await "$2" describe-clusters --filters "clusterIds=$id" --query "Clusters[].$1"; }

# create-cluster, describe-clusters, create-hsm
id=$(hsm create-cluster --hsm-type hsm2m.medium --mode FIPS --subnet-ids subnet-0a1b2c3d subnet-0a1b2c3e --tag-list Key=stage,Value=test \
    --backup-retention-policy Type=DAYS,Value=30 --query Cluster.ClusterId)
await_cluster State UNINITIALIZED
hsm_id=$(hsm create-hsm --cluster-id "$id" --availability-zone us-east-1a --query Hsm.HsmId)
await_cluster 'Hsms[0].State' ACTIVE

# initialize-cluster
hsm describe-clusters --filters "clusterIds=$id" --query 'Clusters[].Certificates.ClusterCsr' >cluster.csr
openssl req -new -x509 -newkey rsa:2048 -nodes -days 3652 -keyout customerCA.key -out customerCA.crt -subj "/CN=an owner" 2>openssl.txt
openssl x509 -req -days 3652 -in cluster.csr -CA customerCA.crt -CAkey customerCA.key -CAcreateserial -out signed.crt 2>>openssl.txt
gives INITIALIZE_IN_PROGRESS initialize-cluster --cluster-id "$id" --signed-cert file://signed.crt --trust-anchor file://customerCA.crt \
    --query State
await_cluster State INITIALIZED

# modify-cluster
gives 100 modify-cluster --cluster-id "$id" --backup-retention-policy Type=DAYS,Value=100 --query Cluster.BackupRetentionPolicy.Value
await_cluster 'join(`/`, [State, BackupRetentionPolicy.Value])' INITIALIZED/100

# tag-resource, untag-resource, list-tags
gives "" tag-resource --resource-id "$id" --tag-list Key=stage,Value=live Key=owner,Value=ops
gives "stage=live owner=ops" list-tags --resource-id "$id" --query 'join(`" "`, TagList[].join(`=`, [Key, Value]))'
gives "" untag-resource --resource-id "$id" --tag-key-list owner
gives stage list-tags --resource-id "$id" --query 'TagList[].Key'

# delete-hsm leaves a backup, the latest: describe-backups
gives "$hsm_id" delete-hsm --cluster-id "$id" --hsm-id "$hsm_id" --query HsmId
await READY describe-backups --filters "clusterIds=$id" --query 'Backups[0].BackupState'
backup=$(hsm describe-backups --filters "clusterIds=$id" --query 'Backups[0].BackupId')

# copy-backup-to-region
gives "$backup" copy-backup-to-region --destination-region eu-west-1 --backup-id "$backup" --query DestinationBackup.SourceBackup
await READY describe-backups --region eu-west-1 --filters "sourceBackupIds=$backup" --query 'Backups[].BackupState'

# modify-backup-attributes, delete-backup, restore-backup
gives True modify-backup-attributes --backup-id "$backup" --never-expires --query Backup.NeverExpires
gives PENDING_DELETION delete-backup --backup-id "$backup" --query Backup.BackupState
gives "$backup" restore-backup --backup-id "$backup" --query Backup.BackupId
await READY describe-backups --filters "backupIds=$backup" --query 'Backups[].BackupState'

# put-resource-policy, get-resource-policy, delete-resource-policy
arn=arn:aws:cloudhsm:us-east-1:123456789012:backup/$backup
policy='{"Version":"2012-10-17","Statement":[]}'
gives "$policy" put-resource-policy --resource-arn "$arn" --policy "$policy" --query Policy
gives "$policy" get-resource-policy --resource-arn "$arn" --query Policy
gives "$arn" delete-resource-policy --resource-arn "$arn" --query ResourceArn

# create-cluster from the backup, delete-cluster
restored=$(hsm create-cluster --hsm-type hsm2m.medium --mode FIPS --subnet-ids subnet-0a1b2c3d --source-backup-id "$backup" --query Cluster.ClusterId)
for each in "$restored" "$id"; do
    await "" describe-clusters --filters "clusterIds=$each" --query 'Clusters[?ends_with(State, `_IN_PROGRESS`)].State'
    gives DELETE_IN_PROGRESS delete-cluster --cluster-id "$each" --query Cluster.State
    await DELETED describe-clusters --filters "clusterIds=$each" --query 'Clusters[].State'
done
echo "every action with $(aws --version 2>&1)"
