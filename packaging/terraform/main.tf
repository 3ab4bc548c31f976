# Claims a CloudHSM cluster with hsmboot, which must be on the machine that terraform runs on.
# hsmboot decides, and its exit code is the provisioner's. Where it fails, the next apply runs it
# again: it goes on from there. Nothing of a key or passphrase is in the state.

terraform {
  required_version = ">= 1.4"
}

locals {
  # Whatever the command gets: by variables of the environment, never as a part of its text.
  given = {
    HSMBOOT_ARG_CA_KEY        = var.ca_key
    HSMBOOT_ARG_REGION        = var.region
    HSMBOOT_ARG_PROFILE       = var.profile
    HSMBOOT_ARG_ASSUME_ROLE   = var.assume_role
    HSMBOOT_ARG_PASSPHRASE    = var.passphrase_env
    HSMBOOT_ARG_TIMEOUT       = var.timeout
    HSMBOOT_AWS_ROOT          = join(":", var.aws_roots)
    HSMBOOT_MANUFACTURER_ROOT = join(":", var.manufacturer_roots)
  }
}

resource "terraform_data" "claim" {
  input = var.cluster_id

  # Another cluster, or another owner: then it runs again. A cluster is claimed once and for good,
  # so for another owner it fails (8).
  triggers_replace = {
    cluster_id = var.cluster_id
    anchor     = sha256(replace(file(var.ca), "/\\s+/", ""))
  }

  provisioner "local-exec" {
    command     = <<-EOT
      set -eu
      set -- bootstrap --cluster-id="$HSMBOOT_ARG_CLUSTER" --ca="$HSMBOOT_ARG_CA" --bundle="$HSMBOOT_ARG_BUNDLE" --yes
      [ -z "$${HSMBOOT_ARG_CA_KEY-}" ] || set -- "$@" --ca-key="$HSMBOOT_ARG_CA_KEY"
      [ -z "$${HSMBOOT_ARG_REGION-}" ] || set -- "$@" --region="$HSMBOOT_ARG_REGION"
      [ -z "$${HSMBOOT_ARG_PROFILE-}" ] || set -- "$@" --profile="$HSMBOOT_ARG_PROFILE"
      [ -z "$${HSMBOOT_ARG_ASSUME_ROLE-}" ] || set -- "$@" --assume-role="$HSMBOOT_ARG_ASSUME_ROLE"
      [ -z "$${HSMBOOT_ARG_PASSPHRASE-}" ] || set -- "$@" --passphrase-env="$HSMBOOT_ARG_PASSPHRASE"
      [ -z "$${HSMBOOT_ARG_TIMEOUT-}" ] || set -- "$@" --timeout="$HSMBOOT_ARG_TIMEOUT"
      exec "$HSMBOOT_ARG_PROGRAM" "$@"
    EOT
    interpreter = ["/bin/sh", "-c"]
    on_failure  = fail
    environment = merge(
      { for name, value in local.given : name => value if value != null && value != "" },
      {
        HSMBOOT_ARG_PROGRAM = var.program
        HSMBOOT_ARG_CLUSTER = var.cluster_id
        HSMBOOT_ARG_CA      = var.ca
        HSMBOOT_ARG_BUNDLE  = "${var.bundles}/${reverse(split("/", var.cluster_id))[0]}"
      },
    )
  }
}
