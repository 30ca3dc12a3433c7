package acceptance

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

const (
	accessKey   = "AKIDSTEELYARDTEST"
	aliasesPath = "/2015-03-31/functions/checkout/aliases"
	aliasPath   = aliasesPath + "/production"
	// 41 serves; 42 and 44 are healthy, of 43 half of all requests fail. So much traffic that a tenth of it is
	// never too little for a verdict.
	scenario = `{
  "seed": 7,
  "running_for": "1m",
  "functions": [{
    "name": "checkout",
    "versions": [{"version": "41"}, {"version": "42"}, {"version": "43", "error_rate": 0.5}, {"version": "44"}],
    "aliases": [{"name": "production", "version": "41"}],
    "traffic": [{"alias": "production", "requests_per_second": 200}]
  }],
  "metrics": {"resolution": "1s", "delay_ms": 200},
  "latency_ms": {"default": 2}
}`
)

// sandbox is a small AWS of the test's own.
type sandbox struct {
	t       *testing.T
	url     string
	records string
	others  map[string]func() (*schema.Provider, error) // than steelyard, served by the test itself
}

type alias struct {
	FunctionVersion string
	RoutingConfig   struct{ AdditionalVersionWeights map[string]float64 }
}

func startSandbox(t *testing.T) *sandbox {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "scenario.json")
	if err := os.WriteFile(path, []byte(scenario), 0o644); err != nil {
		t.Fatal(err)
	}
	s := &sandbox{t: t, records: filepath.Join(folder, "requests")}
	command := exec.Command(program, "sandbox", "--scenario", path, "--record", s.records)
	out, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "http://127.0.0.1:") {
		t.Fatalf("the sandbox said %q: %v", line, err)
	}
	s.url = strings.TrimSpace(line)
	return s
}

// ask calls the sandbox's Lambda beside the provider, as somebody else would.
func (s *sandbox) ask(method, path, body string) ([]byte, error) {
	request, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Amz-Date", "20260101T000000Z")
	request.Header.Set("Authorization", fmt.Sprintf(
		"AWS4-HMAC-SHA256 Credential=%s/20260101/us-east-1/lambda/aws4_request, "+
			"SignedHeaders=host;x-amz-date, Signature=%064d", accessKey, 0))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	return text, err
}

// serves fails unless all traffic of the alias goes to the version.
func (s *sandbox) serves(version string) error {
	text, err := s.ask(http.MethodGet, aliasPath, "")
	if err != nil {
		return err
	}
	var found alias
	if err := json.Unmarshal(text, &found); err != nil {
		return err
	}
	if found.FunctionVersion != version || len(found.RoutingConfig.AdditionalVersionWeights) > 0 {
		return fmt.Errorf("the alias should serve %s alone: %s", version, text)
	}
	return nil
}

// move the alias behind the provider's back.
func (s *sandbox) move(version string) {
	if _, err := s.ask(http.MethodPut, aliasPath, fmt.Sprintf(`{"FunctionVersion": %q}`, version)); err != nil {
		s.t.Fatal(err)
	}
}

// moves are the alias writes that came, whoever made them: "42 100%", or "41, 42 10%" for a split alias.
func (s *sandbox) moves() []string {
	s.t.Helper()
	text, err := os.ReadFile(s.records)
	if err != nil {
		s.t.Fatal(err)
	}
	moves := []string{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var request struct {
			Method string `json:"method"`
			URL    string `json:"url"`
			Body   []byte `json:"body_base64"`
		}
		var wish alias
		if err := json.Unmarshal([]byte(line), &request); err != nil {
			s.t.Fatal(err)
		}
		if request.Method == http.MethodGet || !strings.HasPrefix(request.URL, s.url+aliasesPath) {
			continue
		}
		if err := json.Unmarshal(request.Body, &wish); err != nil {
			s.t.Fatal(err)
		}
		move := wish.FunctionVersion + " 100%"
		for canary, weight := range wish.RoutingConfig.AdditionalVersionWeights {
			move = fmt.Sprintf("%s, %s %g%%", wish.FunctionVersion, canary, 100*weight)
		}
		moves = append(moves, move)
	}
	return moves
}
