// Acceptance tests of the provider as its users get it: an executable in a filesystem mirror, installed by
// `terraform init`, driven by HashiCorp's terraform-plugin-testing against `steelyard sandbox`.
//
// ./run builds and starts them. STEELYARD names the program, TF_ACC_TERRAFORM_PATH the command line,
// STEELYARD_PAGE the users' page.
package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// No registry is asked: the mirror is the only source that the command line's configuration allows.
const source = "registry.example.com/steelyard/steelyard"

var (
	program   = os.Getenv("STEELYARD")
	providers = map[string]resource.ExternalProvider{"steelyard": {Source: source}}
)

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "steelyard-acceptance-")
	if err == nil {
		err = install(folder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// install makes the mirror and the environment of every command line that the tests start.
func install(folder string) error {
	told, err := exec.Command(program, "--version").Output()
	words := strings.Fields(string(told))
	if err != nil || len(words) < 2 {
		return fmt.Errorf("STEELYARD=%q --version says %q: %v", program, told, err)
	}
	platform := filepath.Join(folder, source, words[1], runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(platform, 0o755); err != nil {
		return err
	}
	if err := os.Symlink(program, filepath.Join(platform, "terraform-provider-steelyard_v"+words[1])); err != nil {
		return err
	}
	settings := filepath.Join(folder, "rc")
	text := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", folder)
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		return err
	}
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	for name, value := range map[string]string{
		"TF_ACC": "1", "TF_CLI_CONFIG_FILE": settings, "CHECKPOINT_DISABLE": "1",
		"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}
