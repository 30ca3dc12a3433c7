# What is live must be healthy before another version is released.
variable "checkout_version" {
  type = string
}

resource "steelyard_release" "checkout" {
  function_name = "checkout"
  alias         = "production"
  version       = var.checkout_version

  lifecycle {
    action_trigger {
      events  = [before_update]
      actions = [action.steelyard_verify.live]
    }
  }
}

action "steelyard_verify" "live" {
  config {
    function_name = "checkout"
    alias         = "production"
    window        = "15m"
  }
}
