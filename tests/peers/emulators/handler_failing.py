# The bad release: half of all orders end in an exception that nobody catches.
def handler(event, context):
    if event["order"] % 2:
        raise RuntimeError("currency table is empty")
    return {"statusCode": 200, "body": "ok"}
