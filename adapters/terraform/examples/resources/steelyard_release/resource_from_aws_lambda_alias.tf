# In place of resource "aws_lambda_alias" "production": its state is moved, and the alias stays as it is.
moved {
  from = aws_lambda_alias.production
  to   = steelyard_release.production
}

resource "steelyard_release" "production" {
  function_name = "checkout"
  alias         = "production"
  version       = "41" # what the alias serves now; the next one is released
}
