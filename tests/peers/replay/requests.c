/* Writes, as JSON lines, what our client sends for the calls that a release makes, with names that
 * are hard to encode. Nothing is sent: the carrier is the tests' fake one. The credentials and the
 * endpoint come from the environment, as ever. */
#include "aws/client.h"

#include "../../unit/aws/fake_io.h"

#include <json-c/json.h>
#include <openssl/evp.h>

static void count_reply(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    if (error)
        (void)fprintf(stderr, "%s\n", error->message);
    *(size_t *)ctx += reply != NULL;
}

static void print_request(const struct fake_request *request) {
    struct json_object *line = json_object_new_object();
    struct json_object *headers = json_object_new_object();
    SY_AUTO_FREE char *copy = sy_strdup(request->headers);
    size_t body_len = request->body ? strlen(request->body) : 0;
    SY_AUTO_FREE char *body = sy_calloc(1, body_len * 2 + 8);
    char *rest = NULL;
    for (char *name = strtok_r(copy, "\n", &rest); name; name = strtok_r(NULL, "\n", &rest)) {
        char *value = strstr(name, ": ");
        *value = '\0';
        json_object_object_add(headers, name, json_object_new_string(value + 2));
    }
    (void)EVP_EncodeBlock((unsigned char *)body, (const unsigned char *)request->body,
                          (int)body_len);
    json_object_object_add(line, "method", json_object_new_string(request->method));
    json_object_object_add(line, "url", json_object_new_string(request->url));
    json_object_object_add(line, "headers", headers);
    json_object_object_add(line, "body_base64", json_object_new_string(body));
    (void)puts(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN));
    (void)json_object_put(line);
}

/* {service, operation, method, path, query, body}; %s in a path is a function's name, encoded. */
static const struct sy_aws_call calls[] = {
    {SY_AWS_LAMBDA, "GetAlias", "GET", "/2015-03-31/functions/%s/aliases/live", NULL, NULL},
    {SY_AWS_LAMBDA, "CreateAlias", "POST", "/2015-03-31/functions/%s/aliases", NULL,
     "{\"Name\":\"live\",\"FunctionVersion\":\"1\"}"},
    {SY_AWS_LAMBDA, "UpdateAlias", "PUT", "/2015-03-31/functions/%s/aliases/live", NULL,
     "{\"FunctionVersion\":\"1\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"2\":0.1}},"
     "\"RevisionId\":\"9f2c\"}"},
    {SY_AWS_LAMBDA, "UpdateAlias", "PUT", "/2015-03-31/functions/%s/aliases/live", NULL,
     "{\"FunctionVersion\":\"2\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{}}}"},
    {SY_AWS_LAMBDA, "GetFunctionConfiguration", "GET", "/2015-03-31/functions/%s/configuration",
     "Qualifier=%24LATEST", NULL},
    {SY_AWS_LAMBDA, "ListVersionsByFunction", "GET", "/2015-03-31/functions/%s/versions",
     "MaxItems=50&Marker=a%2Fb%3D%20%2B", NULL},
    {SY_AWS_LAMBDA, "DeleteFunction", "DELETE", "/2015-03-31/functions/%s", "Qualifier=3", NULL},
    {SY_AWS_LAMBDA, "ListAliases", "GET", "/2015-03-31/functions/%s/aliases",
     "MaxItems=50&Marker=p%2F2", NULL},
    {SY_AWS_LAMBDA, "UpdateFunctionCode", "PUT", "/2015-03-31/functions/%s/code", NULL,
     "{\"ZipFile\":\"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==\",\"RevisionId\":\"9f2c\"}"},
    {SY_AWS_LAMBDA, "UpdateFunctionCode", "PUT", "/2015-03-31/functions/%s/code", NULL,
     "{\"RevisionId\":\"9f2c\",\"S3Bucket\":\"builds\",\"S3Key\":\"a b/42.zip\","
     "\"S3ObjectVersion\":\"L4kq\"}"},
    {SY_AWS_LAMBDA, "UpdateFunctionCode", "PUT", "/2015-03-31/functions/%s/code", NULL,
     "{\"ImageUri\":\"123456789012.dkr.ecr.eu-central-1.amazonaws.com/checkout@sha256:00\"}"},
    {SY_AWS_LAMBDA, "PublishVersion", "POST", "/2015-03-31/functions/%s/versions", NULL,
     "{\"CodeSha256\":\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\","
     "\"Description\":\"build 7\",\"RevisionId\":\"9f2c\"}"},
    {SY_AWS_LAMBDA, "GetPolicy", "GET", "/2015-03-31/functions/%s/policy", "Qualifier=live", NULL},
    {SY_AWS_LAMBDA, "GetPolicy", "GET", "/2015-03-31/functions/%s/policy", NULL, NULL},
    {SY_AWS_LAMBDA, "GetProvisionedConcurrencyConfig", "GET",
     "/2019-09-30/functions/%s/provisioned-concurrency", "Qualifier=live", NULL},
    {SY_AWS_LAMBDA, "GetFunctionEventInvokeConfig", "GET",
     "/2019-09-25/functions/%s/event-invoke-config", "Qualifier=live", NULL},
    {SY_AWS_SSM, "GetParametersByPath", NULL, NULL, NULL,
     "{\"Path\":\"/lambda/f\",\"Recursive\":true,\"WithDecryption\":false,\"MaxResults\":10,"
     "\"NextToken\":\"t+1\"}"},
    {SY_AWS_SSM, "GetParameters", NULL, NULL, NULL,
     "{\"Names\":[\"/lambda/f/current-version\",\"/lambda/f/steelyard/live:3\"]}"},
    {SY_AWS_SSM, "PutParameter", NULL, NULL, NULL,
     "{\"Name\":\"/lambda/f/steelyard/live/lock\",\"Value\":\"\xC3\xA9 {\\\"a\\\":1}\","
     "\"Type\":\"String\",\"Overwrite\":false}"},
    {SY_AWS_SSM, "GetParameterHistory", NULL, NULL, NULL,
     "{\"Name\":\"/lambda/f/steelyard/live\",\"WithDecryption\":false,\"MaxResults\":50,"
     "\"NextToken\":\"t+1\"}"},
    {SY_AWS_SSM, "DeleteParameter", NULL, NULL, NULL, "{\"Name\":\"/lambda/f/x\"}"},
    {SY_AWS_SSM, "DescribeParameters", NULL, NULL, NULL, NULL},
    {SY_AWS_CLOUDWATCH, "GetMetricData", NULL, NULL, NULL,
     "{\"MetricDataQueries\":[{\"Id\":\"e0\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/"
     "Lambda\",\"MetricName\":\"Errors\",\"Dimensions\":[{\"Name\":\"FunctionName\",\"Value\":"
     "\"f\"},{\"Name\":\"Resource\",\"Value\":\"f:live\"},{\"Name\":\"ExecutedVersion\","
     "\"Value\":\"2\"}]},\"Period\":60,\"Stat\":\"Sum\"}}],\"StartTime\":1440938100,"
     "\"EndTime\":1440938160,\"ScanBy\":\"TimestampAscending\"}"},
};

