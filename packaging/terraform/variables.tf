variable "cluster_id" {
  description = "The cluster's id, or its ARN. Take it from the first HSM's resource, so that there is a CSR."
  type        = string

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:cloudhsm:[a-z0-9-]+:[0-9]{12}:cluster/)?cluster-[2-7a-zA-Z]{11,16}$", var.cluster_id))
    error_message = "A cluster's id, or its ARN."
  }
}

variable "ca" {
  description = "The file of your CA's certificate, or chain: it names the owner, and becomes the trust anchor."
  type        = string
}

variable "ca_key" {
  description = "The CA's key: awskms: or pkcs11:, or the path of a file. Not the key itself."
  type        = string

  validation {
    condition     = length(regexall("PRIVATE KEY", var.ca_key)) == 0
    error_message = "This is a key. Name it: awskms:, pkcs11:, or the path of a file."
  }
}

variable "passphrase_env" {
  description = "The name of terraform's environment variable that has the passphrase or PIN, where ca_key needs one. The passphrase itself has no place in a configuration."
  type        = string
  default     = null
}

variable "region" {
  description = "The cluster's region."
  type        = string
  default     = null
}

variable "profile" {
  description = "A profile of the AWS configuration. The provider's settings do not reach a provisioner."
  type        = string
  default     = null
}

variable "assume_role" {
  description = "The ARN of a role to assume first."
  type        = string
  default     = null
}

variable "aws_roots" {
  description = "Files of roots for the AWS chain, in place of the built-in one."
  type        = list(string)
  default     = []
}

variable "manufacturer_roots" {
  description = "Files of roots for the manufacturer's chain, in place of the built-in one."
  type        = list(string)
  default     = []
}

variable "bundles" {
  description = "The directory of the bundle, which holds the proof. Keep it."
  type        = string
  default     = "."
}

variable "timeout" {
  description = "The time limit of the command: seconds, or a number with s, m or h."
  type        = string
  default     = null
}

variable "program" {
  description = "hsmboot, by name or path."
  type        = string
  default     = "hsmboot"
}
