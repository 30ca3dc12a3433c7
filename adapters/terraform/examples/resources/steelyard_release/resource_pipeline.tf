# The version comes from elsewhere, such as a pipeline: terraform apply -var checkout_version=42
variable "checkout_version" {
  type = string
}

resource "steelyard_release" "checkout" {
  function_name   = "checkout"
  alias           = "production"
  version         = var.checkout_version
  stages          = [{ weight = 1, bake = "10m" }, { weight = 10, bake = "30m" }, { weight = 50, bake = "30m" }]
  verdict         = { threshold = 0.5, min_invocations = 50, window = "10m" }
  lock_in         = "2h"
  wait            = "lock-in"
  on_inconclusive = "pause"
  on_interrupt    = "hold"
  on_drift        = "release"
  timeouts        = { create = "4h", update = "4h" }
}
