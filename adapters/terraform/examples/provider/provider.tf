terraform {
  required_providers {
    steelyard = {
      source = "steelyard/steelyard"
    }
  }
}

provider "steelyard" {
  region = "us-east-1"
}
