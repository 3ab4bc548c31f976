//! The two calls that a rehearsal needs before there is anything to claim. Claiming itself never creates anything.

use super::{AwsCloudHsm, failure};
use crate::cloudhsm::{Call, ServiceError, Trouble};

impl AwsCloudHsm {
    /// Creates a cluster and gives its id. Only `bootstrap --simulate` calls it, on its own simulator.
    pub async fn create_cluster(&self) -> Result<String, ServiceError> {
        let request = self.client.create_cluster().hsm_type("hsm1.medium").subnet_ids("subnet-0a1b2c3d4e5f60718");
        let answer = request.send().await.map_err(|error| self.failed(Call::CreateCluster, failure::trouble(&error, false)))?;
        let id = answer.cluster().and_then(|cluster| cluster.cluster_id());
        let missing = || Trouble::Unknown { reason: "an answer without a cluster's id".to_owned() };
        id.map(str::to_owned).ok_or_else(|| self.failed(Call::CreateCluster, missing()))
    }

    /// Creates an HSM in a cluster that is UNINITIALIZED.
    pub async fn create_hsm(&self, cluster_id: &str) -> Result<(), ServiceError> {
        let request = self.client.create_hsm().cluster_id(cluster_id).availability_zone("us-east-1a");
        request.send().await.map_err(|error| self.failed(Call::CreateHsm, failure::trouble(&error, false)))?;
        Ok(())
    }
}
