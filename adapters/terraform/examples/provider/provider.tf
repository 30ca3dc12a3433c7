terraform {
  required_providers {
    steelyard = {
      source = "steelyard/steelyard"
    }
  }
}

provider "steelyard" {
  region = "eu-central-1"
}
