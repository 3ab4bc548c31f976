output "cluster_id" {
  description = "The cluster, once it is claimed: what needs a claimed cluster takes it from here."
  value       = terraform_data.claim.output
}
