//! The actions of API version 2017-04-28, and which edition of the service has them.

/// Whether only today's edition has an action: those of 2022-06-06 are in both.
type IsLater = bool;
const SINCE_2022: IsLater = false;
const LATER: IsLater = true;

/// Every action by its name. What each does, `actions::run` says.
pub(super) const ACTIONS: [(&str, IsLater); 18] = [
    ("CopyBackupToRegion", SINCE_2022),
    ("CreateCluster", SINCE_2022),
    ("CreateHsm", SINCE_2022),
    ("DeleteBackup", SINCE_2022),
    ("DeleteCluster", SINCE_2022),
    ("DeleteHsm", SINCE_2022),
    ("DeleteResourcePolicy", LATER),
    ("DescribeBackups", SINCE_2022),
    ("DescribeClusters", SINCE_2022),
    ("GetResourcePolicy", LATER),
    ("InitializeCluster", SINCE_2022),
    ("ListTags", SINCE_2022),
    ("ModifyBackupAttributes", SINCE_2022),
    ("ModifyCluster", SINCE_2022),
    ("PutResourcePolicy", LATER),
    ("RestoreBackup", SINCE_2022),
    ("TagResource", SINCE_2022),
    ("UntagResource", SINCE_2022),
];

/// Finds an action by its name, as the table has it, and tells whether it is a later one.
pub(super) fn find_action(name: &str) -> Option<(&'static str, IsLater)> {
    ACTIONS.into_iter().find(|(known, _)| *known == name)
}
