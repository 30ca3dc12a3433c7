variable "role" {
  description = "ARN of the role that the function runs under."
  type        = string
}

variable "stages" {
  description = "Shares of traffic in percent, and how long each must hold: short where nothing is at stake."
  type        = list(object({ weight = number, bake = string }))
  default     = [{ weight = 10, bake = "15m" }, { weight = 50, bake = "15m" }]
}

variable "verdict" {
  description = "What counts as healthy."
  type = object({
    threshold       = optional(number)
    min_invocations = optional(number)
    window          = optional(string)
    period          = optional(string)
    poll            = optional(string)
  })
  default = { threshold = 5, min_invocations = 5, window = "5m" }
}

resource "aws_lambda_function" "checkout" {
  function_name    = "checkout"
  role             = var.role
  handler          = "app.handler"
  runtime          = "python3.13"
  filename         = "checkout.zip"
  source_code_hash = filebase64sha256("checkout.zip")
  publish          = true # each change makes a version, which is then released
}

resource "steelyard_release" "checkout" {
  function_name = aws_lambda_function.checkout.function_name
  alias         = "production"
  version       = aws_lambda_function.checkout.version
  stages        = var.stages
  verdict       = var.verdict
}