static const char *const functions[] = {
    "f", "my-function_2", "arn:aws:lambda:eu-central-1:123456789012:function:my-function"};

static void send_call(struct sy_aws *aws, const struct sy_aws_call *call, const char *function,
                      size_t *answered) {
    SY_AUTO_BUFFER struct sy_buffer path = {0};
    struct sy_aws_call copy = *call;
    const char *place = call->path ? strstr(call->path, "%s") : NULL;
    if (place) {
        sy_buffer_append(&path, call->path, (size_t)(place - call->path));
        sy_aws_encode(&path, function);
        sy_buffer_puts(&path, place + 2);
        copy.path = path.data;
    }
    sy_aws_send(aws, &copy, count_reply, answered);
}

int main(void) {
    static const struct fake_answer ok[] = {{.status = 200, .body = "{}"}};
    struct fake_io *fake = fake_create();
    struct sy_aws *aws = NULL;
    struct sy_error error = {0};
    size_t answered = 0;
    fake->script = ok;
    fake->n_script = 1;
    if (sy_aws_create(&(struct sy_aws_options){.io = &fake->io, .timers = &fake->timers}, &aws,
                      &error)) {
        (void)fprintf(stderr, "%s\n", error.message);
        return 2;
    }
    for (size_t i = 0; i < SY_COUNT(calls); i++)
        for (size_t j = 0; j < (calls[i].path ? SY_COUNT(functions) : 1); j++)
            send_call(aws, &calls[i], functions[j], &answered);
    fake_run(fake);
    for (size_t i = 0; i < fake->n_requests; i++)
        print_request(&fake->requests[i]);
    bool all = answered == fake->n_requests;
    sy_aws_destroy(aws);
    fake_destroy(fake);
    return all ? 0 : 1;
}
