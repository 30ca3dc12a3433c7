#include "cli/ci.h"

#include "base/memory.h"
#include "rpc/client_function.h"

#include <stdio.h>

static void print_findings(const struct sy_cli *cli, const struct sy_findings *findings) {
    (void)printf("%s:%s%s%s\n", cli->spec.function, cli->spec.alias,
                 cli->spec.version[0] ? " version " : "", cli->spec.version);
    for (uint32_t i = 0; i < findings->n; i++) {
        const struct sy_finding *finding = &findings->list[i];
        (void)printf("  %-8s %s\n", sy_severity_word(finding->severity), finding->text);
        if (finding->fix[0])
            (void)printf("           %s\n", finding->fix);
    }
}

int sy_cli_check(const struct sy_cli *cli) {
    struct sy_host *host = NULL;
    struct sy_error error = {0};
    SY_AUTO_FREE struct sy_findings *findings = sy_calloc(1, sizeof *findings);
    const struct sy_spec *spec = &cli->spec;
    if (sy_cli_connect(cli, &host, &error))
        return sy_cli_error(cli, &error);
    int failed = sy_host_check(host, spec->function, spec->alias, spec->version, findings, &error);
    sy_host_finish(host);
    if (failed)
        return sy_cli_error(cli, &error);
    if (cli->ci)
        sy_report_findings(&cli->ci->report, findings);
    else if (cli->output == SY_FORMAT_JSON)
        sy_cli_put_line(sy_findings_json(cli, findings));
    else
        print_findings(cli, findings);
    return sy_findings_have_error(findings) ? SY_EXIT_REFUSED : SY_EXIT_OK;
}
