# terraform apply -invoke=action.steelyard_verify.checkout
action "steelyard_verify" "checkout" {
  config {
    function_name = "checkout"
    alias         = "production"
    window        = "30m"
    threshold     = 1
  }
}
