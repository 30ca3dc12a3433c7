# terraform apply -invoke=action.steelyard_rollback.checkout
action "steelyard_rollback" "checkout" {
  config {
    function_name = "checkout"
    alias         = "production"
    reason        = "orders are missing"
  }
}
