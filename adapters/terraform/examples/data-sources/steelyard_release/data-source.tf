data "steelyard_release" "checkout" {
  function_name = "checkout"
  alias         = "production"
}

output "live_version" {
  value = data.steelyard_release.checkout.live_version
}

output "canary" {
  value = "${data.steelyard_release.checkout.canary_weight} % of the traffic"
}
