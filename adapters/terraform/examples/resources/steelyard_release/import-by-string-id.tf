import {
  to = steelyard_release.checkout
  id = "checkout:production"
}
